import { ensureServers, requireRedisProgram } from "./ensure-servers.ts";
import { findFreePort } from "./free-port.ts";
import { clientTls } from "./make-certificates.ts";
import { type RedisServerOptions, redisArguments } from "./redis-arguments.ts";
import { beginSlotMigration, type SlotMigration } from "./redis-cluster-migration.ts";
import { openRedisControl, type RedisControl } from "./redis-control.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";
import { redisProbe } from "./start-redis.ts";
import { waitUntil } from "./wait-until.ts";

/** How to start a cluster. */
export interface RedisClusterOptions extends Pick<RedisServerOptions, "args" | "password" | "users" | "tls"> {
  /** Default 3; a failover needs at least 3. */
  readonly primaryCount?: number | undefined;
  /** Replicas of each primary. Default 1. */
  readonly replicaCount?: number | undefined;
  /** After how long without an answer a node is taken for dead. Default 1,000 ms. */
  readonly nodeTimeoutMs?: number | undefined;
  /** The port that clients are told instead of a node's own, for a proxy in between. Default: its own. */
  readonly announcedPort?: ((port: number) => number | Promise<number>) | undefined;
}

/** One server of a cluster. */
export interface RedisClusterNode extends ServerProcess {
  /** Its id in the cluster. */
  readonly id: string;
  /** The port that clients are told. */
  readonly announcedPort: number;
  /** Whether it can answer, after the signals that it was sent. */
  isResponsive(): boolean;
  /** Runs one command on it, whatever its slots. */
  call: RedisControl["call"];
}

/** A Redis Cluster of ours on loopback ports. */
export interface RedisCluster {
  /** The first ones began as primaries, with equal ranges of slots in their order; then come the replicas. */
  readonly nodes: readonly RedisClusterNode[];
  /** `host:port` of every node as it is announced, as configurations take it. */
  readonly addresses: readonly string[];
  /** The node that says it serves a slot now; waits for one while a failover runs. */
  primaryOfSlot(slot: number): Promise<RedisClusterNode>;
  /** The replicas that follow a node now. */
  replicasOf(primary: RedisClusterNode): Promise<readonly RedisClusterNode[]>;
  /** Moves a slot with its keys to another primary, as `redis-cli --cluster reshard` does. */
  migrateSlot(slot: number, from: RedisClusterNode, to: RedisClusterNode): Promise<void>;
  /** The same in steps, for tests of what happens in the middle: both nodes answer for the slot (ASK) until it is finished. */
  beginMigration(slot: number, from: RedisClusterNode, to: RedisClusterNode): Promise<SlotMigration>;
  /** Waits until all nodes that live agree that every slot is served. */
  waitUntilHealthy(): Promise<void>;
  /** Ends all nodes. */
  stop(): Promise<void>;
}

const SLOT_COUNT = 16_384;
const FORMATION_TIMEOUT_MS = 20_000;
const FAILOVER_TIMEOUT_MS = 20_000;

/**
 * Starts a Redis Cluster: 3 primaries with a replica each, ready in about 2 s. A node that is killed is replaced by its replica after
 * `nodeTimeoutMs` and half a second more.
 *
 * @throws Error when the machine has no program to start
 */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { primaryCount = 3, replicaCount = 1 } = options;
  ensureServers();
  const program = requireRedisProgram("a Redis Cluster");
  const started = await Promise.allSettled(
    Array.from({ length: primaryCount * (1 + replicaCount) }, () => startNode(program, options)),
  );
  const nodes = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.stop())));
  try {
    const failed = started.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    await formCluster(nodes, primaryCount);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    nodes,
    addresses: nodes.map((node) => `${node.host}:${node.announcedPort}`),
    primaryOfSlot: (slot) => findPrimary(nodes, slot),
    replicasOf: (primary) => findReplicas(nodes, primary),
    migrateSlot: async (slot, from, to) => {
      const migration = await beginSlotMigration(nodes, slot, from, to, options.password);
      await migration.finish();
    },
    beginMigration: (slot, from, to) => beginSlotMigration(nodes, slot, from, to, options.password),
    waitUntilHealthy: () => waitUntilHealthy(nodes, FAILOVER_TIMEOUT_MS),
    stop,
  };
}

async function startNode(program: string, options: RedisClusterOptions): Promise<RedisClusterNode> {
  let announcedPort = 0;
  const server = await startServerProcess({
    program,
    arguments: async (port, folder) => {
      announcedPort = (await options.announcedPort?.(port)) ?? port;
      const busPort = await findFreePort();
      return redisArguments(port, folder, {
        ...options,
        args: clusterArguments(options, port, busPort, announcedPort),
      });
    },
    probe: redisProbe(options),
  });
  const call = callReopening(server, options);
  const id = String(await call("CLUSTER", "MYID"));
  let isResponsive = true;
  return {
    ...server,
    id,
    announcedPort,
    isResponsive: () => isResponsive,
    call,
    signal: (name) => {
      isResponsive =
        name === "SIGCONT" || (isResponsive && name !== "SIGSTOP" && name !== "SIGKILL" && name !== "SIGTERM");
      server.signal(name);
    },
  };
}

function clusterArguments(
  { nodeTimeoutMs = 1_000, args = [] }: RedisClusterOptions,
  port: number,
  busPort: number,
  announcedPort: number,
): readonly string[] {
  return [
    ...["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"],
    // By default the bus takes the port 10,000 higher, which does not exist for many a free port.
    ...["--cluster-port", String(busPort)],
    ...["--cluster-node-timeout", String(nodeTimeoutMs), "--cluster-allow-replica-migration", "no"],
    // A replica that was cut off for long does not try to become primary; tests kill nodes that are a second old.
    ...["--cluster-replica-validity-factor", "0"],
    ...(announcedPort === port ? [] : ["--cluster-announce-port", String(announcedPort)]),
    ...args,
  ];
}

