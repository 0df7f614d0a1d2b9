import { afterEach, describe, expect, it } from "vitest";
import { registerBackend, unregisterBackend } from "../backend/registry.ts";
import { inProcessTransport } from "../coherence/in-process-transport.ts";
import { resolveConfig } from "./resolve-config.ts";
import type { ResolvedStore } from "./resolve-tiers.ts";

const DEFAULT_REDIS = {
  settings: {
    name: "redis",
    topology: { kind: "standalone", address: "localhost:6379" },
    credentials: { username: undefined, password: undefined },
    db: 0,
    poolSize: 10,
    dialTimeoutMs: 5_000,
    readTimeoutMs: 3_000,
    writeTimeoutMs: 3_000,
    poolTimeoutMs: 4_000,
    idleTimeoutMs: 300_000,
    idleCheckMs: 60_000,
    maxRetries: 3,
    retryBackoff: { minMs: 8, maxMs: 512 },
    tls: undefined,
  },
  addresses: ["localhost:6379"],
  client: undefined,
};

const DEFAULT_MEMCACHED = {
  settings: { name: "memcached", timeoutMs: 100, maxIdleConnections: 2, credentials: undefined, tls: undefined },
  servers: [{ address: "localhost:11211", weight: 1 }],
};

const DEFAULT_LOADING = {
  policy: {
    hardTimeoutMs: 30_000,
    softTimeoutMs: Number.POSITIVE_INFINITY,
    graceMs: 0,
    revalidateMs: 0,
    refreshAheadRatio: 1,
    earlyRefreshBeta: 0,
    negativeTtlMs: undefined,
    errorTtlMs: 0,
    isFleetWide: true,
    leaseMs: undefined,
  },
  maxBackgroundLoads: 32,
  breaker: { failureCount: 5, minOpenMs: 500, maxOpenMs: 30_000 },
};

const NO_PEERS = { maxStalenessMs: 2_000, isOwnedByPeers: false, distributed: undefined };

/** The part of a configuration that each tier has of its own. */
function storeOf({ backend, memory, redis, memcached, pluginOptions }: ResolvedStore): ResolvedStore {
  return { backend, memory, redis, memcached, pluginOptions };
}

const unbuilt = (): never => {
  throw new Error("not built here");
};

afterEach(() => {
  unregisterBackend("my-store");
});

