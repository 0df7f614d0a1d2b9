import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type RedisCluster,
  type RedisClusterNode,
  startRedisCluster,
} from "../../scripts/servers/start-redis-cluster.ts";
import { waitUntil } from "../../scripts/servers/wait-until.ts";
import type { RedisClient } from "../../src/clients/redis/redis-client.ts";
import { defineRedisScript } from "../../src/clients/redis/redis-script.ts";
import type { RedisSettings } from "../../src/clients/redis/redis-settings.ts";
import { slotOfKey } from "../../src/clients/redis/redis-slot.ts";
import { outcomeOf, READ, redisSettings, WRITE, withRedisClient } from "./support/redis-client-under-test.ts";

const INCREMENT: { operation: string; kind: "write" } = { operation: "increment", kind: "write" };
const ADD = defineRedisScript("add", "return redis.call('INCRBY', KEYS[1], ARGV[1])");
type ReadFrom = "primary" | "replica" | "nearest" | "random";

describe("a Redis client in a cluster", () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  const settings = (readFrom: ReadFrom = "primary", changes: Partial<RedisSettings> = {}): RedisSettings => ({
    ...redisSettings("", {
      maxRetries: 8,
      retryBackoff: { minMs: 20, maxMs: 400 },
      ...changes,
    }),
    topology: { kind: "cluster", addresses: cluster.addresses.slice(0, 1), maxRedirects: 5, readFrom },
  });
  const key = (index: number): string => `key-${index}`;
  const increment = (client: RedisClient, name: string): Promise<unknown> =>
    client.call(slotOfKey(name), ["INCR", name], INCREMENT);

  it("learns all nodes from one of them and sends every key to its owner", async () => {
    await withRedisClient(settings(), async (client) => {
      await client.connect();
      await Promise.all(
        Array.from({ length: 300 }, (_, index) =>
          client.call(slotOfKey(key(index)), ["SET", key(index), `${index}`], WRITE),
        ),
      );
      const values = await Promise.all(
        Array.from({ length: 300 }, (_, index) => client.call(slotOfKey(key(index)), ["GET", key(index)], READ)),
      );
      expect(values.map(String)).toEqual(Array.from({ length: 300 }, (_, index) => `${index}`));
      expect(client.primaries()).toHaveLength(3);
      const sizes = await Promise.all(client.primaries().map((node) => node.call(["DBSIZE"], READ)));
      expect(sizes.reduce((sum: number, size) => sum + Number(size), 0)).toBe(300);
      expect(client.addressOfSlot(0)).toBe(cluster.addresses[0]);
      expect(client.features()[0]).toMatchObject({ mode: "cluster" });
    });
  });

  it.each(["replica", "nearest", "random"] as const)(
    "reads from %s what was written, and writes to the primary",
    async (readFrom) => {
      await withRedisClient(settings(readFrom), async (client) => {
        await client.connect();
        await client.call(slotOfKey("shared"), ["SET", "shared", readFrom], WRITE);
        await waitUntil("the replicas to have it", 10_000, async () => {
          const reads = await Promise.all(
            Array.from({ length: 20 }, () => outcomeOf(client.call(slotOfKey("shared"), ["GET", "shared"], READ))),
          );
          const usesReplicas = client.connections().some((node) => node.role === "replica" && node.open > 0);
          return reads.every((read) => read === readFrom) && (usesReplicas || readFrom === "nearest");
        });
      });
    },
  );

  it("runs scripts on nodes that do not know them", async () => {
    await withRedisClient(settings(), async (client) => {
      for (const node of client.primaries()) await node.call(["SCRIPT", "FLUSH"], WRITE);
      const totals = await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          client.runScript(slotOfKey(`sum-${index}`), ADD, [`sum-${index}`], ["2"], WRITE),
        ),
      );
      expect(totals).toEqual(Array.from({ length: 60 }, () => 2));
    });
  });

  it("follows a slot that moves under load, and counts nothing twice", async () => {
    await withRedisClient(settings(), async (client) => {
      const name = "moving";
      const slot = slotOfKey(name);
      await client.call(slot, ["SET", name, "0"], WRITE);
      const from = await cluster.primaryOfSlot(slot);
      const others = cluster.nodes.slice(0, 3).filter((node) => node.id !== from.id);
      const load = startLoad(client, name);
      let source: RedisClusterNode = from;
      for (const target of [...others, from]) {
        await cluster.migrateSlot(slot, source, target);
        source = target;
      }
      const { acknowledged, unknown, outcomes } = await load.end();
      expect(outcomes.filter((outcome) => !/^\d+$/.test(outcome))).toEqual([]);
      expect(unknown).toBe(0);
      expect(Number(String(await client.call(slot, ["GET", name], READ)))).toBe(acknowledged);
    });
  });

  it("asks where a key may be while its slot is half-way, and runs scripts there", async () => {
    await withRedisClient(settings(), async (client) => {
      const slot = slotOfKey("{half}old");
      await client.call(slot, ["SET", "{half}old", "1"], WRITE);
      const from = await cluster.primaryOfSlot(slot);
      const to = cluster.nodes.slice(0, 3).find((node) => node.id !== from.id) as RedisClusterNode;
      const migration = await cluster.beginMigration(slot, from, to);
      expect(await outcomeOf(client.call(slot, ["GET", "{half}old"], READ))).toBe("1");
      expect(await outcomeOf(client.call(slot, ["SET", "{half}new", "2"], WRITE))).toBe("OK");
      expect(await outcomeOf(client.call(slot, ["GET", "{half}new"], READ))).toBe("2");
      expect(await client.runScript(slot, ADD, ["{half}new"], ["3"], WRITE)).toBe(5);
      const both = outcomeOf(client.call(slot, ["MGET", "{half}old", "{half}new"], READ));
      await migration.finish();
      expect(await both).toBe(JSON.stringify([Buffer.from("1"), Buffer.from("5")]));
    });
  });

  it("goes on after a primary is killed, with typed errors only", { timeout: 60_000 }, async () => {
    await withRedisClient(settings(), async (client) => {
      const name = "failing-over";
      const slot = slotOfKey(name);
      await client.call(slot, ["SET", name, "0"], WRITE);
      const victim = await cluster.primaryOfSlot(slot);
      const load = startLoad(client, name);
      await load.reached(200);
      // A replica that has not heard of its primary's last change, as of a slot that moved, is refused by the others when it wants to take its place.
      await waitUntil("all nodes to agree who owns what", 20_000, async () => {
        const views = await Promise.all(cluster.nodes.map(ownersSeenBy));
        return views.every((view) => view === views[0]);
      });
      victim.signal("SIGKILL");
      await cluster.waitUntilHealthy();
      const before = load.acknowledged();
      await load.reached(before + 200);
      const { outcomes } = await load.end();
      const kinds = new Set(outcomes.filter((outcome) => !/^\d+$/.test(outcome)));
      for (const kind of kinds) expect(["OutcomeUnknownError", "BackendUnavailableError"]).toContain(kind);
      expect(client.addressOfSlot(slot)).not.toBe(`127.0.0.1:${victim.announcedPort}`);
    });
  });

  /** The primaries with the epochs and slots that a node knows of them. */
  async function ownersSeenBy(node: RedisClusterNode): Promise<string> {
    const lines = String(await node.call("CLUSTER", "NODES"))
      .trim()
      .split("\n");
    const fields = lines.map((line) => line.split(" ")).filter(([, , flags]) => flags?.includes("master"));
    const owners = fields.map(([id, , , , , , epoch, , ...slots]) => `${id} ${epoch} ${slots.join(" ")}`);
    return owners.sort().join("\n");
  }

  /** Eight callers that increment without a pause until they are ended. */
  function startLoad(client: RedisClient, name: string) {
    const outcomes: string[] = [];
    let isRunning = true;
    const count = (): number => outcomes.filter((outcome) => /^\d+$/.test(outcome)).length;
    const callers = Array.from({ length: 8 }, async () => {
      while (isRunning) {
        const outcome = await outcomeOf(increment(client, name));
        outcomes.push(outcome);
        if (outcome === "BackendUnavailableError") await new Promise((resolve) => setTimeout(resolve, 10));
      }
    });
    return {
      acknowledged: count,
      reached: (target: number) => waitUntil(`${target} increments`, 20_000, async () => count() >= target),
      end: async () => {
        isRunning = false;
        await Promise.all(callers);
        const unknown = outcomes.filter((outcome) => outcome === "OutcomeUnknownError").length;
        return { acknowledged: count(), unknown, outcomes };
      },
    };
  }
});
