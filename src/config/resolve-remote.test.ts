import { describe, expect, it } from "vitest";
import { resolveConfig } from "./resolve-config.ts";

const redis = (section: object, more: object = {}): unknown => ({ backend: "redis", redis: section, ...more });

describe("what a Redis section resolves to", () => {
  it("takes a URL apart, with what is percent-encoded", () => {
    const resolved = resolveConfig(redis({ url: "rediss://us%40er:p%3Aw%2F@[::1]:7000/3" })).redis.settings;
    expect(resolved).toMatchObject({
      topology: { kind: "standalone", address: "[::1]:7000" },
      credentials: { username: "us@er", password: "p:w/" },
      db: 3,
      tls: { isVerified: true, caFile: undefined },
    });
    expect(resolveConfig(redis({ url: "redis://:secret@cache" })).redis.settings).toMatchObject({
      topology: { address: "cache:6379" },
      credentials: { username: undefined, password: "secret" },
      db: 0,
      tls: undefined,
    });
  });

  it.each([
    ["redis://host/abc", /number of a database/],
    ["redis://host/99999", /number of a database/],
    ["redis://host?db=2", /parameters/],
    ["redis://us%er@host", /percent-encoded/],
    ["redis:///0", /names no host/],
    ["redis://host:70000", /is no URL/],
  ])("refuses %s without showing it", (url, message) => {
    expect(() => resolveConfig(redis({ url }))).toThrow(expect.objectContaining({ field: "redis.url" }));
    expect(() => resolveConfig(redis({ url }))).toThrow(message);
    try {
      resolveConfig(redis({ url }));
    } catch (error) {
      expect((error as Error).message).not.toContain(url);
    }
  });

  it("settles units, and takes false for never", () => {
    const section = {
      addresses: ["/run/redis.sock"],
      dialTimeout: "1s",
      readTimeout: 5,
      writeTimeout: "6ms",
      poolTimeout: "1m",
      idleTimeout: false,
      idleCheckFrequency: "2s",
      minRetryBackoff: 0,
      maxRetryBackoff: "1s",
      maxRetries: 0,
      poolSize: 2,
      tls: true,
      tlsSkipVerify: true,
      certFile: "c",
      keyFile: "k",
      serverName: "n",
    };
    expect(resolveConfig(redis(section)).redis.settings).toEqual({
      name: "redis",
      topology: { kind: "standalone", address: "/run/redis.sock" },
      credentials: { username: undefined, password: undefined },
      db: 0,
      poolSize: 2,
      dialTimeoutMs: 1_000,
      readTimeoutMs: 5,
      writeTimeoutMs: 6,
      poolTimeoutMs: 60_000,
      idleTimeoutMs: Number.POSITIVE_INFINITY,
      idleCheckMs: 2_000,
      maxRetries: 0,
      retryBackoff: { minMs: 0, maxMs: 1_000 },
      tls: { isVerified: false, caFile: undefined, certFile: "c", keyFile: "k", serverName: "n" },
    });
  });

  it("knows a primary behind sentinels, and clusters by where they are read from", () => {
    const sentinel = { name: "main", addresses: ["s:26379"], username: "u", password: "p" };
    expect(resolveConfig(redis({ sentinel })).redis.settings.topology).toEqual({
      kind: "sentinel",
      name: "main",
      addresses: ["s:26379"],
      credentials: { username: "u", password: "p" },
    });
    const readFrom = (cluster: object): unknown =>
      resolveConfig(
        redis(
          { addresses: ["a:1", "b:1"], cluster: { enabled: true, ...cluster } },
          { consistency: { mode: "plain" } },
        ),
      ).redis.settings.topology;
    const common = { kind: "cluster", addresses: ["a:1", "b:1"], maxRedirects: 3 };
    expect(readFrom({})).toEqual({ ...common, readFrom: "primary" });
    expect(readFrom({ readOnly: true, maxRedirects: 8 })).toEqual({ ...common, readFrom: "replica", maxRedirects: 8 });
    expect(readFrom({ readOnly: true, routeByLatency: true })).toEqual({ ...common, readFrom: "nearest" });
    expect(readFrom({ routeRandomly: true })).toEqual({ ...common, readFrom: "random" });
  });

  it.each([
    ["redis.addresses", redis({ addresses: ["a:1", "b:1"] }), /cluster\.enabled.*sharding\.enabled/],
    ["redis.addresses", redis({ addresses: [] }), /empty/],
    ["redis.cluster.readOnly", redis({ cluster: { enabled: true, readOnly: true } }), /invalidation/],
    ["redis.tls", redis({ url: "rediss://a", tls: false }), /rediss/],
    ["redis.poolSize", redis({ client: {}, poolSize: 3 }), /brings its own connections/],
    ["redis.cluster", redis({ client: {}, cluster: { enabled: true } }), /brings its own connections/],
    ["sharding.shards", redis({}, { sharding: { shards: 4 } }), /sharding\.enabled/],
    ["redis.url", redis({ url: "redis://a" }, { sharding: { enabled: true } }), /needs several/],
    [
      "sharding.algorithm",
      redis({}, { sharding: { enabled: true, algorithm: "jump", nodes: ["a:1 2", "b:1"] } }),
      /weights/,
    ],
    ["sharding.nodes", redis({}, { sharding: { enabled: true, nodes: ["a:1", "a:1 2"] } }), /twice/],
    [
      "redis.addresses",
      redis({ addresses: ["a:1", "b:1"] }, { sharding: { enabled: true, nodes: ["a:1"] } }),
      /same thing/,
    ],
    ["consistency.mode", { consistency: { mode: "plain" } }, /no other mode/],
    ["memcached.servers", { backend: "memcached", memcached: { servers: ["a:1", "a:1 3"] } }, /twice/],
    ["memcached.servers", { backend: "memcached", memcached: { servers: [] } }, /empty/],
  ])("%s is refused in %j", (field, config, message) => {
    expect(() => resolveConfig(config)).toThrow(expect.objectContaining({ code: "GCX_CONFIG_INVALID", field }));
    expect(() => resolveConfig(config)).toThrow(message);
  });

  it("lets an injected client keep what is ours", () => {
    const client = { sendCommand() {} };
    const resolved = resolveConfig(redis({ client, readTimeout: 50, maxRetries: 1 }));
    expect(resolved.redis.client).toBe(client);
    expect(resolved.redis.settings).toMatchObject({ readTimeoutMs: 50, maxRetries: 1 });
  });
});

