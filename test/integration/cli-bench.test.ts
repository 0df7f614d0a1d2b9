import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";
import { type CliRun, cli, startCli } from "./cli-harness.ts";
import { type RunningNode, startTestNode } from "./node-harness.ts";

let node: RunningNode;
beforeEach(async () => {
  node = await startTestNode();
  await node.cache.set("mine", "untouched");
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

const addressOf = (): string => `127.0.0.1:${node.node.port}`;

async function allKeys(cache: Cache): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of cache.keys()) keys.push(key);
  return keys;
}

function benchNode(...more: string[]): Promise<CliRun> {
  return cli(["bench", "--node", addressOf(), "--keys", "200", "--json", ...more]);
}

interface BenchDocument {
  readonly interrupted: boolean;
  readonly hitRatio: number;
  readonly operations: Readonly<
    Record<string, { count: number; perSecond: number; latencyMs: Readonly<Record<string, number>> }>
  >;
}

describe("gocachex bench", () => {
  it("measures a node, and leaves nothing but what was there", async () => {
    const { exitCode, stdout } = await benchNode(
      "--requests",
      "600",
      "--ratio",
      "0.5",
      "--clients",
      "4",
      "--pipeline",
      "2",
    );
    expect(exitCode).toBe(0);
    const { operations, hitRatio, interrupted } = JSON.parse(stdout) as BenchDocument;
    const { get, set, all } = operations;
    expect(all?.count).toBe(600);
    expect((get?.count ?? 0) + (set?.count ?? 0)).toBe(600);
    expect(get?.count).toBeGreaterThan(200);
    expect(get?.count).toBeLessThan(400);
    const { p50 = 0, p90 = 0, p99 = 0, "p99.9": p999 = 0, max = 0 } = all?.latencyMs ?? {};
    expect([p50, p90, p99, p999, max]).toEqual([p50, p90, p99, p999, max].sort((a, b) => a - b));
    expect(p50).toBeGreaterThan(0);
    expect([hitRatio, interrupted]).toEqual([1, false]);
    expect(node.cache.stats()).toMatchObject({ keyCount: 1 });
    expect(await node.cache.get("mine")).toBe("untouched");
  });

  it("prints a table for people, and works on a configuration in memory, whose answers never wait", async () => {
    const environment = { GOCACHEX_BACKEND: "memory" };
    const { exitCode, stdout } = await cli(["bench", "-s", "0.2", "--clients", "1", "--keys", "50"], {
      env: environment,
    });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/1 clients, values of 100 B, 50 keys \(zipf\), 90 % gets, 0\.\d s/);
    expect(stdout).toMatch(/requests +per second +p50 +p90 +p99 +p99\.9 +max\nget /);
    expect(stdout).toContain("hits 100.0 %");
  });

  it("cleans up when it is interrupted, and tells what it had measured", async () => {
    const started = startCli(["bench", "--node", addressOf(), "--keys", "100", "-s", "600", "--json"]);
    await expect.poll(() => node.cache.stats().hits, { timeout: 20_000 }).toBeGreaterThan(50);
    started.interrupt();
    const { exitCode, stdout } = await started.done;
    expect(exitCode).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ interrupted: true });
    expect(await allKeys(node.cache)).toEqual(["mine"]);
    expect(node.cache.stats().keyCount).toBe(1);
  });

  it("is interrupted while it fills keys in, too", async () => {
    const started = startCli(["bench", "--node", addressOf(), "--keys", "1000000", "--json"]);
    await expect.poll(() => node.cache.stats().keyCount, { timeout: 20_000 }).toBeGreaterThan(100);
    started.interrupt();
    expect((await started.done).exitCode).toBe(130);
    expect(await allKeys(node.cache)).toEqual(["mine"]);
  });

  it("removes every key from a Redis that others use", async () => {
    const redis = await startRedis();
    try {
      const address = `${redis.host}:${redis.port}`;
      const namespace = `bench-test-${process.pid}`;
      const environment = {
        GOCACHEX_BACKEND: "redis",
        GOCACHEX_REDIS_ADDRESSES: address,
        GOCACHEX_NAMESPACE: namespace,
      };
      const cache = createCache({ backend: "redis", namespace, redis: { addresses: [address] } });
      await cache.set("mine", "untouched");
      const run = await cli(["bench", "--requests", "500", "--keys", "100", "--value-size", "1KB", "--json"], {
        env: environment,
      });
      expect(run).toMatchObject({ exitCode: 0, stderr: "" });
      expect(await allKeys(cache)).toEqual(["mine"]);
      expect(await cache.get("mine")).toBe("untouched");
      await cache.close();
    } finally {
      await redis.stop();
    }
  });

  it("says what was wrong when nothing can be written, and how many calls failed later", async () => {
    const address = addressOf();
    await node[Symbol.asyncDispose]();
    const unreachable = await cli(["bench", "--node", address, "--json"]);
    expect(unreachable.exitCode).toBe(4);
    expect(unreachable.stdout).toBe("");
    node = await startTestNode();
    const started = startCli(["bench", "--node", addressOf(), "--keys", "100", "--requests", "500", "--json"]);
    await expect.poll(() => node.cache.stats().hits, { timeout: 20_000 }).toBeGreaterThan(50);
    await node[Symbol.asyncDispose]();
    const { exitCode, stdout, stderr } = await started.done;
    expect(exitCode).toBe(5);
    expect((JSON.parse(stdout) as { errors: Record<string, number> }).errors).toHaveProperty("GCX_NODE_UNREACHABLE");
    expect(stderr).toContain("expires within");
    node = await startTestNode();
  });

  it.each([
    ["--ratio", "1.1"],
    ["--clients", "0"],
    ["--value-size", "1GB"],
    ["--distribution", "normal"],
    ["--keys", "none"],
  ])("refuses %s %s", async (...line) => {
    expect((await cli(["bench", ...line])).exitCode).toBe(2);
  });

  it("refuses a time and a number at once", async () => {
    expect((await cli(["bench", "--seconds", "1", "--requests", "5"])).stderr).toContain("not both");
  });
});
