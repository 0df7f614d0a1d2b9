import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { defer } from "../support/open-cache.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";
import { type ReplyGate, startReplyGate } from "./support/reply-gate.ts";

/*
 * The table "What a naive build gets wrong" of the protocol against real servers, as far as one store per cache can show it: rows 1 to 6, 15, 22, 23 and 26, and
 * of the rows that speak of a first tier in front (17, 18, 24) what holds without one. Two caches are two processes here: they share nothing but the server. Marks of
 * freshness and the first tier's own back-fills are tested with the tiers; the tiers' own promises in load-tier.test.ts and memcached-load-tier.test.ts, a lost reply to
 * a count in lost-replies.test.ts, records of tags that were evicted (row 16) in memcached-backend-races.test.ts and redis-backend-hostile.test.ts.
 */

interface Store {
  readonly name: string;
  readonly start: () => Promise<TestServer>;
  /** Whether a count is one request. */
  readonly countsAtOnce: boolean;
  readonly configure: (at: { readonly host: string; readonly port: number }) => CacheConfig;
}

/** Patient: a machine that is busy with other tests is slow, not broken. */
const DEADLINES = { connect: "20s", read: "20s", write: "20s" } as const;
const STORES: readonly Store[] = [
  {
    name: "Redis",
    start: () => startRedis(),
    countsAtOnce: true,
    configure: ({ host, port }) => ({
      backend: "redis",
      redis: { addresses: [`${host}:${port}`], readTimeout: "20s", writeTimeout: "20s", poolSize: 1 },
      deadlines: DEADLINES,
    }),
  },
  {
    name: "Memcached",
    start: () => startMemcached(),
    countsAtOnce: false,
    configure: ({ host, port }) => ({
      backend: "memcached",
      memcached: { servers: [`${host}:${port}`], timeout: "20s" },
      deadlines: DEADLINES,
    }),
  },
];
const TAGS = { tags: ["t"], ttl: "1h" } as const;
let caseCount = 0;