describe("what Memcached and sharding sections resolve to", () => {
  it("knows weights, credentials and TLS", () => {
    const memcached = {
      servers: ["a:1", "[::1]:2 5", "/run/m.sock 2"],
      timeout: "1s",
      maxIdleConns: 7,
      username: "u",
      password: "p",
      tls: true,
      caFile: "ca",
    };
    expect(resolveConfig({ backend: "memcached", memcached }).memcached).toEqual({
      settings: {
        name: "memcached",
        timeoutMs: 1_000,
        maxIdleConnections: 7,
        credentials: { username: "u", password: "p" },
        tls: { isVerified: true, caFile: "ca", certFile: undefined, keyFile: undefined, serverName: undefined },
      },
      servers: [
        { address: "a:1", weight: 1 },
        { address: "[::1]:2", weight: 5 },
        { address: "/run/m.sock", weight: 2 },
      ],
    });
  });

  it("is nothing where sharding is off, and all defaults where it is on", () => {
    expect(resolveConfig(redis({}, { sharding: { enabled: false, shards: 4 } })).sharding).toBe(undefined);
    expect(resolveConfig(redis({ addresses: ["a:1", "b:1"] }, { sharding: { enabled: true } })).sharding).toEqual({
      algorithm: "consistent",
      replicas: undefined,
      shards: undefined,
      nodes: undefined,
      failover: "error",
    });
  });

  it("leaves entries of mode plain without a head of ours, unless something needs it", () => {
    const plain = { consistency: { mode: "plain" } };
    expect(resolveConfig(redis({}, plain)).codec.hasEnvelope).toBe(false);
    expect(resolveConfig(redis({}, { ...plain, envelope: true })).codec.hasEnvelope).toBe(true);
    expect(resolveConfig(redis({}, { ...plain, compression: true })).codec.hasEnvelope).toBe(true);
    expect(resolveConfig(redis({})).codec.hasEnvelope).toBe(true);
  });
});
