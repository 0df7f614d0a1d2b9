import { afterEach, describe, expect, it } from "vitest";
import { registerBackend, unregisterBackend } from "../backend/registry.ts";
import { resolveConfig } from "./resolve-config.ts";

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

const unbuilt = (): never => {
  throw new Error("not built here");
};

afterEach(() => {
  unregisterBackend("my-store");
});

describe("resolveConfig", () => {
  it("fills in every default", () => {
    expect(resolveConfig(undefined)).toEqual({
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
    expect(resolveConfig(config)).toEqual({
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

describe("what is not available yet", () => {
  it.each([
    ["hierarchical", { hierarchical: true, l1: { backend: "memory" }, l2: { backend: "memory" } }],
    ["tiers", { tiers: [{ backend: "memory" }] }],
    ["distributed", { distributed: true, grpc: { peers: ["a:1"] } }],
    ["consistency.maxStaleness", { consistency: { maxStaleness: "1s" } }],
    ["prometheus", { prometheus: { enabled: true } }],
    ["prometheus", { prometheus: { port: 9100 } }],
    ["tracing", { tracing: { enabled: true } }],
    ["logging", { logging: { level: "info" } }],
  ])("%s is refused by name", (field, config) => {
    expect(() => resolveConfig(config)).toThrow(
      expect.objectContaining({ code: "GCX_CONFIG_UNSUPPORTED", field, message: expect.stringContaining(field) }),
    );
  });

  it.each([
    ["distributed", { distributed: true }],
    ["grpc", { grpc: { peers: ["a:1"] } }],
    ["l1", { l1: { backend: "memory" } }],
    ["l2", { l2: { backend: "redis" } }],
    ["hierarchical", { hierarchical: true }],
    ["tiers", { tiers: [{ ttl: "5m" }] }],
    ["logging", { logging: { format: "json", logger: console } }],
  ])("%s is refused before anything leads further into it: %j", (field, config) => {
    expect(() => resolveConfig(config)).toThrow(expect.objectContaining({ code: "GCX_CONFIG_UNSUPPORTED", field }));
  });

  it.each([
    [{ distributed: true }, "distributed is not available in this version yet. Remove it, or set it to false."],
    [{ grpc: { port: 1 } }, "grpc is not available in this version yet. Remove it, or set distributed to false."],
    [
      { tracing: { enabled: true } },
      "tracing is not available in this version yet. Remove it, or set tracing.enabled to false.",
    ],
  ])("%j gets a remedy that works", (config, message) => {
    expect(() => resolveConfig(config)).toThrow(expect.objectContaining({ message }));
  });

  it("is said beside a remedy that leads to it", () => {
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
