import { setTimeout as delay } from "node:timers/promises";
import { askServer } from "../../../scripts/servers/ask-server.ts";
import { findFreePort } from "../../../scripts/servers/free-port.ts";
import { startRedis } from "../../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../../scripts/servers/test-server.ts";
import { REDIS_SLOT_COUNT } from "../../../src/clients/redis/redis-slot.ts";

/** A Redis Cluster of primaries alone. */
export interface TestCluster {
  /** `host:port` of each. */
  readonly addresses: readonly string[];
  readonly servers: readonly TestServer[];
  /** Asks each server the same. */
  askAll(question: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 20_000;
const POLL_MS = 50;

/** Starts primaries on free loopback ports, gives each its share of the slots, and waits until all of them know. About a second. */
export async function startRedisCluster(primaryCount = 3): Promise<TestCluster> {
  const args = ["--cluster-enabled", "yes", "--cluster-node-timeout", "5000", "--cluster-require-full-coverage", "yes"];
  // By default the bus takes the port 10,000 higher, which may be one of those that outgoing connections are given, of thousands in other tests.
  const busPorts = await Promise.all(Array.from({ length: primaryCount }, findFreePort));
  const servers = await Promise.all(
    busPorts.map((port) => startRedis({ args: [...args, "--cluster-port", `${port}`] })),
  );
  const cluster: TestCluster = {
    addresses: servers.map(({ host, port }) => `${host}:${port}`),
    servers,
    askAll: (question) => Promise.all(servers.map((server) => askServer(server, question))),
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
  try {
    await joinAll(servers, busPorts);
    await waitUntilReady(cluster);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

async function joinAll(servers: readonly TestServer[], busPorts: readonly number[]): Promise<void> {
  const share = Math.ceil(REDIS_SLOT_COUNT / servers.length);
  const first = servers[0] as TestServer;
  for (const [index, server] of servers.entries()) {
    const last = Math.min(REDIS_SLOT_COUNT, (index + 1) * share) - 1;
    await askServer(server, `CLUSTER ADDSLOTSRANGE ${index * share} ${last}\r\n`);
    if (index > 0) await askServer(server, `CLUSTER MEET ${first.host} ${first.port} ${busPorts[0]}\r\n`);
  }
}

async function waitUntilReady(cluster: TestCluster): Promise<void> {
  const deadlineAt = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadlineAt) {
    const states = await cluster.askAll("CLUSTER INFO\r\n");
    const isReady = (state: string): boolean =>
      state.includes("cluster_state:ok") && state.includes(`cluster_known_nodes:${cluster.servers.length}`);
    if (states.every(isReady)) return;
    await delay(POLL_MS);
  }
  throw new Error("The Redis Cluster did not come up.");
}
