import { describe, expect, it } from "vitest";
import { findSchemaViolations } from "../../test/compat/config-files/schema-check.ts";
import { configJsonSchema } from "./json-schema.ts";
import { validateConfig } from "./validate-config.ts";

const schema = configJsonSchema();

/** Memory, copies in other stores, and a shared one. */
function tiersOf(count: number): readonly object[] {
  const copies = Array.from({ length: count - 2 }, (_, index) => ({
    backend: "redis",
    redis: { addresses: [`copies-${index}:6379`] },
  }));
  return [{ backend: "memory" }, ...copies, { backend: "redis" }];
}

describe("configJsonSchema", () => {
  it("is plain JSON of draft 2020-12", () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
    expect(schema).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema", type: "object" });
  });

  it("describes every property, in both spellings, with its default and its words", () => {
    const { memory } = schema["$defs"] as Record<string, { properties: Record<string, Record<string, unknown>> }>;
    expect(memory?.properties).toMatchObject({
      maxSize: { default: "100MB", description: expect.stringContaining("How much memory") },
      max_size: { default: "100MB" },
      evictionPolicy: { enum: expect.arrayContaining(["w-tinylfu", "lru"]) },
    });
  });

  it.each([
    { backend: "memory", memory: { maxSize: "1.5 GiB", maxKeys: false, defaultTtl: "1h30m", cleanupInterval: 500 } },
    { $schema: "./schema.json", backend: "my-store", "my-store": { anything: [1] } },
    { backend: "redis", redis: { addresses: ["[::1]:6379"], cluster: { enabled: true, max_redirects: 3 } } },
    {
      tiers: [
        { backend: "memory", size: 4096 },
        { backend: "redis", ttl: "1h" },
      ],
    },
    { tiers: tiersOf(4) },
    { loading: { refreshAhead: 0.8, earlyRefresh: 1.5, grace: "1h", errorTtl: false, hardTimeout: false } },
    { loading: { refreshAhead: false, earlyRefresh: false, soft_timeout: "200ms" } },
  ])("accepts %j, as validateConfig does", (config) => {
    expect(findSchemaViolations(schema, config)).toEqual([]);
    expect(() => validateConfig(config)).not.toThrow();
  });

  it.each([
    { memory: { maxSzie: "1MB" } },
    { memory: { maxSize: "12XB" } },
    { memory: { maxKeys: 0 } },
    { memory: { evictionPolicy: "" } },
    { deadlines: { read: "soon" } },
    { backend: 5 },
    { backend: "redis", redis: { addresses: ["nowhere"] } },
    { tracing: { sampleRate: 2 } },
    { nonsense: 5 },
    { loading: { refreshAhead: 1 } },
    { loading: { refreshAhead: 0 } },
    { loading: { earlyRefresh: -1 } },
    { loading: { negativeTtl: true } },
    { tiers: tiersOf(5) },
  ])("refuses %j, as validateConfig does", (config) => {
    expect(findSchemaViolations(schema, config)).not.toEqual([]);
    expect(() => validateConfig(config)).toThrow();
  });
});
