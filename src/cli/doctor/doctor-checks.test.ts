import { describe, expect, it } from "vitest";
import type { CacheStats } from "../../cache/stats.ts";
import { resolveConfig } from "../../config/resolve-config.ts";
import { describeStats } from "./check-node.ts";
import { judgeClock, judgeCluster, judgePersistence } from "./check-redis.ts";
import { checkRuntime, judgeNode, judgePackage, packagesOf } from "./check-runtime.ts";
import { describeNode } from "./check-stores.ts";
import { installedVersion, isVersionInRange } from "./package-versions.ts";

describe("versions", () => {
  it.each([
    ["1.14.7", "^1.14.7", true],
    ["1.15.0", "^1.14.7", true],
    ["1.14.6", "^1.14.7", false],
    ["2.0.0", "^1.14.7", false],
    ["0.4.9", "^0.4.2", true],
    ["0.5.0", "^0.4.2", false],
    ["20.19.0", ">=20.19", true],
    ["v24.1.0", ">=20.19", true],
    ["20.18.3", ">=20.19", false],
    ["1.15.0-beta.1", "^1.14.7", true],
  ])("%s is in %s: %s", (version, range, isIn) => {
    expect(isVersionInRange(version, range)).toBe(isIn);
  });

  it("are found without asking the package's exports, and not found where nothing is installed", async () => {
    expect(await installedVersion("@redis/client")).toMatch(/^6\./);
    expect(await installedVersion("no-such-package")).toBeUndefined();
    expect(await installedVersion("@redis/client", "/nowhere/file.ts")).toBeUndefined();
  });

  it("are wanted of the packages that a configuration uses", () => {
    const of = (config: object): string[] => [...packagesOf(resolveConfig(config)).keys()];
    expect(of({})).toEqual([]);
    expect(of({ backend: "redis", serializer: "msgpack", compression: true, compressionAlgorithm: "lz4" })).toEqual([
      "@redis/client",
      "msgpackr",
      "lz4-napi",
    ]);
    expect(of({ backend: "memory", distributed: true, grpc: { peers: ["127.0.0.1:1"] } })).toEqual(["@grpc/grpc-js"]);
  });

  it("that are too old or too new are told with what to install: a failure where the package is wanted", () => {
    expect(judgeNode("20.18.3")).toMatchObject({ status: "fail", message: expect.stringContaining(">=20.19") });
    expect(judgeNode("22.1.0").status).toBe("ok");
    const name = "@redis/client";
    expect(judgePackage(name, "A Redis store", "5.9.0")).toMatchObject({
      status: "fail",
      message: expect.stringMatching(/5\.9\.0 is installed.*npm install "@redis\/client@\^6/),
    });
    expect(judgePackage(name, undefined, "7.0.0")?.status).toBe("warn");
    expect(judgePackage(name, "A Redis store", undefined)).toMatchObject({
      status: "fail",
      message: expect.stringContaining("A Redis store needs this package"),
    });
    expect(judgePackage(name, undefined, undefined)).toBeUndefined();
    expect(judgePackage(name, "A Redis store", "6.3.1")?.status).toBe("ok");
  });

  it("of Node.js and of what is installed are told in lines", async () => {
    const findings = await checkRuntime(resolveConfig({ backend: "redis" }));
    expect(findings.map(({ status }) => status)).toEqual(findings.map(() => "ok"));
    expect(findings[0]?.message).toContain(process.versions.node);
    expect(findings.find(({ subject }) => subject === "@redis/client")?.message).toMatch(/^6\./);
  });
});

describe("a clock", () => {
  it("agrees when it read a time between question and answer, or nearly", () => {
    expect(judgeClock("s", 5_000, 4_000, 6_000).status).toBe("ok");
    expect(judgeClock("s", 3_100, 4_000, 6_000).status).toBe("ok");
    expect(judgeClock("s", 2_000, 4_000, 6_000)).toMatchObject({
      status: "warn",
      message: expect.stringContaining("2.00 s behind"),
    });
    expect(judgeClock("s", 9_500, 4_000, 6_000).message).toContain("3.50 s ahead of");
  });
});

describe("a Redis", () => {
  const PERSISTENCE = "# Persistence\r\nrdb_changes_since_last_save:3\r\nrdb_last_save_time:1700000000\r\n";
  it("tells whether it keeps what it has, and which of its saves fail", () => {
    expect(judgePersistence("s", `${PERSISTENCE}rdb_last_bgsave_status:ok\r\naof_enabled:1\r\n`)).toMatchObject({
      status: "ok",
      message: expect.stringMatching(/append-only file, last snapshot 2023-11-14.*, 3 changes/),
    });
    expect(judgePersistence("s", `${PERSISTENCE}rdb_last_bgsave_status:err\r\naof_enabled:0\r\n`)).toMatchObject({
      status: "warn",
      message: expect.stringContaining("rdb_last_bgsave_status"),
    });
  });

  it("of a cluster fails without an owner for every slot", () => {
    const report = (state: string, assigned: number, failing: number): string =>
      `cluster_state:${state}\r\ncluster_slots_assigned:${assigned}\r\ncluster_slots_fail:${failing}\r\ncluster_known_nodes:6\r\n`;
    expect(judgeCluster("s", report("ok", 16_384, 0), "a:1").status).toBe("ok");
    for (const ill of [report("fail", 16_384, 0), report("ok", 16_000, 0), report("ok", 16_384, 9)])
      expect(judgeCluster("s", ill, "a:1")).toMatchObject({
        status: "fail",
        message: expect.stringContaining("redis-cli --cluster check a:1"),
      });
  });
});

describe("a server's report", () => {
  it("is a line of facts, one for a slow answer, and one for each warning", () => {
    const findings = describeNode("redis", {
      ...{ node: "a:1", status: "up", latencyMs: 80, server: "redis 7.0.15", role: "primary" },
      ...{ memoryUsedBytes: 1_024, memoryLimitBytes: Number.POSITIVE_INFINITY, warnings: ["Do this."] },
    });
    expect(findings).toEqual([
      { status: "ok", subject: "redis/a:1", message: "redis 7.0.15, primary, answers in 80.0 ms, 1 KB of unlimited" },
      { status: "warn", subject: "redis/a:1", message: expect.stringContaining("takes 80.0 ms") },
      { status: "warn", subject: "redis/a:1", message: "Do this." },
    ]);
    expect(describeNode("redis", { node: "a:1", status: "down", latencyMs: 1, warnings: [], message: "gone" })).toEqual(
      [{ status: "fail", subject: "redis/a:1", message: "does not answer: gone", area: "connection" }],
    );
  });
});

describe("a node's counters", () => {
  const STATS = { sets: 0, evictions: 0, loads: 0, loadFailures: 0, coherence: undefined } as unknown as CacheStats;
  const PEER = { id: "a", address: "a:1", transport: "grpc", silentMs: 1, queuedCount: 0 };
  const COHERENCE = { maxStalenessMs: 2_000, isProvable: true, gaps: 0, peers: [{ ...PEER, state: "connected" }] };

  it("tell of a cache that is too small, of failing loads, of lost peers, and of nothing when all is well", () => {
    expect(describeStats(STATS)).toEqual([]);
    expect(describeStats({ ...STATS, sets: 2_000, evictions: 1_500 })[0]?.message).toContain("memory.maxSize");
    expect(describeStats({ ...STATS, sets: 20, evictions: 15 })).toEqual([]);
    expect(describeStats({ ...STATS, loads: 10, loadFailures: 5 })[0]?.status).toBe("warn");
    const coherent = { ...STATS, coherence: COHERENCE as unknown as CacheStats["coherence"] };
    expect(describeStats(coherent)[0]).toMatchObject({
      status: "ok",
      message: expect.stringContaining("1 of 1 peers"),
    });
    const lost = { ...COHERENCE, peers: [{ ...PEER, state: "lost" }] } as unknown as CacheStats["coherence"];
    expect(describeStats({ ...STATS, coherence: lost })[0]?.status).toBe("warn");
  });
});
