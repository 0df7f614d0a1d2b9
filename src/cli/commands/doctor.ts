import { resolve } from "node:path";
import { readConfigFile } from "../../config/config-file.ts";
import { type ResolvedConfig, resolveConfig } from "../../config/resolve-config.ts";
import { createCache } from "../../create-cache.ts";
import { DEFAULT_NODE_PORT } from "../../server/node-options.ts";
import type { Command, Invocation } from "../command.ts";
import { TARGET_OPTIONS } from "../common-options.ts";
import { checkConfigFile, checkTlsFiles } from "../doctor/check-files.ts";
import { checkNode } from "../doctor/check-node.ts";
import { checkNodeAccess } from "../doctor/check-node-access.ts";
import { checkPeers } from "../doctor/check-peers.ts";
import { checkNodePort } from "../doctor/check-ports.ts";
import { checkRuntime } from "../doctor/check-runtime.ts";
import { checkStores } from "../doctor/check-stores.ts";
import { type Finding, type FindingStatus, failWith, ok } from "../doctor/finding.ts";
import { EXIT_CODES, type ExitCode } from "../exit-code.ts";
import { maskSecrets } from "../mask-secrets.ts";
import { loadCliConfig, nodeAddressOf, withTarget } from "../open-target.ts";
import { integerOption } from "../parse-arguments.ts";
import type { Colour } from "../printer.ts";

const COLOUR_OF_STATUS: Readonly<Record<FindingStatus, Colour>> = { ok: "green", warn: "yellow", fail: "red" };

/** `gocachex doctor`. */
export const doctorCommand: Command = {
  name: "doctor",
  summary: "look for what is wrong: configuration, versions, stores, peers",
  usage: ["doctor [options]"],
  details: [
    "Looks at Node.js and the optional packages; at the configuration, its certificates, and who may read its secrets; at each store: version, latency, memory policy, persistence, clock, the state of a cluster; at the peers of a distributed cache, which are asked whether they would let this node in; and at the port of a node. With --node it asks a running node instead. It writes no entries.",
    "Each line is ok, warn or fail, and says what to do. Exit code: 0 all is well, 1 something is worth a look, 3 the configuration is wrong, 4 a store or node cannot be reached, 5 something else fails.",
  ],
  positionals: [0, 0],
  positionalNames: [],
  options: [
    { name: "port", short: "p", value: "PORT", description: "port that a node is to listen on (default: 7411)" },
    ...TARGET_OPTIONS,
  ],
  examples: [
    ["gocachex doctor --config cache.json", "before a deployment"],
    ["gocachex doctor --node 127.0.0.1:7411", "a running node"],
    ["gocachex doctor --config cache.json --json", "a line for each thing, for a program"],
  ],
  run: async (invocation) => {
    const { args, io } = invocation;
    const hasNode =
      args.text("node") !== undefined || (args.text("config") === undefined && (io.env["GOCACHEX_NODE"] ?? "") !== "");
    const counts: Record<FindingStatus, number> = { ok: 0, warn: 0, fail: 0 };
    const failures: Finding[] = [];
    for await (const finding of hasNode ? examineNode(invocation) : examineConfig(invocation)) {
      counts[finding.status] += 1;
      if (finding.status === "fail") failures.push(finding);
      await printFinding(invocation, finding);
    }
    if (!invocation.print.isJson)
      await invocation.print.line(`\n${counts.ok} ok, ${counts.warn} to look at, ${counts.fail} failing`);
    return exitCodeOf(counts, failures);
  },
};

async function* examineNode(invocation: Invocation): AsyncGenerator<Finding> {
  yield* await checkRuntime(undefined);
  const address = nodeAddressOf(invocation.args, invocation.io) as string;
  yield* await checkNodeAccess(invocation, address);
  yield* await withTarget(invocation, (target) => checkNode(target, address));
}

async function* examineConfig(invocation: Invocation): AsyncGenerator<Finding> {
  const { args, io } = invocation;
  let config: ResolvedConfig | undefined;
  let configFinding: Finding;
  try {
    const loaded = await loadCliConfig(args, io);
    // Creating a cache checks what only its parts know, and opens nothing.
    await createCache(loaded).close();
    config = resolveConfig(loaded);
    configFinding = ok("configuration", storesOf(config));
  } catch (error) {
    configFinding = failWith("configuration", error, "configuration");
  }
  yield* await checkRuntime(config);
  yield configFinding;
  const file = args.text("config") ?? io.env["GOCACHEX_CONFIG"];
  if (config === undefined) return;
  if (file !== undefined && file !== "") {
    const path = resolve(io.directory, file);
    yield await checkConfigFile(path, maskSecrets((await readConfigFile(path)) as object));
  }
  yield* await checkTlsFiles(config);
  yield* await checkStores(config);
  yield* await checkPeers(config);
  yield await checkNodePort(integerOption(args, "port", 1, 65_535) ?? DEFAULT_NODE_PORT);
}

function storesOf({ tiers, distributed }: ResolvedConfig): string {
  const names = tiers.map(({ backend }) => (typeof backend === "string" ? backend : backend.name));
  return `valid: ${names.join(" in front of ")}${distributed === undefined ? "" : ", distributed"}`;
}

async function printFinding({ print }: Invocation, { status, subject, message }: Finding): Promise<void> {
  if (print.isJson) {
    await print.document({ status, subject, message });
    return;
  }
  const mark = print.paint(COLOUR_OF_STATUS[status], status.padEnd(4));
  await print.styled(`${mark}  ${print.visible(subject)}: ${print.visible(message)}`);
}

function exitCodeOf(counts: Readonly<Record<FindingStatus, number>>, failures: readonly Finding[]): ExitCode {
  if (failures.some(({ area }) => area === "configuration")) return EXIT_CODES.config;
  if (failures.some(({ area }) => area === "connection")) return EXIT_CODES.unreachable;
  if (failures.length > 0) return EXIT_CODES.failed;
  return counts.warn > 0 ? EXIT_CODES.negative : EXIT_CODES.ok;
}