/** A connection that is opened at the first command, and anew after one that failed: tests do bad things to nodes. */
function callReopening(server: ServerProcess, options: RedisClusterOptions): RedisControl["call"] {
  const tls = options.tls === undefined ? undefined : clientTls(options.tls.certificates);
  let control: RedisControl | undefined;
  return async (...words) => {
    control ??= openRedisControl(server, { password: options.password, tls });
    const used = control;
    try {
      return await used.call(...words);
    } catch (error) {
      used.close();
      if (control === used) control = undefined;
      throw error;
    }
  };
}

/** Everybody meets everybody, for gossip alone takes seconds to reach all. */
async function formCluster(nodes: readonly RedisClusterNode[], primaryCount: number): Promise<void> {
  const primaries = nodes.slice(0, primaryCount);
  const replicas = nodes.slice(primaryCount);
  await Promise.all(
    primaries.map(async (node, index) => {
      const first = Math.round((index * SLOT_COUNT) / primaryCount);
      const last = Math.round(((index + 1) * SLOT_COUNT) / primaryCount) - 1;
      await node.call("CLUSTER", "ADDSLOTSRANGE", first, last);
    }),
  );
  await Promise.all(nodes.map((node, index) => node.call("CLUSTER", "SET-CONFIG-EPOCH", index + 1)));
  const busPorts = await Promise.all(nodes.map(busPortOf));
  for (const [index, node] of nodes.entries()) {
    for (const [other, target] of nodes.entries()) {
      if (other < index) await node.call("CLUSTER", "MEET", target.host, target.port, busPorts[other] as number);
    }
  }
  await Promise.all(nodes.map((node) => waitForAcquaintance(node, nodes)));
  await Promise.all(
    replicas.map((node, index) =>
      waitUntil("a replica to know its primary", FORMATION_TIMEOUT_MS, () =>
        node.call("CLUSTER", "REPLICATE", (primaries[index % primaryCount] as RedisClusterNode).id),
      ),
    ),
  );
  await waitUntilHealthy(nodes, FORMATION_TIMEOUT_MS);
  await Promise.all(replicas.map(waitForSync));
}

async function busPortOf(node: RedisClusterNode): Promise<number> {
  return Number(((await node.call("CONFIG", "GET", "cluster-port")) as readonly string[])[1]);
}

function waitForAcquaintance(node: RedisClusterNode, nodes: readonly RedisClusterNode[]): Promise<unknown> {
  return waitUntil("the nodes to know each other", FORMATION_TIMEOUT_MS, async () => {
    const lines = String(await node.call("CLUSTER", "NODES"))
      .trim()
      .split("\n");
    return lines.length === nodes.length && lines.every((line) => !line.includes("handshake"));
  });
}

async function waitUntilHealthy(nodes: readonly RedisClusterNode[], timeoutMs: number): Promise<void> {
  const living = nodes.filter((node) => node.isResponsive());
  await Promise.all(
    living.map((node) =>
      waitUntil("the cluster to serve all slots", timeoutMs, async () => {
        const info = String(await node.call("CLUSTER", "INFO"));
        const isWhole = info.includes("cluster_state:ok") && info.includes(`cluster_slots_ok:${SLOT_COUNT}`);
        return isWhole && (await servedSlots(node, living)) === SLOT_COUNT;
      }),
    ),
  );
}

/** Slots whose primary, as this node sees it, lives: a state is "ok" for as long as a death was not noticed. */
async function servedSlots(node: RedisClusterNode, living: readonly RedisClusterNode[]): Promise<number> {
  const ranges = (await node.call("CLUSTER", "SLOTS")) as readonly [number, number, [string, number, string]][];
  return ranges
    .filter(([, , [, port]]) => living.some((other) => other.announcedPort === port))
    .reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

function waitForSync(replica: RedisClusterNode): Promise<unknown> {
  return waitUntil("a replica to have its primary's data", FORMATION_TIMEOUT_MS, async () =>
    String(await replica.call("INFO", "replication")).includes("master_link_status:up"),
  );
}

function findPrimary(nodes: readonly RedisClusterNode[], slot: number): Promise<RedisClusterNode> {
  return waitUntil(`a primary of slot ${slot}`, FAILOVER_TIMEOUT_MS, async () => {
    for (const node of nodes.filter((node) => node.isResponsive())) {
      const own = String(await node.call("CLUSTER", "NODES").catch(() => ""))
        .split("\n")
        .find((line) => line.includes("myself"));
      if (own?.includes("master") && ownsSlot(own, slot)) return node;
    }
    return undefined;
  });
}

/** A line of CLUSTER NODES ends with the ranges of the node: `0-5460 5462`; `[5461->-id]` is a slot on its way. */
function ownsSlot(line: string, slot: number): boolean {
  return line
    .trim()
    .split(" ")
    .slice(8)
    .some((range) => {
      const [first, last = first] = range.split("-").map(Number);
      return first !== undefined && last !== undefined && first <= slot && slot <= last;
    });
}

async function findReplicas(
  nodes: readonly RedisClusterNode[],
  primary: RedisClusterNode,
): Promise<readonly RedisClusterNode[]> {
  const lines = String(await primary.call("CLUSTER", "NODES")).split("\n");
  const ids = lines.filter((line) => line.split(" ")[3] === primary.id).map((line) => line.split(" ")[0]);
  return nodes.filter((node) => ids.includes(node.id));
}
