import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "./error-codes.ts";
import * as errors from "./errors.ts";

const { GocachexError, InvalidArgumentError, BackendError, BackendTimeoutError, ConfigError } = errors;

describe("the error family", () => {
  it("is recognized as one, with arguments being TypeErrors as well", () => {
    const argument = new InvalidArgumentError("GCX_ARGUMENT_KEY", "key", "no");
    expect(argument).toBeInstanceOf(TypeError);
    expect(argument).toBeInstanceOf(GocachexError);
    const timeout = new BackendTimeoutError("redis", "get", 50);
    expect(timeout).toBeInstanceOf(BackendError);
    expect(timeout).toBeInstanceOf(GocachexError);
    expect(timeout).not.toBeInstanceOf(ConfigError);
    expect(new TypeError("no")).not.toBeInstanceOf(GocachexError);
    expect((null as unknown) instanceof GocachexError).toBe(false);
  });

  it("recognizes errors of another copy of the package", async () => {
    const query = "?copy";
    const other = (await import(/* @vite-ignore */ `./errors.ts${query}`)) as typeof errors;
    expect(other.GocachexError).not.toBe(GocachexError);
    expect(new other.CacheClosedError()).toBeInstanceOf(GocachexError);
  });

  it("has names, stable codes, causes, and no enumerable clutter", () => {
    const cause = new Error("why");
    const error = new ConfigError("GCX_CONFIG_INVALID", "memory.maxSize", "wrong", { cause });
    expect(error.name).toBe("ConfigError");
    expect(error.cause).toBe(cause);
    expect(Object.keys(error).sort()).toEqual(["code", "field"]);
    expect(String(error)).toBe("ConfigError: wrong");
  });

  it("has codes that say their area and what is wrong", () => {
    for (const [code, text] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^GCX(_[A-Z]+){2,3}$/);
      expect(text).toMatch(/\.$/);
    }
  });
});
