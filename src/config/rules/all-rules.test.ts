import { describe, expect, it } from "vitest";
import { validateConfig } from "../validate-config.ts";

const redis = { backend: "redis" };
const memcached = { backend: "memcached" };
const tiers = { hierarchical: true, l1: { backend: "memory" }, l2: { backend: "redis" } };
const key = { certFile: "a", keyFile: "b" };

describe("fields that cannot stand together", () => {
  it.each([
    ["redis", { redis: { db: 1 } }],
    ["redis", { backend: "memory", redis: {} }],
    ["memory", { ...redis, memory: { maxKeys: 5 } }],
    ["memory", { backend: { get() {}, set() {}, delete() {}, close() {} }, memory: {} }],
    ["memcached", { ...tiers, memcached: {} }],
    ["memory.shared", { memory: { shared: { kind: "gocachex-shared-slab", buffer: new SharedArrayBuffer(8) } } }],
    ["memory.maxKeys", { memory: { storage: "shared", shared: {}, maxKeys: 5 } }],
    ["memory.maxSize", { memory: { storage: "shared", shared: {}, maxSize: "1MB" } }],
    ["memory.maxSize", { memory: { storage: "shared", maxSize: false } }],
    ["memory.evictionPolicy", { memory: { storage: "shared", evictionPolicy: "lru" } }],
    ["memory.copy", { memory: { storage: "shared", copy: "freeze" } }],
    ["memory.weigher", { memory: { storage: "shared", weigher: () => 1 } }],
    ["tiers[1].constructor", { tiers: [{ backend: "constructor" }, { backend: "memory", constructor: {} }] }],
    ["l1", { hierarchical: true, l2: { backend: "redis" } }],
    ["l2", { hierarchical: true, l1: { backend: "memory" } }],
    ["l1", { l1: { backend: "memory" } }],
    ["tiers", { ...tiers, tiers: [{ backend: "memory" }] }],
    ["l2.backend", { ...tiers, l2: { ttl: "5m" } }],
    ["l1.redis", { ...tiers, l1: { backend: "memory", redis: {} } }],
    ["l2.size", { ...tiers, l2: { backend: "redis", size: "1GB" } }],
    ["l1.size", { ...tiers, l1: { backend: "memory", size: "1GB", memory: { maxSize: "1GB" } } }],
    ["tiers[1].memory", { tiers: [{ backend: "memory" }, { backend: "redis", memory: {} }] }],
    ["grpc", { grpc: { peers: ["a:1"] } }],
    ["grpc.peers", { distributed: true }],
    ["prometheus.port", { prometheus: { port: 9100 } }],
    ["prometheus.path", { prometheus: { enabled: true, path: "/metrics" } }],
    ["grpc.peers", { distributed: true, grpc: { peers: [] } }],
    ["transport", { transport: { join() {} } }],
    ["transport", { backend: "memory", transport: { join() {} }, memory: {} }],
    ["transport", { tiers: [{ backend: "redis" }], transport: { join() {} } }],
    ["transport", { distributed: true, grpc: { peers: ["a:1"] }, transport: { join() {} } }],
    ["transport", { backend: { get() {}, set() {}, delete() {}, close() {} }, transport: { join() {} } }],
    ["grpc.certFile", { distributed: true, grpc: { peers: ["a:1"], ...key } }],
    ["grpc.keyFile", { distributed: true, grpc: { peers: ["a:1"], tls: true, certFile: "a" } }],
    [
      "redis.sentinel",
      { ...redis, redis: { cluster: { enabled: true }, sentinel: { name: "m", addresses: ["a:1"] } } },
    ],
    ["redis.sentinel.addresses", { ...redis, redis: { sentinel: { name: "m" } } }],
    ["redis.db", { ...redis, redis: { cluster: { enabled: true }, db: 1 } }],
    ["l2.redis.db", { ...tiers, l2: { backend: "redis", redis: { cluster: { enabled: true }, db: 1 } } }],
    ["redis.addresses", { ...redis, redis: { url: "redis://a:1", addresses: ["a:1"] } }],
    ["redis.url", { ...redis, redis: { client: {}, url: "redis://a:1" } }],
    [
      "redis.cluster.routeRandomly",
      { ...redis, redis: { cluster: { enabled: true, routeByLatency: true, routeRandomly: true } } },
    ],
    ["redis.minRetryBackoff", { ...redis, redis: { minRetryBackoff: "1s" } }],
    ["redis.minRetryBackoff", { ...redis, redis: { minRetryBackoff: "1s", maxRetryBackoff: 500 } }],
    ["redis.tlsSkipVerify", { ...redis, redis: { tlsSkipVerify: true } }],
    ["memcached.password", { ...memcached, memcached: { username: "a" } }],
    ["memcached.caFile", { ...memcached, memcached: { caFile: "a" } }],
    ["sharding.enabled", { ...redis, redis: { cluster: { enabled: true } }, sharding: { enabled: true } }],
    ["sharding.enabled", { sharding: { enabled: true } }],
    ["sharding.shards", { ...redis, sharding: { enabled: true, shards: 1, nodes: ["a:1", "b:1"] } }],
    ["logging.format", { logging: { format: "json", logger: console } }],
    ["loading.softTimeout", { loading: { softTimeout: "30s" } }],
    ["loading.softTimeout", { loading: { softTimeout: "2s", hardTimeout: 2_000 } }],
    ["loading.lease", { loading: { distributedSingleFlight: false, lease: "1s" } }],
    ["loading.breakerMinPause", { loading: { breakerMinPause: "40s" } }],
    ["loading.breakerMaxPause", { loading: { breakerMaxPause: "100ms" } }],
  ])("%s is refused in %j", (field, config) => {
    expect(() => validateConfig(config)).toThrow(expect.objectContaining({ code: "GCX_CONFIG_INVALID", field }));
  });

  it.each([
    { compressionAlgorithm: "zstd" },
    { ...tiers, memory: { maxKeys: 5 }, redis: { db: 1 } },
    { ...tiers, backend: "memory" },
    { hierarchical: false, l1: { backend: "memory" }, l2: { backend: "redis" }, redis: { db: 1 } },
    { tiers: [{ backend: "memory" }, { backend: "my-store", "my-store": {} }, { backend: "redis" }] },
    { distributed: false, grpc: { port: 1 } },
    { ...redis, transport: { join() {} } },
    { ...memcached, transport: { join() {} }, memory: { maxKeys: 5 } },
    { ...tiers, distributed: true, transport: { join() {} } },
    { distributed: true, grpc: { discovery: "dns:peers:50051" } },
    { ...redis, redis: { url: "rediss://a:1", caFile: "a" } },
    { ...redis, redis: { tls: false, tlsSkipVerify: true } },
    { ...redis, redis: { cluster: { enabled: true }, db: 0 } },
    { ...redis, redis: { cluster: { enabled: false }, sentinel: { name: "m", addresses: ["a:1"] } } },
    { ...redis, redis: { cluster: { enabled: true } }, sharding: { enabled: false, shards: 4 } },
    { ...memcached, memcached: { servers: ["a:11211 2", "/run/memcached.sock"], username: "a", password: "b" } },
    { logging: { logger: console } },
    { loading: { softTimeout: false, hardTimeout: 1 } },
    { loading: { softTimeout: "1h", hardTimeout: false } },
    { loading: { breakerMinPause: "30s" } },
    { loading: { distributedSingleFlight: true, lease: "1s" } },
  ])("%j is allowed", (config) => {
    expect(validateConfig(config)).toEqual(config);
  });
});
