import type { OptionSpec } from "./option-spec.ts";

/** Options that every command has. */
export const GENERAL_OPTIONS: readonly OptionSpec[] = [
  { name: "json", description: "print one JSON document per line, errors too" },
  { name: "quiet", short: "q", description: "print no notes" },
  { name: "help", short: "h", description: "show this help" },
];

/** Where the configuration of a cache comes from. */
export const CONFIG_OPTION: OptionSpec = {
  name: "config",
  short: "c",
  value: "FILE",
  description: "configuration file of the cache (JSON); GOCACHEX_* variables come on top",
};

/** Options of commands that work on a cache or a node. */
export const TARGET_OPTIONS: readonly OptionSpec[] = [
  {
    name: "node",
    short: "n",
    value: "HOST:PORT",
    description: "running node, with https:// over TLS (default: GOCACHEX_NODE, then 127.0.0.1:7411)",
  },
  {
    name: "token",
    value: "TOKEN",
    isSecret: true,
    description:
      "token of the node; others see it in the list of processes: rather --token-file, or GOCACHEX_NODE_TOKEN",
  },
  { name: "token-file", value: "FILE", description: "file with the token of the node" },
  { name: "ca", value: "FILE", description: "authority that signed the node's certificate (PEM); speaks TLS" },
  { name: "cert", value: "FILE", description: "certificate to show the node (PEM), with --key; speaks TLS" },
  { name: "key", value: "FILE", description: "private key of --cert (PEM)" },
  CONFIG_OPTION,
  { name: "namespace", value: "NAME", description: "namespace; shop/eu is eu inside shop (default: the root)" },
  { name: "timeout", value: "DURATION", description: "deadline of a call to a node (default: 5s)" },
];

/** Option of commands that can repeat what they print. */
export const WATCH_OPTION: OptionSpec = {
  name: "watch",
  short: "w",
  value: "SECONDS",
  bareValue: "2",
  description: "go on until interrupted, every 2 seconds unless said otherwise",
};

/** Options of commands that write. */
export const TTL_OPTION: OptionSpec = {
  name: "ttl",
  value: "DURATION",
  description: "time to live: 5m, 1h30m, 1500 (ms), infinity (default: the cache's)",
};
