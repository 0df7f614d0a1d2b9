import { resolve } from "node:path";
import type { CacheConfig } from "../config/cache-config.ts";
import { loadConfig } from "../config/load-config.ts";
import { createCache } from "../create-cache.ts";
import { parseNodeAddress } from "../server/node-address.ts";
import { NodeClient } from "../server/node-client.ts";
import { DEFAULT_NODE_PORT } from "../server/node-options.ts";
import type { CacheTarget } from "./cache-target.ts";
import type { CliIo } from "./cli-io.ts";
import type { Invocation } from "./command.ts";
import { LocalTarget } from "./local-target.ts";
import { assertNoNodeOptions, CREDENTIAL_VARIABLES, readNodeCredentials } from "./node-credentials.ts";
import { durationOption, usageError } from "./parse-arguments.ts";
import type { ParsedArguments } from "./parsed-arguments.ts";
import { traceFromEnvironment } from "./trace-from-environment.ts";

/** Variables of the command line itself, which are no configuration of a cache. */
const CLI_VARIABLES: readonly string[] = ["GOCACHEX_NODE", ...CREDENTIAL_VARIABLES];

/**
 * Opens what the command line names, works with it and closes it. In this order: `--node`; `--config`; `GOCACHEX_NODE`;
 * any other `GOCACHEX_*` variable (a configuration); the node at 127.0.0.1:7411.
 *
 * @param ownNamespace a namespace of the command's own, inside the one that the command line names
 * @throws InvalidArgumentError for `--node` together with `--config`; ConfigError
 */
export async function withTarget<Result>(
  invocation: Invocation,
  work: (target: CacheTarget) => Promise<Result>,
  ownNamespace?: string,
): Promise<Result> {
  const target = await openTarget(invocation, ownNamespace);
  try {
    return await work(target);
  } finally {
    await target.close();
  }
}

async function openTarget({ args, io, print }: Invocation, ownNamespace?: string): Promise<CacheTarget> {
  const address = nodeAddressOf(args, io);
  const named = args.text("namespace");
  if (named?.split("/").includes("")) throw usageError("--namespace must be a name, or names with / between them.");
  const path = [named, ownNamespace].filter((name) => name !== undefined);
  const namespace = path.length === 0 ? undefined : path.join("/");
  const timeoutMs = durationOption(args, "timeout");
  if (address !== undefined) {
    const written = parseNodeAddress(address);
    const { host, port } = written;
    const credentials = await readNodeCredentials(args, io, written);
    return new NodeClient({ host, port, namespace, timeoutMs, ...credentials, trace: traceFromEnvironment(io) });
  }
  assertNoNodeOptions(args);
  if (timeoutMs !== undefined)
    throw usageError("--timeout is the deadline of calls to a node; with a configuration set deadlines there.");
  const config = await loadCliConfig(args, io);
  const cache = createCache(config);
  if (config.backend === undefined || config.backend === "memory") {
    await print.note(
      "note: this configuration is a memory cache, which lives only as long as this command. Keep one running with gocachex serve.",
    );
  }
  return new LocalTarget(cache, namespace);
}

/** The node to talk to, or `undefined` when the command line asks for a cache of its own. */
export function nodeAddressOf(args: ParsedArguments, io: CliIo): string | undefined {
  const named = args.text("node");
  const hasFile = args.text("config") !== undefined;
  if (named !== undefined) {
    if (hasFile) throw usageError("Give --node (a running node) or --config (a cache of this command), not both.");
    return named;
  }
  if (hasFile) return undefined;
  const fromEnvironment = io.env["GOCACHEX_NODE"];
  if (fromEnvironment !== undefined && fromEnvironment !== "") return fromEnvironment;
  return Object.keys(cacheEnvironment(io)).some((name) => name.startsWith("GOCACHEX_"))
    ? undefined
    : `127.0.0.1:${DEFAULT_NODE_PORT}`;
}

function cacheEnvironment(io: CliIo): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(io.env).filter(([name, value]) => value !== undefined && !CLI_VARIABLES.includes(name)),
  );
}

/**
 * The configuration that `--config` and the environment give.
 *
 * @throws ConfigError
 */
export async function loadCliConfig(args: ParsedArguments, io: CliIo): Promise<CacheConfig> {
  const file = args.text("config");
  return loadConfig({
    env: cacheEnvironment(io),
    ...(file === undefined ? {} : { file: resolve(io.directory, file) }),
  });
}
