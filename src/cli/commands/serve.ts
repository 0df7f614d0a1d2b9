import type { Cache } from "../../cache/cache.ts";
import { createCache } from "../../create-cache.ts";
import { loadApp } from "../../server/load-app.ts";
import type { CacheNode } from "../../server/node.ts";
import { startNode } from "../../server/node.ts";
import type { Command, Invocation } from "../command.ts";
import { CONFIG_OPTION } from "../common-options.ts";
import { EXIT_CODES, type ExitCode, reportOf } from "../exit-code.ts";
import { type Interrupts, watchInterrupts } from "../interrupts.ts";
import { loadCliConfig } from "../open-target.ts";
import { integerOption } from "../parse-arguments.ts";
import type { ParsedArguments } from "../parsed-arguments.ts";

/** `gocachex serve`. */
export const serveCommand: Command = {
  name: "serve",
  summary: "run a node: HTTP API, health and a status page",
  usage: ["serve [options]"],
  details: [
    "Without a configuration the node is a memory cache. It listens on this machine only.",
    "--quiet prints nothing, not even the address; with --json the address is a result and is printed.",
    "The first SIGINT or SIGTERM finishes running requests and ends with exit code 0; a second one ends at once.",
  ],
  positionals: [0, 0],
  positionalNames: [],
  options: [
    CONFIG_OPTION,
    { name: "host", value: "ADDRESS", description: "loopback address to listen on (default: 127.0.0.1)" },
    { name: "port", short: "p", value: "PORT", description: "port to listen on; 0: any free one (default: 7411)" },
    { name: "any-port", description: "take another port when that one is busy" },
    { name: "app", value: "MODULE", description: "module of an application to mount under /app/" },
  ],
  examples: [
    ["gocachex serve", "a memory cache on 127.0.0.1:7411"],
    ["gocachex serve --config cache.json --port 7500", "a configured one"],
    ["gocachex serve --app ./app.mjs", "with an application that shares the cache"],
  ],
  handlesInterrupts: true,
  run: async (invocation) => {
    const interrupts = watchInterrupts(invocation.io);
    try {
      return await Promise.race([serve(invocation, interrupts), interrupts.second.then(() => EXIT_CODES.interrupted)]);
    } finally {
      interrupts.stop();
    }
  },
};

async function serve(invocation: Invocation, interrupts: Interrupts): Promise<ExitCode> {
  const cache = createCache(await loadCliConfig(invocation.args, invocation.io));
  const closing = new AbortController();
  try {
    const node = await start(invocation, cache, closing.signal);
    try {
      await warnUnlessReady(invocation, cache);
      await announce(invocation, node);
      await interrupts.first;
      await invocation.print.note("Closing: running requests are finished. Interrupt again to end at once.");
    } finally {
      closing.abort();
      await node.close();
    }
  } finally {
    // Also when the app never came up: what it started before it failed listens to this.
    closing.abort();
    await cache.close();
  }
  return EXIT_CODES.ok;
}

async function start({ args, io }: Invocation, cache: Cache, signal: AbortSignal): Promise<CacheNode> {
  const options = listenOptions(args);
  const module = args.text("app");
  const app = module === undefined ? undefined : await loadApp(module, io.directory, { cache, signal });
  return startNode({ cache, app, ...options });
}

function listenOptions(args: ParsedArguments): {
  host: string | undefined;
  port: number | undefined;
  anyPort: boolean;
} {
  return { host: args.text("host"), port: integerOption(args, "port", 0, 65_535), anyPort: args.has("any-port") };
}

/** A store that is down makes a node degraded, not absent: it answers, says so on /readyz, and heals by itself. */
async function warnUnlessReady({ print }: Invocation, cache: Cache): Promise<void> {
  try {
    await cache.ready();
  } catch (error) {
    await print.note(`warning: ${reportOf(error).message}`);
  }
}

async function announce({ args, print }: Invocation, { url, port }: CacheNode): Promise<void> {
  if (print.isJson) {
    await print.document({ event: "listening", url, port });
    return;
  }
  if (print.isQuiet) return;
  await print.styled(`${print.paint("bold", "GoCacheX node")} is listening on ${url}\n`);
  await print.line(`  status page  ${url}/`);
  await print.line(`  counters     ${url}/v1/stats`);
  await print.line(`  health       ${url}/v1/health`);
  if (args.text("app") !== undefined) await print.line(`  application  ${url}/app/`);
  await print.line("\nCtrl+C ends it.");
}
