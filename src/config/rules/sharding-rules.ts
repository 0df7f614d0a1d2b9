import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import type { ShardingConfig } from "../sections/sharding-config.ts";
import {
  findStoreName,
  findStoreSection,
  listActiveTiers,
  listMemcachedSections,
  listRedisSections,
} from "./active-sections.ts";
import { refuse } from "./rule.ts";

/** Algorithms under which all servers count alike. */
const UNWEIGHTED: ReadonlySet<string> = new Set(["jump", "hash", "range"]);

/** Keys can be spread only over servers, only once, and each algorithm has settings that another cannot honour. */
export function checkSharding(config: CacheConfig): readonly Problem[] {
  const { sharding } = config;
  if (sharding === undefined || sharding.enabled === false) return [];
  if (sharding.enabled === undefined) return checkSwitch(sharding);
  return [...checkStores(config), ...checkAlgorithm(sharding, listServers(config)), ...checkNodes(config, sharding)];
}

function checkSwitch(sharding: ShardingConfig): readonly Problem[] {
  const [name] = Object.keys(sharding);
  if (name === undefined) return [];
  const message = `sharding.${name} has no effect without sharding.enabled. Set it to true, or to false to keep sharding for later.`;
  return [refuse(`sharding.${name}`, message)];
}

function checkStores(config: CacheConfig): readonly Problem[] {
  const problems: Problem[] = [];
  const cluster = listRedisSections(config).find(({ section }) => section.cluster?.enabled === true);
  if (cluster !== undefined) {
    problems.push(
      refuse(
        "sharding.enabled",
        `sharding and ${cluster.path}.cluster exclude each other: a Redis Cluster spreads keys itself. Set sharding.enabled to false.`,
      ),
    );
  }
  for (const { path, section } of listRedisSections(config)) {
    for (const name of ["url", "sentinel", "client"] as const) {
      if (section[name] === undefined) continue;
      const message = `${path}.${name} is one server, and sharding needs several. List them in ${path}.addresses or sharding.nodes, or set sharding.enabled to false.`;
      problems.push(refuse(`${path}.${name}`, message));
    }
  }
  const store = findStoreName(config);
  if (store !== "redis" && store !== "memcached") {
    problems.push(
      refuse(
        "sharding.enabled",
        'sharding spreads keys over Redis or Memcached servers, and no backend is "redis" or "memcached". Set sharding.enabled to false.',
      ),
    );
  }
  return problems;
}

function checkAlgorithm(sharding: ShardingConfig, servers: readonly string[]): readonly Problem[] {
  const { algorithm = "consistent", shards } = sharding;
  const problems: Problem[] = [];
  if (shards !== undefined && shards < servers.length) {
    const message = `sharding.shards is ${shards}, less than the ${servers.length} servers: some would stay empty. Raise it or remove it.`;
    problems.push(refuse("sharding.shards", message));
  }
  if (UNWEIGHTED.has(algorithm) && servers.some((server) => server.includes(" "))) {
    const message = `sharding.algorithm "${algorithm}" gives every server the same share. Remove the weights, or use "consistent" or "rendezvous".`;
    problems.push(refuse("sharding.algorithm", message));
  }
  return problems;
}

function checkNodes(config: CacheConfig, sharding: ShardingConfig): readonly Problem[] {
  const servers = listServers(config);
  const names = servers.map((server) => server.split(" ")[0] as string);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    return [
      refuse("sharding.nodes", `The server ${twice} is listed twice. To give it a larger share, give it a weight.`),
    ];
  }
  if (sharding.nodes === undefined) return [];
  const listed = [
    ...listRedisSections(config)
      .filter(({ section }) => section.addresses !== undefined)
      .map(({ path }) => `${path}.addresses`),
    ...listMemcachedSections(config)
      .filter(({ section }) => section.servers !== undefined)
      .map(({ path }) => `${path}.servers`),
  ];
  return listed.map((path) => refuse(path, `sharding.nodes and ${path} say the same thing. Keep one of them.`));
}

/** The servers that keys are spread over, those of the last tier, with their weights, as they are written. */
function listServers(config: CacheConfig): readonly string[] {
  if (config.sharding?.nodes !== undefined) return config.sharding.nodes;
  const last = listActiveTiers(config).at(-1);
  const store = findStoreName(config);
  if (store === "redis") return findStoreSection(config, last, store)?.section.addresses ?? [];
  return store === "memcached" ? (findStoreSection(config, last, store)?.section.servers ?? []) : [];
}
