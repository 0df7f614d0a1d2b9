import { describe, expect, it } from "vitest";
import { resolveConfig } from "../resolve-config.ts";

const FRONT = { backend: "memory" };
const MEMCACHED = { backend: "memcached" };
const NEARBY = { backend: "redis", redis: { addresses: ["near:1"] } };
const LAST = { backend: "redis", redis: { addresses: ["far:1"] } };

describe("tiers between the first and the last", () => {
  it("are up to two, each with a TTL, a time and a way of writing of its own", () => {
    const { tiers } = resolveConfig({
      tiers: [FRONT, { ...MEMCACHED, ttl: "5m", timeout: "20ms", write: "around" }, NEARBY, LAST],
    });
    expect(tiers).toMatchObject([
      { backend: "memory", ttlMs: Number.POSITIVE_INFINITY },
      { backend: "memcached", ttlMs: 300_000, timeoutMs: 20, write: { kind: "around" } },
      {
        backend: "redis",
        ttlMs: 3_600_000,
        timeoutMs: 50,
        write: { kind: "through" },
        redis: { addresses: ["near:1"] },
      },
      { backend: "redis", ttlMs: Number.POSITIVE_INFINITY, redis: { addresses: ["far:1"] } },
    ]);
    expect(resolveConfig({ tiers: [FRONT, { ...MEMCACHED, ttl: false }, LAST] }).tiers[1]?.ttlMs).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it("may be memory of this process or its threads", () => {
    const { tiers } = resolveConfig({ tiers: [FRONT, { backend: "memory", memory: { storage: "shared" } }, LAST] });
    expect(tiers[1]).toMatchObject({ backend: "memory", memory: { storage: "shared" } });
  });

  it.each([
    [{ tiers: [FRONT, MEMCACHED, MEMCACHED, NEARBY, LAST] }, "tiers", /list of up to 4 objects/],
    [
      { tiers: [FRONT, NEARBY, MEMCACHED] },
      "tiers[2].backend",
      /says nothing of what has changed.*Make Redis the last tier/,
    ],
    [
      {
        tiers: [FRONT, MEMCACHED, { backend: "redis" }],
        redis: { addresses: ["a:1", "b:1"] },
        sharding: { enabled: true },
      },
      "sharding.enabled",
      /Use a Redis Cluster/,
    ],
    [{ tiers: [FRONT, MEMCACHED, LAST], consistency: { mode: "plain" } }, "consistency.mode", /Set it to "coherent"/],
    [{ tiers: [FRONT, { backend: "redis" }, LAST] }, "tiers[1].redis", /of its own, with other servers/],
    [{ tiers: [FRONT, MEMCACHED, FRONT] }, "tiers[2].backend", /which other processes cannot share/],
    [{ tiers: [FRONT, { ...MEMCACHED, write: "behind" }, LAST] }, "tiers[1].write", /for the last of several/],
    [{ tiers: [FRONT, MEMCACHED, { ...LAST, write: "around" }] }, "tiers[2].write", /for all but the last/],
    [{ tiers: [{ ...FRONT, timeout: "1s" }, LAST] }, "tiers[0].timeout", /between the first and the last/],
    [{ tiers: [FRONT, { ...LAST, timeout: "1s" }] }, "tiers[1].timeout", /set deadlines.read/],
    [{ tiers: [{ ...FRONT, codec: { serializer: "v8" } }, LAST] }, "tiers[0].codec", /keeps values as they are/],
    [
      { tiers: [FRONT, { ...MEMCACHED, codec: { compression: true, compressionLevel: 12 } }, LAST] },
      "tiers[1].codec.compressionLevel",
      /gzip/,
    ],
    [
      { tiers: [FRONT, { ...LAST, codec: { compression: true } }], envelope: false },
      "tiers[1].codec.compression",
      /needs the envelope/,
    ],
  ])("%j is refused, with the field and a remedy", (config, field, message) => {
    expect(() => resolveConfig(config)).toThrow(
      expect.objectContaining({ field, message: expect.stringMatching(message) }),
    );
  });
});

describe("a tier's own codec", () => {
  it("is the cache's, but for what it says", () => {
    const { tiers, codec } = resolveConfig({
      serializer: "msgpack",
      compression: true,
      compressionLevel: 9,
      tiers: [
        FRONT,
        { ...MEMCACHED, codec: { serializer: "v8", compressionAlgorithm: "lz4", compressionThreshold: 10 } },
        { ...NEARBY, codec: { compression: false } },
        { ...LAST, codec: { compressionLevel: 1 } },
      ],
    });
    expect(tiers[1]?.codec).toMatchObject({
      serializer: "v8",
      // A level of another algorithm is none of this one.
      compression: { algorithm: "lz4", level: undefined, thresholdBytes: 10 },
    });
    expect(tiers[2]?.codec).toMatchObject({ serializer: "msgpack", compression: undefined });
    expect(codec).toMatchObject({ serializer: "msgpack", compression: { algorithm: "gzip", level: 1 } });
  });
});
