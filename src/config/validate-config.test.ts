import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { registerBackend, unregisterBackend } from "../backend/registry.ts";
import { ConfigError } from "../foundation/errors.ts";
import { CACHE_FIELDS } from "./cache-config.ts";
import { toSnakeCase } from "./field-name.ts";
import { validateConfig } from "./validate-config.ts";

function refusal(config: unknown): ConfigError {
  try {
    validateConfig(config);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("accepted");
}

describe("validateConfig", () => {
  it("returns what is valid as it was written", () => {
    const config = {
      backend: "memory",
      memory: { maxSize: "64MB", maxKeys: false, defaultTtl: "5m" },
      defaultTtl: 500,
    };
    expect(validateConfig(config)).toEqual(config);
    expect(validateConfig(undefined)).toEqual({});
  });

  it.each([null, 5, "memory", [], new Map(), () => ({})])("refuses %s for a configuration", (config) => {
    expect(refusal(config)).toMatchObject({ code: "GCX_CONFIG_INVALID", field: "" });
  });

  it.each([
    ["memory.maxSize", { memory: { maxSize: "12XB" } }, /"12XB".*"100MB"/],
    ["memory.maxSize", { memory: { maxSize: 1000 } }, /from "1 KB".*1000/],
    ["memory.maxSize", { memory: { maxSize: -1 } }, /-1/],
    ["memory.maxKeys", { memory: { maxKeys: 0 } }, /from 1 to/],
    ["memory.maxKeys", { memory: { maxKeys: 1.5 } }, /whole number/],
    ["memory.maxKeys", { memory: { maxKeys: "100" } }, /without quotes/],
    ["memory.evictionPolicy", { memory: { evictionPolicy: "lur" } }, /Did you mean "lru"/],
    ["memory.defaultTtl", { memory: { defaultTtl: "soon" } }, /"soon".*"5m"/],
    ["memory.copy", { memory: { copy: "true" } }, /without quotes/],
    ["memory", { memory: true }, /must be an object; it is true/],
    ["memory", { memory: null }, /it is null/],
    ["deadlines.read", { deadlines: { read: 0 } }, /"1ms" to "10m"/],
    ["deadlines.read", { deadlines: { read: "500" } }, /Add a unit.*"500ms"/],
    ["deadlines.read", { deadlines: { read: Number.NaN } }, /NaN/],
    ["deadlines.close", { deadlines: { close: false } }, /false/],
    ["defaultTtl", { defaultTtl: -1 }, /"1ms"/],
    ["backend", { backend: 7 }, /it is 7/],
    ["backend", { backend: { name: "half", get() {} } }, /no function set, delete, close/],
    ["namespace", { namespace: 5 }, /text of 0 to 1024/],
    ["redis.addresses[1]", { backend: "redis", redis: { addresses: ["a:1", "b:70000"] } }, /localhost:6379.*"b:70000"/],
    ["redis.addresses", { backend: "redis", redis: { addresses: "a:1" } }, /brackets/],
    ["tracing.sampleRate", { tracing: { sampleRate: 1.1 } }, /0 to 1/],
    ["prometheus.labels", { prometheus: { labels: { a: 1 } } }, /not a text/],
    ["tiers[0]", { tiers: [5] }, /must be an object/],
    ["logging.logger", { logging: { logger: {} } }, /no function debug, info, warn, error/],
  ])("names the field %s, what was given, and what is allowed", (field, config, message) => {
    const error = refusal(config);
    expect(error).toMatchObject({ code: "GCX_CONFIG_INVALID", field });
    expect(error.message).toMatch(message);
  });

  it("reports all problems in one message, up to ten, with the first one's field", () => {
    const error = refusal({ memory: { maxKeys: 0 }, namespace: 1, deadlines: { read: 0 } });
    expect(error.field).toBe("memory.maxKeys");
    expect(error.message).toMatch(/^3 problems/);
    expect(error.message).toMatch(/namespace must be/);
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`nonsense${index}`, 1]));
    expect(refusal(many).message.split("\n")).toHaveLength(12);
    expect(refusal(many).message).toMatch(/and 20 more/);
  });

  it.each([
    ["redis.password", { backend: "redis", redis: { password: ["hunter2"] } }],
    ["redis.url", { backend: "redis", redis: { url: "http://user:hunter2@host" } }],
    ["redis.addresses[0]", { backend: "redis", redis: { addresses: ["redis://user:hunter2@host:6379"] } }],
    ["encryption.keys[0]", { encryption: { keys: ["hunter2"] } }],
    ["tracing.headers", { tracing: { headers: "authorization hunter2" } }],
    ["redis.passwrod", { backend: "redis", redis: { passwrod: "hunter2" } }],
  ])("never shows a credential that stands in %s", (field, config) => {
    const error = refusal(config);
    expect(error.field).toBe(field);
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain("hunter2");
  });

  it("stays quick when a large document is all wrong", () => {
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`memorySize${index}`, 1]));
    const startedAt = performance.now();
    expect(refusal(many).message).toMatch(/^100000 problems/);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it("never changes what it is given", () => {
    const config = Object.freeze({ memory: Object.freeze({ max_size: "64MB", default_ttl: 5_000_000_000 }) });
    expect(validateConfig(config)).toEqual({ memory: { maxSize: "64MB", defaultTtl: 5_000 } });
  });

  it("throws nothing but ConfigError, whatever it is given", () => {
    const names = Object.entries(CACHE_FIELDS).flatMap(([name, field]) => {
      const inner = field.kind === "section" ? Object.keys(field.fields) : [];
      return [name, ...inner].flatMap((each) => [each, toSnakeCase(each)]);
    });
    const key = fc.oneof(fc.constantFrom(...names, "__proto__", "constructor", "toString"), fc.string());
    const leaf = fc.oneof(fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }));
    const section = fc.dictionary(
      key,
      fc.oneof(leaf, fc.dictionary(key, leaf, { maxKeys: 4 }), fc.array(fc.dictionary(key, leaf), { maxLength: 2 })),
      { maxKeys: 4 },
    );
    fc.assert(
      fc.property(fc.oneof(section, fc.dictionary(key, section, { maxKeys: 3 }), leaf), (config) => {
        try {
          const valid = validateConfig(config);
          expect(validateConfig(valid)).toEqual(valid);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("keys that are no options", () => {
  it.each([
    [{ memory: { maxSzie: "1MB" } }, "memory.maxSzie", "memory.maxSzie. Did you mean maxSize?"],
    [{ memory: { MaxKeys: 5 } }, "memory.MaxKeys", "Did you mean maxKeys?"],
    [{ memory: { max_szie: "1MB", max_keys: 5 } }, "memory.max_szie", "Did you mean max_size?"],
    [{ maxSize: "1MB" }, "maxSize", "Did you mean memory.maxSize?"],
    [{ defaultTTL: 5 }, "defaultTTL", "Did you mean defaultTtl?"],
    [{ deadlines: { zzzzzz: 5 } }, "deadlines.zzzzzz", "Known here: connect, read, write, health, close."],
    [{ constructor: 5 }, "constructor", "Unknown option constructor"],
  ])("%j names the place and the nearest option", (config, field, message) => {
    const error = refusal(config);
    expect(error).toMatchObject({ code: "GCX_CONFIG_UNKNOWN_OPTION", field });
    expect(error.message).toContain(message);
  });

  it.each([
    '{"__proto__": {"backend": "redis"}}',
    '{"memory": {"__proto__": {"maxKeys": 1}}}',
    '{"prometheus": {"labels": {"__proto__": "x"}}}',
    '{"backend": "__proto__", "__proto__": {"polluted": true}}',
    '{"backend": "my-store", "my-store": {"deep": [{"__proto__": {"polluted": true}}]}}',
  ])("%s pollutes no prototype", (text) => {
    expect(refusal(JSON.parse(text)).code).toMatch(/^GCX_CONFIG_(UNKNOWN_OPTION|INVALID)$/);
    expect({}).not.toHaveProperty("polluted");
  });
});

describe("plug-in backends", () => {
  afterEach(() => {
    unregisterBackend("my-store");
  });

  it("have their options in a section of their name, which is left as it is", () => {
    const options = { url: "x://y", nested: { max_size: 0 } };
    const config = { backend: "my-store", "my-store": options };
    expect(validateConfig(config)).toEqual(config);
  });

  it("must be used to have options", () => {
    registerBackend("my-store", () => {
      throw new Error("not built here");
    });
    expect(refusal({ "my-store": {} }).message).toMatch(/plug-in backend "my-store", which is not used/);
  });

  it("cannot be called like an option", () => {
    expect(refusal({ backend: "tracing", tracing: { enabled: true } }).message).toMatch(/another name/);
  });

  it("have options only in an object", () => {
    expect(refusal({ backend: "my-store", "my-store": 5 })).toMatchObject({ field: "my-store" });
  });
});
