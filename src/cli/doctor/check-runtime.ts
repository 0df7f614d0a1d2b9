import packageDocument from "../../../package.json" with { type: "json" };
import type { CodecSettings } from "../../codec/codec-settings.ts";
import type { ResolvedConfig } from "../../config/resolve-config.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";
import { installedVersion, isVersionInRange } from "./package-versions.ts";

const PEERS: Readonly<Record<string, string>> = packageDocument.peerDependencies;
const COMPRESSION_PACKAGES: Readonly<Record<string, string>> = {
  lz4: "lz4-napi",
  snappy: "snappy",
  zstd: "@toondepauw/node-zstd",
};
/** Node has zstd of its own from here on. */
const NODE_WITH_ZSTD = ">=22.15";

/** Node.js and the optional packages: those that the configuration uses must be there, and all that are must be of a version that works. */
export async function checkRuntime(config: ResolvedConfig | undefined): Promise<readonly Finding[]> {
  const wanted = config === undefined ? new Map<string, string>() : packagesOf(config);
  const packages = await Promise.all(Object.keys(PEERS).map((name) => checkPackage(name, wanted.get(name))));
  const found = packages.filter((finding) => finding !== undefined);
  const unused = found.filter(({ subject, status }) => status === "ok" && !wanted.has(subject));
  const words = unused.map(({ subject, message }) => `${subject} ${message}`).join(", ");
  return [
    judgeNode(process.versions.node),
    ...found.filter((finding) => !unused.includes(finding)),
    ...(unused.length === 0 ? [] : [ok("optional packages", `not used: ${words}`)]),
  ];
}

/** Whether a version of Node.js will do. */
export function judgeNode(node: string): Finding {
  const range = packageDocument.engines.node;
  const words = `Node.js ${node}, gocachex ${packageDocument.version}, ${process.platform}-${process.arch}`;
  return isVersionInRange(node, range)
    ? ok("runtime", words)
    : fail("runtime", `${words}: gocachex needs Node.js ${range}. Install a newer one.`);
}

async function checkPackage(name: string, purpose: string | undefined): Promise<Finding | undefined> {
  return judgePackage(name, purpose, await installedVersion(name));
}

/**
 * Whether an optional package is there where it is wanted, and of a version that works.
 *
 * @param purpose what it is wanted for; `undefined`: nothing
 * @param version `undefined`: it is not installed
 * @returns `undefined` for one that is neither wanted nor there
 */
export function judgePackage(
  name: string,
  purpose: string | undefined,
  version: string | undefined,
): Finding | undefined {
  const range = PEERS[name] as string;
  const remedy = `Run: npm install "${name}@${range}"`;
  if (version === undefined)
    return purpose === undefined
      ? undefined
      : fail(name, `${purpose} needs this package, which is not installed. ${remedy}`);
  if (isVersionInRange(version, range)) return ok(name, version);
  const words = `${version} is installed; ${range} is what gocachex is tested with. ${remedy}`;
  return purpose === undefined ? warn(name, words) : fail(name, words);
}

/** The optional packages that a configuration makes use of, and what for. */
export function packagesOf(config: ResolvedConfig): ReadonlyMap<string, string> {
  const packages = new Map<string, string>();
  for (const { backend, redis, codec } of config.tiers) {
    if (backend === "redis" && redis.client === undefined) packages.set("@redis/client", "A Redis store");
    if (backend !== "memory") for (const [name, purpose] of codecPackagesOf(codec)) packages.set(name, purpose);
  }
  if (config.distributed !== undefined) packages.set("@grpc/grpc-js", "The gRPC transport");
  return packages;
}

function codecPackagesOf({ serializer, compression }: CodecSettings): readonly (readonly [string, string])[] {
  const packages: [string, string][] = serializer === "msgpack" ? [["msgpackr", "The serializer msgpack"]] : [];
  const algorithm = compression?.algorithm ?? "none";
  const name = COMPRESSION_PACKAGES[algorithm];
  const isBuiltIn = algorithm === "zstd" && isVersionInRange(process.versions.node, NODE_WITH_ZSTD);
  if (name !== undefined && !isBuiltIn) packages.push([name, `Compression with ${algorithm}`]);
  return packages;
}
