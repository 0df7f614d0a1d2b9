import { describe, expect, it } from "vitest";
import { CACHE_EVENT_NAMES } from "../../src/events/cache-events.ts";
import { BackendError } from "../../src/foundation/errors.ts";
import { describeError } from "../../src/observability/logging/describe-error.ts";
import { logCache } from "../../src/observability/logging/log-cache.ts";
import { LINE_RULES } from "../../src/observability/logging/log-lines.ts";
import type { Logger } from "../../src/observability/logging/logger.ts";
import { prettyLine } from "../../src/observability/logging/pretty-line.ts";
import { openMemoryCache, openRemoteCache } from "../support/open-cache.ts";

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

class ListLogger implements Logger {
  readonly lines: Line[] = [];
  trace = this.#writer("trace");
  debug = this.#writer("debug");
  info = this.#writer("info");
  warn = this.#writer("warn");
  error = this.#writer("error");
  texts(): readonly string[] {
    return this.lines.map(({ level, message }) => `${level} ${message}`);
  }
  #writer(level: string): Logger["info"] {
    return (fields, message) => void this.lines.push({ level, message, fields });
  }
}

describe("the log of a cache", () => {
  it("has a line for every event there is", () => {
    expect(new Set(Object.keys(LINE_RULES))).toEqual(CACHE_EVENT_NAMES);
  });

  it("listens only to what is written at its level, and follows when that changes", async () => {
    const { cache, events, time } = openMemoryCache();
    const logger = new ListLogger();
    const log = logCache(cache, { logger, scheduler: time.scheduler });
    expect(["hit", "operation", "load", "error"].map((name) => events.wants(name as "hit"))).toEqual([
      ...[false, false, true, true],
    ]);
    await cache.set("k", 1);
    await cache.get("k");
    expect(logger.lines).toEqual([]);
    log.setLevel("trace");
    await cache.get("k");
    expect(logger.texts()).toEqual(["trace hit"]);
    log.setLevel("silent");
    expect(events.wants("error")).toBe(false);
    log.setLevel("info");
    await cache.close();
    expect(logger.texts()).toEqual(["trace hit", "info closed"]);
  });

  it("shows keys and tags as digests that are the same in one process only, unless it is asked for them", async () => {
    const { cache, time } = openMemoryCache();
    const [first, second, plain] = [new ListLogger(), new ListLogger(), new ListLogger()];
    for (const logger of [first, second]) logCache(cache, { logger, level: "trace", scheduler: time.scheduler });
    logCache(cache, { logger: plain, level: "trace", keys: true, scheduler: time.scheduler });
    await cache.set("user:anna@example.com", 1);
    await cache.get("user:anna@example.com");
    await cache.invalidateTags(["anna"]);
    expect(JSON.stringify(first.lines)).not.toMatch(/anna/);
    const keys = first.lines.map(({ fields }) => fields["key"]).filter((key) => key !== undefined);
    expect(new Set(keys).size).toBe(1);
    expect(second.lines[0]?.fields["key"]).not.toBe(keys[0]);
    expect(JSON.stringify(plain.lines)).toMatch(/"key":"user:anna@example.com".*"tags":\["anna"\]/);
  });

  it("tells a storm of the same failure once a second, with a count, and other failures beside it", async () => {
    const { cache, store, time } = openRemoteCache();
    const logger = new ListLogger();
    const log = logCache(cache, { logger, scheduler: time.scheduler });
    const fail = (): Promise<never> => Promise.reject(new Error("the loader's own"));
    for (let count = 0; count < 1_000; count += 1) await cache.getOrSet(`k${count}`, fail).catch(() => undefined);
    expect(logger.texts()).toEqual(["warn a loader failed"]);
    await cache.getOrSet("k", () => Promise.reject(new TypeError("another"))).catch(() => undefined);
    expect(logger.lines.length).toBe(2);
    await time.advanceAsync(1_000);
    expect(logger.lines.map(({ fields }) => fields["repeated"])).toEqual([undefined, undefined, 999]);
    await time.advanceAsync(5_000);
    expect(logger.lines.length).toBe(3);
    await cache.getOrSet("k", fail).catch(() => undefined);
    await cache.getOrSet("k", fail).catch(() => undefined);
    expect(logger.lines.length).toBe(4);
    // The last count is not lost with the log.
    log.stop();
    expect(logger.lines.at(-1)?.fields).toMatchObject({ repeated: 1 });
    expect(store).toBeDefined();
  });

  it("is nothing that a logger could break", async () => {
    const { cache, time } = openMemoryCache();
    const broken = (): never => {
      throw new Error("full disk");
    };
    logCache(cache, {
      logger: { debug: broken, info: broken, warn: broken, error: broken },
      level: "trace",
      scheduler: time.scheduler,
    });
    await cache.set("k", 1);
    expect(await cache.get("k")).toBe(1);
    await cache.close();
  });

  it("writes trace lines as debug where the logger has no trace, and calls methods as methods", async () => {
    const { cache, time } = openMemoryCache();
    const lines: string[] = [];
    class Own {
      readonly prefix = "own";
      debug(_fields: object, message: string): void {
        lines.push(`${this.prefix} ${message}`);
      }
      info(): void {}
      warn(): void {}
      error(): void {}
    }
    logCache(cache, { logger: new Own(), level: "trace", scheduler: time.scheduler });
    await cache.get("k");
    expect(lines).toEqual(["own miss"]);
  });
});

describe("an error in a line", () => {
  it("has its kind, code, text and causes, and no credentials or stack", () => {
    const cause = new Error("connect redis://user:secret@10.0.0.1:6379 refused");
    const error = new BackendError("GCX_BACKEND_FAILED", "redis", "get", 'redis: "get" failed.', { cause });
    expect(describeError(error)).toEqual({
      type: "BackendError",
      code: "GCX_BACKEND_FAILED",
      message: 'redis: "get" failed.',
      causes: [{ type: "Error", message: "connect redis://***@10.0.0.1:6379 refused" }],
    });
  });

  it("is short, whatever was thrown", () => {
    const circular = new Error("x".repeat(10_000));
    circular.cause = circular;
    const described = describeError(circular);
    expect(described.message.length).toBeLessThan(1_100);
    expect(described.causes?.length).toBe(5);
    expect(describeError(Object.create(null))).toEqual({ type: "object", message: "not an error was thrown" });
  });
});

describe("a line for people", () => {
  it("is one line, whatever is in it", () => {
    const json = JSON.stringify({
      ...{ level: 40, time: "2026-01-02T03:04:05.678Z", name: "gocachex", event: "connection" },
      ...{ node: "127.0.0.1:1", detail: "two words", error: { message: "a\u001b[2J\nb" }, msg: "lost\u0007" },
    });
    expect(prettyLine(json, false)).toBe(
      '03:04:05.678 WARN  lost\\x07 name=gocachex event=connection node=127.0.0.1:1 detail="two words" error={"message":"a\\u001b[2J\\nb"}\n',
    );
    expect(prettyLine(json, true)).toContain("\u001b[33mWARN \u001b[0m lost");
  });
});
