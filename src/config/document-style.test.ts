import { describe, expect, it } from "vitest";
import { ConfigError } from "../foundation/errors.ts";
import { validateConfig } from "./validate-config.ts";

describe("the style of a document", () => {
  it("decides the unit of numbers: milliseconds with camelCase keys", () => {
    const config = { memory: { defaultTtl: 60_000, maxKeys: 5 } };
    expect(validateConfig(config)).toEqual(config);
  });

  it("decides the unit of numbers: nanoseconds with one snake_case key", () => {
    expect(validateConfig({ memory: { default_ttl: 60_000_000_000 } })).toEqual({ memory: { defaultTtl: 60_000 } });
  });

  it("hints at Go's nanoseconds when a number of milliseconds is far too large", () => {
    const load = (): unknown => validateConfig({ backend: "memcached", memcached: { timeout: 250_000_000 } });
    expect(load).toThrow(/Numbers are milliseconds; write a number of Go nanoseconds as text/);
  });

  it("hints at the unit when a snake_case number is far too small", () => {
    expect(() => validateConfig({ memory: { cleanup_interval: 500 } })).toThrow(/keys are Go nanoseconds/);
  });

  it("takes text with a unit in any style, also a mixed one", () => {
    expect(validateConfig({ memory: { default_ttl: "1m" }, defaultTtl: "5m" })).toEqual({
      memory: { defaultTtl: "1m" },
      defaultTtl: "5m",
    });
  });

  it("refuses a number for a duration when both styles are mixed", () => {
    const load = (): unknown => validateConfig({ memory: { max_keys: 5, defaultTtl: 60_000 } });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(/could be milliseconds or Go nanoseconds/);
  });

  it("refuses a field in both spellings", () => {
    expect(() => validateConfig({ memory: { max_keys: 5, maxKeys: 5 } })).toThrow(/twice, as max_keys and as maxKeys/);
  });

  it("takes empty values as not set in snake_case only", () => {
    expect(validateConfig({ backend: "", memory: { max_keys: 0, max_size: "1MB" } })).toEqual({
      memory: { maxSize: "1MB" },
    });
    expect(() => validateConfig({ backend: "" })).toThrow(/backend must be/);
    expect(() => validateConfig({ memory: { maxKeys: 0 } })).toThrow(/memory.maxKeys must be/);
  });

  it("takes a switch that a Go document does not write as off", () => {
    expect(
      validateConfig({ prometheus: { port: 9100 }, memory: { max_keys: 5 }, grpc: { cert_file: "a", key_file: "b" } }),
    ).toEqual({
      prometheus: { enabled: false, port: 9100 },
      memory: { maxKeys: 5 },
      distributed: false,
      grpc: { tls: false, certFile: "a", keyFile: "b" },
    });
  });

  it("keeps an explicit false for never", () => {
    expect(validateConfig({ memory: { default_ttl: false, max_keys: false } })).toEqual({
      memory: { defaultTtl: false, maxKeys: false },
    });
  });

  it("does not accept Go's -1 in camelCase", () => {
    expect(() => validateConfig({ backend: "redis", redis: { maxRetries: -1 } })).toThrow(/0 to 100; it is -1/);
  });
});
