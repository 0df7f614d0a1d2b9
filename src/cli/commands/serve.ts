import type { Cache } from "../../cache/cache.ts";
import type { CacheConfig } from "../../config/cache-config.ts";
import { createCache } from "../../create-cache.ts";
import type { MetricNaming } from "../../observability/prometheus/prometheus-options.ts";
import { loadAccessFile } from "../../server/access/load-access-file.ts";
import type { GrpcApi } from "../../server/grpc/grpc-api.ts";
import { loadApp } from "../../server/load-app.ts";
import type { CacheNode } from "../../server/node.ts";
import { startNode } from "../../server/node.ts";
import { type NodeMetrics, openNodeMetrics } from "../../server/node-metrics.ts";
import type { Command, Invocation } from "../command.ts";
import { CONFIG_OPTION } from "../common-options.ts";
import { EXIT_CODES, type ExitCode, reportOf } from "../exit-code.ts";
import { type Interrupts, watchInterrupts } from "../interrupts.ts";
import { loadCliConfig } from "../open-target.ts";
import { integerOption } from "../parse-arguments.ts";
import type { ParsedArguments } from "../parsed-arguments.ts";
import { watchReloads } from "../reloads.ts";
import { serveGrpc } from "../serve-grpc.ts";
import { openServeLog } from "../serve-log.ts";

/** `gocachex serve`. */
export const serveCommand: Command = {
  name: "serve",
  summary: "run a node: HTTP API, gRPC API, health and a dashboard",
  usage: ["serve [options]"],
  details: [
    "Without a configuration the node is a memory cache. It listens on this machine only, unless --access gives it tokens or client certificates.",
    "--quiet prints nothing, not even the address; with --json the address is a result and is printed.",
    "SIGHUP reads the configuration again: sizes, policies, TTLs, peers and the log level change at once; for what else differs it says that a restart is needed.",
    "The first SIGINT or SIGTERM finishes running requests and ends with exit code 0; a second one ends at once.",
  ],
  positionals: [0, 0],
  positionalNames: [],
  options: [
    CONFIG_OPTION,
    {
      name: "host",
      value: "ADDRESS",
      description: "address to listen on; beyond loopback with --access only (default: 127.0.0.1)",
    },
    { name: "port", short: "p", value: "PORT", description: "port to listen on; 0: any free one (default: 7411)" },
    { name: "any-port", description: "take another port when that one is busy" },
    { name: "grpc-port", value: "PORT", description: "also serve the gRPC API, on this port; 0: any free one" },
    { name: "access", value: "FILE", description: "JSON file of tokens, roles and certificates: who may use the node" },
    { name: "app", value: "MODULE", description: "module of an application to mount under /app/" },
  ],
  examples: [
    ["gocachex serve", "a memory cache on 127.0.0.1:7411"],
    ["gocachex serve --config cache.json --port 7500", "a configured one"],
    ["gocachex serve --host 0.0.0.0 --access access.json", "for other machines, with tokens"],
    ["gocachex serve --grpc-port 7412", "for programs in other languages too"],
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
  const config = await loadCliConfig(invocation.args, invocation.io);
  const log = await openServeLog(config);
  const cache = createCache(log.prepare(config));
  const closing = new AbortController();
  const stopReloads = watchReloads(invocation, cache, log.prepare);
  try {
    const metrics = await openNodeMetrics(cache, metricNaming(config));
    const node = await start(invocation, cache, metrics, closing.signal);
    let grpc: GrpcApi | undefined;
    try {
      grpc = await serveGrpc(invocation, cache);
      await warnUnlessReady(invocation, cache);
      await announce(invocation, node, grpc);
      await interrupts.first;
      await invocation.print.note("Closing: running requests are finished. Interrupt again to end at once.");
    } finally {
      closing.abort();
      await Promise.all([node.close(), grpc?.close()]);
    }
  } finally {
    // Also when the app never came up: what it started before it failed listens to this.
    closing.abort();
    stopReloads();
    await cache.close();
    await log.close();
  }
  return EXIT_CODES.ok;
}

async function start(
  { args, io }: Invocation,
  cache: Cache,
  metrics: NodeMetrics,
  signal: AbortSignal,
): Promise<CacheNode> {
  const options = listenOptions(args);
  const accessFile = args.text("access");
  const access = accessFile === undefined ? undefined : await loadAccessFile(accessFile, io);
  const module = args.text("app");
  const app = module === undefined ? undefined : await loadApp(module, io.directory, { cache, signal });
  return startNode({ cache, app, metrics, ...options, ...access });
}

/** Named as the configuration says also where it keeps no metrics of its own: the node always does. */
function metricNaming({ prometheus }: CacheConfig): MetricNaming {
  return { namespace: prometheus?.namespace, subsystem: prometheus?.subsystem, labels: prometheus?.labels };
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

async function announce(
  { args, print }: Invocation,
  { url, port }: CacheNode,
  grpc: GrpcApi | undefined,
): Promise<void> {
  if (print.isJson) {
    await print.document({ event: "listening", url, port, ...(grpc === undefined ? {} : { grpc: grpc.address }) });
    return;
  }
  if (print.isQuiet) return;
  await print.styled(`${print.paint("bold", "GoCacheX node")} is listening on ${url}\n`);
  await print.line(`  dashboard    ${url}/`);
  await print.line(`  counters     ${url}/v1/stats`);
  await print.line(`  health       ${url}/v1/health`);
  await print.line(`  metrics      ${url}/metrics`);
  if (grpc !== undefined) await print.line(`  gRPC API     ${grpc.address}`);
  if (args.text("app") !== undefined) await print.line(`  application  ${url}/app/`);
  await print.line("\nCtrl+C ends it.");
}