describe.each(STORES)("over $name", ({ start, configure, countsAtOnce }) => {
  let server: TestServer;
  let proxy: FaultProxy;
  /** Two processes; the first one's way to the server can be broken. */
  let one: Cache;
  let other: Cache;
  const late: Cache[] = [];

  beforeAll(async () => {
    server = await start();
    proxy = await startFaultProxy({ target: server });
  });
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  });
  beforeEach(async () => {
    caseCount += 1;
    const namespace = `case-${caseCount}`;
    [one, other] = [createCache({ ...configure(proxy), namespace }), createCache({ ...configure(server), namespace })];
    await Promise.all([one.ready(), other.ready()]);
    // Connections, scripts and marks are made; what is held later is what the case is about.
    await one.getOrSet("warm", () => 1, TAGS);
    await one.delete("warm");
  });
  afterEach(async () => {
    proxy.heal();
    await Promise.all([one, other, ...late.splice(0)].map((cache) => cache.close()));
  });

  const changes: ReadonlyArray<readonly [string, (cache: Cache) => Promise<unknown>, string | undefined]> = [
    ["a set", (cache) => cache.set("k", "written"), "written"],
    ["a set of many", (cache) => cache.setMulti({ k: "written" }), "written"],
    ["a delete", (cache) => cache.delete("k"), undefined],
    ["a delete of many", (cache) => cache.deleteMulti(["k"]), undefined],
    ["an invalidation of its tag", (cache) => cache.invalidateTags(["t"]), undefined],
    ["a clear", (cache) => cache.clear(), undefined],
  ];

  /** How a load of "k" begins; `begun` is called by its loader. */
  interface LoadKind {
    readonly name: string;
    readonly prepare?: (cache: Cache) => Promise<unknown>;
    readonly begin: (cache: Cache, read: () => Promise<string | undefined>) => Promise<unknown>;
    readonly answer: string | undefined;
  }
  const kinds: readonly LoadKind[] = [
    { name: "a load", answer: "old", begin: (cache, read) => cache.getOrSet("k", read, TAGS) },
    {
      name: "a batch load",
      answer: "old",
      begin: (cache, read) =>
        cache.getOrSetMulti(["k", "other"], async () => new Map([["k", (await read()) as string]]), TAGS),
    },
    {
      name: "a negative result",
      answer: undefined,
      begin: (cache, read) => cache.getOrSet("k", read, { ...TAGS, negativeTtl: "1h" }),
    },
    {
      name: "a refresh ahead",
      answer: "old",
      // Most of an hour is over.
      prepare: (cache) => cache.set("k", "older", { ...TAGS, ttl: "5m" }),
      begin: (cache, read) => cache.getOrSet("k", read, { ...TAGS, refreshAhead: 0.5 }),
    },
    {
      name: "a forced load",
      answer: "old",
      prepare: (cache) => cache.set("k", "older", TAGS),
      begin: (cache, read) => cache.getOrSet("k", read, { ...TAGS, forceFresh: true }),
    },
    {
      name: "a revalidation behind what is stale",
      answer: "old",
      prepare: async (cache) => {
        await cache.getOrSet("k", () => "older", { ...TAGS, ttl: 1, staleWhileRevalidate: "1h" });
        await expect.poll(() => cache.exists("k")).toBe(false);
      },
      begin: (cache, read) => cache.getOrSet("k", read, { ...TAGS, staleWhileRevalidate: "1h" }),
    },
  ];

  describe.each(kinds)("rows 1, 2, 3, 15, 17 and 23: $name", ({ prepare, begin, answer }) => {
    it.each(changes)(
      "that read its source before %s, here or elsewhere, stores nothing after it",
      async (_, change, left) => {
        for (const changing of [one, other]) {
          await one.delete("k");
          await prepare?.(one);
          const [begun, source] = [defer<void>(), defer<string | undefined>()];
          const read = (): Promise<string | undefined> => {
            begun.resolve();
            return source.promise;
          };
          const over = defer<void>();
          const stop = one.on("load", () => over.resolve());
          const loading = begin(one, read);
          await begun.promise;
          await change(changing);
          source.resolve(answer);
          await Promise.all([loading, over.promise]);
          stop();
          expect([await one.get("k"), await other.get("k")]).toEqual([left, left]);
        }
      },
    );
  });

  describe("row 6: a reader that comes after a change", () => {
    it.each(changes)("is not held up by the load that hung before %s", async (_, change, left) => {
      const [begun, source] = [defer<void>(), defer<string>()];
      const hung = one.getOrSet(
        "k",
        () => {
          begun.resolve();
          return source.promise;
        },
        // Longer than a reader's own time: who waits for it fails.
        { ...TAGS, distributedSingleFlight: { lease: "1m" } },
      );
      await begun.promise;
      await change(one);
      expect(await one.getOrSet("k", () => "new", TAGS)).toBe(left ?? "new");
      source.resolve("old");
      expect(await hung).toBe("old");
      expect(await other.get("k")).toBe(left ?? "new");
    });

    // Which tags a load elsewhere will have nobody knows: what it has found is refused, but who comes meanwhile waits for its end.
    const known = changes.filter(([name]) => name !== "an invalidation of its tag");
    it.each(known)("is not held up by the load that hung elsewhere before %s", async (_, change, left) => {
      const [begun, source] = [defer<void>(), defer<string>()];
      const hung = one.getOrSet(
        "k",
        () => {
          begun.resolve();
          return source.promise;
        },
        { ...TAGS, distributedSingleFlight: { lease: "1m" } },
      );
      await begun.promise;
      await change(other);
      expect(await other.getOrSet("k", () => "new", TAGS)).toBe(left ?? "new");
      source.resolve("old");
      // Nor is it handed what the other one found meanwhile: it has called its own loader.
      expect(await hung).toBe("old");
      expect([await one.get("k"), await other.get("k")]).toEqual([left ?? "new", left ?? "new"]);
    });
  });

  describe("rows 4 and 5: replies in one chunk", () => {
    const together: ReadonlyArray<readonly [string, (cache: Cache) => Promise<unknown>]> = [
      ["a delete", (cache) => cache.delete("k")],
      ["an invalidation of its tag", (cache) => cache.invalidateTags(["t"])],
      ["a clear", (cache) => cache.clear()],
    ];
    let gate: ReplyGate;
    let gated: Cache;
    const outcomes: string[] = [];

    beforeEach(async () => {
      gate = await startReplyGate(server);
      gated = createCache({ ...configure(gate), namespace: `case-${caseCount}` });
      // Connections, scripts and marks are made.
      await gated.getOrSet("warm", () => 1, TAGS);
      await gated.delete("warm");
      outcomes.length = 0;
      gated.on("load", ({ outcome }) => outcomes.push(outcome));
    });
    afterEach(async () => {
      await gated.close();
      await gate.stop();
    });

    it.each(together)("those to a load's write and to %s leave nothing of the load", async (_, change) => {
      // The value is in the request that writes it.
      gate.hold(/old value/);
      const loading = gated.getOrSet("k", () => "old value", TAGS);
      await gate.kept(1);
      expect(await other.get("k")).toBe("old value");
      const changing = change(gated);
      await gate.kept(2);
      gate.release();
      await Promise.all([loading, changing]);
      expect([await gated.get("k"), await other.get("k")]).toEqual([undefined, undefined]);
      expect(await other.getOrSet("k", () => "new", TAGS)).toBe("new");
    });

    it.each(together)(
      "those to what a load asks before its loader and to %s keep it from storing",
      async (_, change) => {
        // That to the read passes, so that the load is there.
        gate.hold();
        const loading = gated.getOrSet("k", () => "old", TAGS);
        await gate.kept(1);
        const changing = change(gated);
        await gate.kept(2);
        gate.release();
        await Promise.all([loading, changing]);
        expect(outcomes).toEqual(["detached"]);
        expect([await gated.get("k"), await other.get("k")]).toEqual([undefined, undefined]);
        expect(await other.getOrSet("k", () => "new", TAGS)).toBe("new");
      },
    );
  });

  describe("row 17: a hit whose reply comes late", () => {
    it.each(changes)("behind %s elsewhere is written back nowhere", async (name, change, left) => {
      // Tags are looked at behind the entry: the invalidation is seen, and the load that follows is younger than it.
      const [seen, last] = name === "an invalidation of its tag" ? ["new", "new"] : ["old", left];
      await other.set("k", "old", TAGS);
      const gate = await startReplyGate(server);
      const gated = createCache({ ...configure(gate), namespace: `case-${caseCount}` });
      await gated.ready();
      expect(await gated.get("k")).toBe("old");
      gate.hold(/k/);
      const hits = [gated.getOrSet("k", () => "new", TAGS), gated.getOrSet("k", () => "new", TAGS)];
      await gate.kept(1);
      await change(other);
      gate.release();
      expect(await Promise.all(hits)).toEqual([seen, seen]);
      // Takes at least as long as a write of the hit would.
      await gated.set("behind", 1, TAGS);
      expect([await one.get("k"), await other.get("k")]).toEqual([last, last]);
      await gated.close();
      await gate.stop();
    });
  });

  it("rows 18 and 22: a load's write whose reply is lost is neither repeated nor brought back after newer writes", async () => {
    const impatient = createCache({
      ...configure(proxy),
      deadlines: { ...DEADLINES, write: 200 },
      namespace: `case-${caseCount}`,
    });
    late.push(impatient);
    const [begun, source] = [defer<void>(), defer<string>()];
    const loading = impatient.getOrSet(
      "k",
      () => {
        begun.resolve();
        return source.promise;
      },
      TAGS,
    );
    await begun.promise;
    const outcomes: string[] = [];
    impatient.on("load", ({ outcome }) => outcomes.push(outcome));
    proxy.set({ blackHolesRequests: true });
    source.resolve("old");
    expect(await loading).toBe("old");
    expect(outcomes).toEqual(["unstored"]);
    await other.set("k", "newer");
    proxy.heal();
    // Answered behind all that was held.
    await expect.poll(() => impatient.get("k")).toBe("newer");
    await impatient.set("behind", 1);
    expect(await other.get("k")).toBe("newer");
  });

  it("row 24: what another process has loaded ends when its entry does, whatever the caller's own TTL", async () => {
    const [begun, source] = [defer<void>(), defer<string>()];
    const first = one.getOrSet(
      "k",
      () => {
        begun.resolve();
        return source.promise;
      },
      { ttl: "1m" },
    );
    await begun.promise;
    const second = other.getOrSet("k", () => "never called", { ttl: "1h" });
    source.resolve("v");
    expect(await Promise.all([first, second])).toEqual(["v", "v"]);
    expect(await other.ttl("k")).toBeLessThanOrEqual(62_000);
  });

  it("row 26: an increment whose connection is lost detaches the load of its key, and is done once", async () => {
    // The server knows how to count: what is held is the count alone.
    await one.increment("warm count");
    const [begun, source] = [defer<void>(), defer<number>()];
    const loading = one.getOrSet("k", () => {
      begun.resolve();
      return source.promise;
    });
    await begun.promise;
    proxy.set({ blackHolesReplies: true });
    const counting = one.increment("k").catch(() => undefined);
    // Where a count is one request it has happened by then; where it begins with a read, that is sent again.
    if (countsAtOnce) await expect.poll(() => other.get("k")).toBe(1);
    proxy.heal();
    proxy.resetAll();
    expect(await counting).toBe(countsAtOnce ? undefined : 1);
    source.resolve(100);
    expect(await loading).toBe(100);
    expect(await other.get("k")).toBe(1);
  });

  describe("what others have been seen to fail in", () => {
    it("a failing loader is called once for 10 callers", async () => {
      let calls = 0;
      const failing = async (): Promise<never> => {
        calls += 1;
        throw new Error("down");
      };
      const results = await Promise.allSettled(Array.from({ length: 10 }, () => one.getOrSet("k", failing)));
      expect(results.map(({ status }) => status)).toEqual(Array(10).fill("rejected"));
      expect(calls).toBe(1);
      // Nobody waits for a lease of the one that failed.
      expect(await other.getOrSet("k", () => "v")).toBe("v");
    });

    it("a second caller does not hang behind a hung loader, here or elsewhere: it takes over, or leaves by its own hard timeout", async () => {
      const begun = defer<void>();
      const hang = (): Promise<never> => {
        begun.resolve();
        return new Promise(() => undefined);
      };
      const hung = expect(one.getOrSet("k", hang, { hardTimeout: 400 })).rejects.toThrow();
      await begun.promise;
      const hasty = expect(other.getOrSet("k", hang, { hardTimeout: 100 })).rejects.toMatchObject({
        code: "GCX_LOADER_TIMEOUT",
      });
      const heirs = [one, other].map((cache) => cache.getOrSet("k", () => "heir"));
      await Promise.all([hung, hasty]);
      expect(await Promise.all(heirs)).toEqual(["heir", "heir"]);
    });

    it("the hard timeout bounds a hung store", async () => {
      proxy.set({ blackHolesReplies: true });
      const startedAt = performance.now();
      const results = await Promise.allSettled([
        one.getOrSet("k", () => "v", { hardTimeout: 200 }),
        one.getOrSetMulti(["k", "l"], () => new Map([["k", "v"]]), { hardTimeout: 200 }),
      ]);
      // Deadlines of the store would be 20 s.
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      expect(results).toHaveLength(2);
    });

    it("a set right after an invalidation of its tag is kept, here and elsewhere", async () => {
      for (let round = 0; round < 50; round += 1) {
        const [writer, reader] = round % 2 === 0 ? [one, other] : [other, one];
        await one.invalidateTags(["t"]);
        await writer.set("k", round, TAGS);
        expect(await reader.get("k")).toBe(round);
      }
    });
  });
});