describe("resolveConfig", () => {
  it("fills in every default", () => {
    const { tiers, document, ...resolved } = resolveConfig(undefined);
    expect(document).toEqual({});
    const { codec } = resolved;
    const own = { ttlMs: Number.POSITIVE_INFINITY, write: { kind: "through" }, timeoutMs: 50, codec };
    expect(tiers).toEqual([{ ...storeOf(resolved), ...own }]);
    expect(resolved).toEqual({
      ...NO_PEERS,
      backend: "memory",
      namespace: "",
      defaultTtlMs: undefined,
      memory: {
        maxSizeBytes: 100 * 1024 ** 2,
        maxKeys: Number.POSITIVE_INFINITY,
        evictionPolicy: "w-lirs",
        defaultTtlMs: undefined,
        cleanupIntervalMs: 60_000,
        copy: false,
        weigher: undefined,
        storage: "heap",
        shared: undefined,
      },
      deadlines: { connectMs: 5_000, readMs: 1_000, writeMs: 1_000, healthMs: 1_000, closeMs: 10_000 },
      loading: DEFAULT_LOADING,
      redis: DEFAULT_REDIS,
      memcached: DEFAULT_MEMCACHED,
      sharding: undefined,
      consistencyMode: "coherent",
      codec: {
        serializer: "json",
        hasEnvelope: true,
        compression: undefined,
        dictionaries: [],
        encryptionKeys: [],
        maxValueBytes: 64 * 1024 ** 2,
      },
      codecFields: [],
      lacksEncryptionKey: false,
      throwsUnreadable: false,
      pluginOptions: {},
    });
  });

  it("settles every unit", () => {
    const config = {
      namespace: "shop",
      defaultTtl: false,
      memory: {
        maxSize: "1.5GB",
        maxKeys: 10,
        evictionPolicy: "sieve",
        defaultTtl: "1h30m",
        cleanupInterval: 250,
        copy: false,
      },
      deadlines: { connect: "2s", read: 50, write: "1m", health: "10ms", close: 1 },
    };
    const { tiers, document, ...resolved } = resolveConfig(config);
    expect(document).toEqual(config);
    expect(tiers).toHaveLength(1);
    expect(resolved).toEqual({
      ...NO_PEERS,
      backend: "memory",
      namespace: "shop",
      defaultTtlMs: Number.POSITIVE_INFINITY,
      memory: {
        maxSizeBytes: 1.5 * 1024 ** 3,
        maxKeys: 10,
        evictionPolicy: "sieve",
        defaultTtlMs: 5_400_000,
        cleanupIntervalMs: 250,
        copy: false,
        weigher: undefined,
        storage: "heap",
        shared: undefined,
      },
      deadlines: { connectMs: 2_000, readMs: 50, writeMs: 60_000, healthMs: 10, closeMs: 1 },
      loading: DEFAULT_LOADING,
      redis: DEFAULT_REDIS,
      memcached: DEFAULT_MEMCACHED,
      sharding: undefined,
      consistencyMode: "coherent",
      codec: {
        serializer: "json",
        hasEnvelope: true,
        compression: undefined,
        dictionaries: [],
        encryptionKeys: [],
        maxValueBytes: 64 * 1024 ** 2,
      },
      codecFields: [],
      lacksEncryptionKey: false,
      throwsUnreadable: false,
      pluginOptions: {},
    });
  });

  it("takes Infinity and false alike for never and no limit", () => {
    for (const unlimited of [false, Number.POSITIVE_INFINITY]) {
      const resolved = resolveConfig({ defaultTtl: unlimited, memory: { maxKeys: unlimited, defaultTtl: unlimited } });
      expect(resolved).toMatchObject({
        defaultTtlMs: Number.POSITIVE_INFINITY,
        memory: { maxKeys: Number.POSITIVE_INFINITY, defaultTtlMs: Number.POSITIVE_INFINITY },
      });
    }
  });

  it("is frozen through and through", () => {
    const resolved = resolveConfig({});
    for (const part of [resolved, resolved.memory, resolved.deadlines, resolved.pluginOptions]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it("hands over a backend object as it is", () => {
    const backend = { get() {}, set() {}, delete() {}, close() {} };
    expect(resolveConfig({ backend }).backend).toBe(backend);
    expect(Object.isFrozen(backend)).toBe(false);
  });

  it("hands a registered plug-in its own section", () => {
    registerBackend("my-store", unbuilt);
    const resolved = resolveConfig({ backend: "my-store", "my-store": { url: "x" } });
    expect(resolved).toMatchObject({ backend: "my-store", pluginOptions: { url: "x" } });
    expect(resolveConfig({ backend: "my-store" }).pluginOptions).toEqual({});
  });

  it.each([
    ["memroy", /Did you mean "memory"\?/],
    ["my-store", /"my-store" is not known.*registerBackend/],
  ])("refuses the backend %s, which nobody registered", (backend, message) => {
    expect(() => resolveConfig({ backend })).toThrow(
      expect.objectContaining({ code: "GCX_CONFIG_INVALID", field: "backend" }),
    );
    expect(() => resolveConfig({ backend })).toThrow(message);
  });
});

describe("what asks for nothing", () => {
  it("is not what a section without its switch is", () => {
    expect(() => resolveConfig({ backend: "redis", grpc: {} })).toThrow(/distributed/);
    expect(() => resolveConfig({ backend: { get() {}, set() {}, delete() {}, close() {} }, memory: {} })).toThrow(
      /remove the section memory\.$/,
    );
  });

  it.each([
    { hierarchical: false, distributed: false, compression: false },
    { hierarchical: false, l1: { backend: "memory" } },
    { distributed: false, grpc: { port: 1, peers: ["a:1"] } },
    { compression: false, compressionAlgorithm: "gzip", compressionThreshold: "1KB" },
    { compressionAlgorithm: "gzip" },
    { prometheus: { enabled: false, port: 9100 } },
    { tracing: { enabled: false, endpoint: "http://a" }, sharding: { enabled: false, shards: 4 } },
    { logging: { level: "silent" }, tiers: [], encryption: { keys: [] }, consistency: {} },
  ])("%j is switched off, and no reason to refuse", (config) => {
    expect(resolveConfig(config)).toMatchObject({ backend: "memory" });
  });
});

describe("tiers", () => {
  const FRONT = { backend: "memory" };
  const SHARED = { backend: "redis" };

  it("are those of l1 and l2, or of a list, each with its own settings", () => {
    const l1 = { backend: "memory", size: "10MB", ttl: "5m" };
    const l2 = { backend: "redis", ttl: "10m", redis: { addresses: ["a:1"] } };
    const fromLevels = resolveConfig({ hierarchical: true, l1, l2, consistency: { maxStaleness: "500ms" } });
    expect(fromLevels).toMatchObject({
      backend: "redis",
      maxStalenessMs: 500,
      redis: { addresses: ["a:1"] },
      tiers: [
        { backend: "memory", ttlMs: 300_000, memory: { maxSizeBytes: 10 * 1024 ** 2 } },
        { backend: "redis", ttlMs: 600_000, redis: { addresses: ["a:1"] } },
      ],
    });
    const fromList = resolveConfig({ tiers: [l1, l2], consistency: { maxStaleness: "500ms" } });
    expect(fromList).toEqual({ ...fromLevels, document: fromList.document });
  });

  it("have the settings of the cache where they have none of their own", () => {
    const config = {
      tiers: [FRONT, SHARED],
      redis: { addresses: ["b:2"] },
      memory: { maxSize: "1MB", defaultTtl: "1m" },
    };
    expect(resolveConfig(config).tiers).toMatchObject([
      { memory: { maxSizeBytes: 1024 ** 2 }, ttlMs: 60_000 },
      { redis: { addresses: ["b:2"] }, ttlMs: Number.POSITIVE_INFINITY },
    ]);
  });

  it.each([
    [{ tiers: [{ ttl: "5m" }] }, "tiers[0].backend", /is required/],
    [{ tiers: [FRONT, FRONT] }, "tiers[1].backend", /which other processes cannot share/],
    [{ tiers: [SHARED, SHARED] }, "tiers[0].backend", /Set it to "memory"/],
    [{ tiers: [FRONT, SHARED], backend: "memcached" }, "backend", /no tier is/],
    [{ hierarchical: true, l2: SHARED }, "l1", /hierarchical needs l1/],
    [{ l2: SHARED }, "l2", /no effect without hierarchical/],
    [{ hierarchical: true, l1: FRONT, l2: SHARED, tiers: [SHARED] }, "tiers", /exclude each other/],
    [{ consistency: { maxStaleness: "1s" } }, "consistency.maxStaleness", /and here is none/],
    [{ tiers: [{ ...FRONT, memory: { storage: "shared" } }, SHARED] }, "tiers[0].memory.storage", /Set it to "heap"/],
  ])("%j is refused, with the field and a remedy", (config, field, message) => {
    expect(() => resolveConfig(config)).toThrow(
      expect.objectContaining({ field, message: expect.stringMatching(message) }),
    );
  });
});

describe("peers", () => {
  const TIERS = { tiers: [{ backend: "memory" }, { backend: "redis" }] };

  it("are reached as the section grpc says", () => {
    const grpc = { port: 7_000, host: "127.0.0.1", peers: ["a:1", "b:2"], token: "secret" };
    expect(resolveConfig({ ...TIERS, distributed: true, grpc }).distributed).toEqual({
      transport: "grpc",
      settings: { ...grpc, discovery: undefined, tls: undefined },
    });
  });

  it("without a shared store keep the keys themselves, and have copies in front", () => {
    const resolved = resolveConfig({ distributed: true, grpc: { peers: ["a:1"] }, memory: { maxSize: "1MB" } });
    expect(resolved.isOwnedByPeers).toBe(true);
    expect(resolved.tiers.map(({ backend, memory }) => [backend, memory.maxSizeBytes])).toEqual([
      ["memory", 1_048_576],
      ["memory", 1_048_576],
    ]);
    expect(resolveConfig({ backend: "redis", distributed: true }).isOwnedByPeers).toBe(false);
  });

  it("have memory in front of the store that they share, and find each other by its table", () => {
    const resolved = resolveConfig({ backend: "redis", distributed: true, memory: { maxSize: "1MB" } });
    expect(resolved.tiers).toMatchObject([
      { backend: "memory", memory: { maxSizeBytes: 1024 ** 2 } },
      { backend: "redis" },
    ]);
    expect(resolved.distributed?.settings.peers).toEqual([]);
  });

  it("have memory in front of the store that they share when they are given a transport", () => {
    const transport = inProcessTransport();
    const resolved = resolveConfig({ backend: "memcached", transport, memory: { maxSize: "1MB" } });
    expect(resolved.tiers).toMatchObject([
      { backend: "memory", memory: { maxSizeBytes: 1024 ** 2 } },
      { backend: "memcached" },
    ]);
    expect(resolved.transport).toBe(transport);
    expect(() => resolveConfig({ backend: "redis", transport: {} as never })).toThrow(/join/);
  });

  it.each([
    [
      { tiers: [{ backend: "memory" }, { backend: "memcached" }], distributed: true },
      "grpc.peers",
      /set grpc.peers or grpc.discovery/,
    ],
    [{ grpc: { peers: ["a:1"] } }, "grpc", /no effect without distributed/],
    [
      { distributed: true, grpc: { peers: ["a:1"] }, memory: { storage: "shared" } },
      "memory.storage",
      /Set it to "heap"/,
    ],
    [{ ...TIERS, distributed: true, grpc: { host: "0.0.0.0" } }, "grpc.host", /Set grpc.token, or grpc.tls with/],
    [
      { ...TIERS, distributed: true, grpc: { peers: ["a:1"], tls: true } },
      "grpc.certFile",
      /grpc.tls needs grpc.certFile and grpc.keyFile/,
    ],
  ])("%j is refused, with the field and a remedy", (config, field, message) => {
    expect(() => resolveConfig(config)).toThrow(
      expect.objectContaining({ field, message: expect.stringMatching(message) }),
    );
  });
});
