import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { CacheConfig } from "../../../src/config/cache-config.ts";
import { configJsonSchema } from "../../../src/config/json-schema.ts";
import { loadConfig } from "../../../src/config/load-config.ts";
import { resolveConfig } from "../../../src/config/resolve-config.ts";
import { validateConfig } from "../../../src/config/validate-config.ts";
import { createCache } from "../../../src/create-cache.ts";
import { findSchemaViolations } from "./schema-check.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith(".json"));

const load = (name: string): Promise<unknown> => loadConfig({ file: `${folder}${name}`, env: false });
const parse = (name: string): unknown => JSON.parse(readFileSync(`${folder}${name}`, "utf8"));

/** What a file asks of a store that keeps values as they are; nothing is refused in the others. */
const REFUSED_BY_MEMORY: Readonly<Record<string, string>> = { "memory.json": "compression" };

/** What a file asks of a store that would break a promise which the Go library does not make. */
const REFUSED_BY_COHERENCE: Readonly<Record<string, string>> = {
  "redis-cluster.json": "redis.cluster.readOnly",
};

describe("files of the Go library", () => {
  it.each(names)("%s makes a cache, or what cannot be is refused by name", async (name) => {
    const config = await load(name);
    const ofBytes = REFUSED_BY_MEMORY[name];
    if (ofBytes !== undefined) {
      expect(() => createCache(config as CacheConfig)).toThrow(
        expect.objectContaining({ code: "GCX_CONFIG_UNSUPPORTED", field: ofBytes }),
      );
      return;
    }
    const incoherent = REFUSED_BY_COHERENCE[name];
    if (incoherent !== undefined) {
      expect(() => createCache(config as CacheConfig)).toThrow(
        expect.objectContaining({ code: "GCX_CONFIG_INVALID", field: incoherent }),
      );
      return;
    }
    await createCache(config as CacheConfig).close();
  });

  it.each(names)("%s loads unchanged", async (name) => {
    await expect(load(name)).resolves.toBeTypeOf("object");
  });

  it.each(names)("%s means the same when what was read is read again", async (name) => {
    const read = await load(name);
    expect(validateConfig(read)).toEqual(read);
  });

  it.each(names)("%s follows the published schema", (name) => {
    expect(findSchemaViolations(configJsonSchema(), parse(name))).toEqual([]);
  });

  it("keeps text as it was written under camelCase names", async () => {
    expect(await load("hierarchical.json")).toEqual({
      backend: "memory",
      hierarchical: true,
      serializer: "json",
      compression: true,
      compressionAlgorithm: "lz4",
      l1: {
        backend: "memory",
        ttl: "2m",
        memory: {
          maxSize: "32MB",
          maxKeys: 5000,
          evictionPolicy: "random",
          defaultTtl: "5m",
          cleanupInterval: "30s",
        },
      },
      l2: {
        backend: "redis",
        ttl: "1h",
        redis: { addresses: ["localhost:6379"], poolSize: 12, dialTimeout: "2s" },
      },
    });
  });

  it("reads numbers of durations as nanoseconds", async () => {
    expect(resolveConfig(await load("memory-plain.json")).memory).toMatchObject({
      maxSizeBytes: 64 * 1024 ** 2,
      maxKeys: 2000,
      evictionPolicy: "lru",
      defaultTtlMs: 900_000,
      cleanupIntervalMs: 60_000,
      copy: false,
    });
  });

  it("takes zero values as not set, and drops sections that say nothing", async () => {
    expect(await load("marshalled.json")).toEqual({
      backend: "memory",
      compression: false,
      distributed: false,
      hierarchical: false,
      memory: { maxSize: "100MB", evictionPolicy: "lru", defaultTtl: 3_600_000, cleanupInterval: 600_000 },
    });
  });

  it("creates a memory cache from a file that was marshalled whole", async () => {
    expect(resolveConfig(await load("marshalled.json"))).toMatchObject({
      backend: "memory",
      memory: { maxSizeBytes: 100 * 1024 ** 2, evictionPolicy: "lru", defaultTtlMs: 3_600_000 },
    });
  });

  it("does not mistake the default addresses of unused backends for a request", async () => {
    const config = await load("marshalled-from-environment.json");
    expect(config).not.toHaveProperty("redis");
    expect(config).not.toHaveProperty("memcached");
  });

  it("takes Go's -1 as switched off", async () => {
    expect(await load("redis-cluster.json")).toMatchObject({
      redis: { maxRetries: 0, idleTimeout: false, minRetryBackoff: 0 },
    });
  });

  it("does not take a user's own label names for keys in snake_case", () => {
    const labels = { team_name: "checkout" };
    const config = { prometheus: { enabled: true, labels }, defaultTtl: 5_000 };
    expect(validateConfig(config)).toEqual(config);
  });
});
