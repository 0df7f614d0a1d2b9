import { describe, expect, it } from "vitest";
import { openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
  ["a remote store without counters", () => openRemoteCache({ capabilities: { counters: false } })],
];

describe.each(stores)("counters on %s", (name, open) => {
  it("counts up and down from an initial value and is read as a number", async () => {
    const { cache } = open();
    expect(await cache.increment("n")).toBe(1);
    expect(await cache.increment("n", 5)).toBe(6);
    expect(await cache.decrement("n", 10)).toBe(-4);
    expect(await cache.get("n")).toBe(-4);
    expect(await cache.increment("m", 1, { initial: 100 })).toBe(101);
    await cache.set("set", 10);
    expect(await cache.increment("set", 5)).toBe(15);
  });

  it("counts beyond 2^53 with bigints and never gives a wrong number", async () => {
    const { cache } = open();
    const large = 2n ** 53n;
    expect(await cache.increment("n", large + 1n)).toBe(large + 1n);
    expect(await cache.increment("n", 2n)).toBe(large + 3n);
    expect(await cache.get("n")).toBe(large + 3n);
    await expect(cache.increment("n", 1)).rejects.toMatchObject({ name: "CounterError", code: "GCX_COUNTER_RANGE" });
    expect(await cache.get("n")).toBe(large + 3n);
    await expect(cache.increment("n", 2n ** 63n)).rejects.toMatchObject({ code: "GCX_COUNTER_RANGE" });
    expect(await cache.get("n")).toBe(large + 3n);
    expect(await cache.decrement("n", large)).toBe(3n);
    expect(await cache.get("n")).toBe(3);
  });

  it("refuses to count what is no integer, and deltas that are none", async () => {
    const { cache } = open();
    await cache.set("text", "5");
    await cache.set("half", 0.5);
    await expect(cache.increment("text")).rejects.toMatchObject({ code: "GCX_COUNTER_TYPE" });
    await expect(cache.increment("half")).rejects.toMatchObject({ code: "GCX_COUNTER_TYPE" });
    for (const delta of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "1"]) {
      await expect(cache.increment("n", delta as number)).rejects.toMatchObject({ code: "GCX_ARGUMENT_COUNTER" });
    }
    expect(await cache.get("text")).toBe("5");
  });

  it("gives a TTL to the counter it creates and leaves an existing one's alone", async () => {
    const { cache, time } = open();
    await cache.increment("n", 1, { ttl: "10s" });
    await time.advanceAsync(4_000);
    await cache.increment("n", 1, { ttl: "1h" });
    expect(await cache.ttl("n")).toBe(6_000);
    await time.advanceAsync(6_000);
    expect(await cache.increment("n", 1)).toBe(1);
    expect(await cache.ttl("n")).toBe(Number.POSITIVE_INFINITY);
  });

  it("loses no update among concurrent callers", async () => {
    const { cache, time } = open();
    const calls = Promise.all(Array.from({ length: 10 }, () => cache.increment("n")));
    for (let round = 0; round < 60; round += 1) await time.advanceAsync(50);
    await calls;
    expect(await cache.get("n")).toBe(10);
  });

  it("gives the tags of its namespace to a counter that it creates", async () => {
    const { cache } = open();
    const view = cache.namespace("n", { tags: ["t"] });
    await view.increment("n");
    await view.increment("n");
    expect(await view.getEntry("n")).toMatchObject({ value: 2, tags: ["t"] });
    await cache.invalidateTags(["t"]);
    expect(await view.increment("n")).toBe(1);
  });

  it("counts a repeated opId once, or says that it cannot", async () => {
    const { cache } = open();
    if (name.endsWith("without counters")) {
      await expect(cache.increment("n", 1, { opId: "a" })).rejects.toMatchObject({ code: "GCX_OPERATION_UNSUPPORTED" });
      return;
    }
    expect(await cache.increment("n", 5, { opId: "a" })).toBe(5);
    expect(await cache.increment("n", 5, { opId: "b" })).toBe(10);
    expect(await cache.increment("n", 5, { opId: "a" })).toBe(5);
    expect(await cache.get("n")).toBe(10);
    await cache.increment("wide", 2n ** 60n + 1n, { opId: "w" });
    await expect(cache.increment("wide", 1, { opId: "w" })).rejects.toMatchObject({ code: "GCX_COUNTER_RANGE" });
    expect(await cache.increment("wide", 1n, { opId: "w" })).toBe(2n ** 60n + 1n);
  });
});

describe.each(stores.slice(0, 2))("conditional writes on %s", (_name, open) => {
  it("writes with setNX only when nothing is there", async () => {
    const { cache, time } = open();
    const results = await Promise.all([
      cache.setNX("k", 1, "1s"),
      cache.setNX("k", 2, "1s"),
      cache.setNX("k", 3, "1s"),
    ]);
    expect(results).toEqual([true, false, false]);
    expect(await cache.get("k")).toBe(1);
    await time.advanceAsync(1_000);
    expect(await cache.setNX("k", 4)).toBe(true);
  });

  it("swaps with getSet and returns what was there", async () => {
    const { cache } = open();
    expect(await cache.getSet("k", 1)).toBeUndefined();
    expect(await cache.getSet("k", 2, "1m")).toBe(1);
    expect(await cache.get("k")).toBe(2);
    expect(await cache.ttl("k")).toBe(60_000);
  });

  it("writes with compareAndSet only on the expected version", async () => {
    const { cache } = open();
    const created = await cache.compareAndSet("k", 0, "a");
    expect(created.ok).toBe(true);
    expect(await cache.compareAndSet("k", 0, "b")).toEqual({ ok: false, version: created.version });
    const changed = await cache.compareAndSet("k", created.version, "b");
    expect(changed.ok).toBe(true);
    expect(await cache.compareAndSet("k", created.version, "c")).toEqual({ ok: false, version: changed.version });
    await cache.delete("k");
    expect(await cache.compareAndSet("k", changed.version, "d")).toEqual({ ok: false, version: 0 });
    expect(await cache.exists("k")).toBe(false);
  });

  it("refuses a TTL of 0 where a write depends on what is there", async () => {
    const { cache } = open();
    for (const call of [
      cache.setNX("k", 1, 0),
      cache.getSet("k", 1, 0),
      cache.compareAndSet("k", 0, 1, { ttl: 0 }),
      cache.update("k", () => 1, { ttl: 0 }),
    ]) {
      await expect(call).rejects.toMatchObject({ code: "GCX_ARGUMENT_TTL" });
    }
  });

  it("updates without losing concurrent changes, keeping TTL and tags", async () => {
    const { cache, time } = open();
    await cache.set("k", [] as number[], { ttl: "1m", tags: ["t"] });
    const append = (item: number): Promise<number[]> =>
      cache.update<number[]>("k", async (list) => {
        await settle();
        return [...(list ?? []), item];
      });
    const all = Promise.all([1, 2, 3, 4, 5].map(append));
    for (let round = 0; round < 60; round += 1) await time.advanceAsync(0.5);
    await all;
    expect((await cache.get<number[]>("k"))?.sort()).toEqual([1, 2, 3, 4, 5]);
    expect(await cache.getEntry("k")).toMatchObject({ tags: ["t"] });
    expect(await cache.ttl("k")).toBeLessThan(60_000);
  });

  it("creates with update, and leaves the key alone when the change returns undefined", async () => {
    const { cache } = open();
    expect(await cache.update<number>("k", (n) => (n ?? 0) + 1)).toBe(1);
    expect(await cache.update("k", () => undefined)).toBe(1);
    expect(await cache.get("k")).toBe(1);
    const failure = new Error("no");
    await expect(cache.update("k", () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await cache.get("k")).toBe(1);
  });

  it("gives up updating after maxAttempts", async () => {
    const { cache } = open();
    let attempts = 0;
    const call = cache.update(
      "k",
      async () => {
        attempts += 1;
        await cache.set("k", attempts);
        return -1;
      },
      { maxAttempts: 1 },
    );
    await expect(call).rejects.toMatchObject({
      name: "TransactionConflictError",
      code: "GCX_TRANSACTION_CONFLICT",
      attempts: 1,
    });
    expect(await cache.get("k")).toBe(1);
  });
});

describe.each(stores.slice(0, 2))("transactions on %s", (_name, open) => {
  it("reads and writes several keys, all or nothing", async () => {
    const { cache } = open();
    await cache.setMulti({ from: 10, to: 1 });
    const moved = await cache.transaction(["from", "to", "log"], (tx) => {
      const amount = 4;
      tx.set("from", (tx.get<number>("from") as number) - amount);
      tx.set("to", (tx.get<number>("to") as number) + amount, "1m");
      tx.set("log", "moved", { tags: ["t"] });
      expect(tx.get("from")).toBe(6);
      return amount;
    });
    expect(moved).toBe(4);
    expect(await cache.getMulti(["from", "to", "log"])).toEqual(
      new Map<string, unknown>([
        ["from", 6],
        ["to", 5],
        ["log", "moved"],
      ]),
    );
    expect(await cache.ttl("to")).toBe(60_000);
    await cache.transaction(["log", "to"], (tx) => {
      tx.delete("log");
      expect(tx.get("log")).toBeUndefined();
      tx.set("to", 0, 0);
    });
    expect((await cache.getMulti(["log", "to"])).size).toBe(0);
  });

  it("writes nothing when the body throws", async () => {
    const { cache } = open();
    const failure = new Error("no");
    await expect(
      cache.transaction(["a"], (tx) => {
        tx.set("a", 1);
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(await cache.exists("a")).toBe(false);
  });

  it("runs again when a declared key changed meanwhile, also one that was only read", async () => {
    const { cache, time } = open();
    await cache.setMulti({ read: 1, written: 0 });
    const seen: number[] = [];
    const running = cache.transaction(["read", "written"], async (tx) => {
      const value = tx.get<number>("read") as number;
      seen.push(value);
      if (seen.length === 1) await cache.set("read", 2);
      tx.set("written", value);
    });
    for (let round = 0; round < 10; round += 1) await time.advanceAsync(5);
    await running;
    expect(seen).toEqual([1, 2]);
    expect(await cache.get("written")).toBe(2);
  });

  it("gives up after maxAttempts and has written nothing", async () => {
    const { cache } = open();
    const running = cache.transaction(
      ["a", "b"],
      async (tx) => {
        await cache.increment("a");
        tx.set("b", 1);
      },
      { maxAttempts: 1 },
    );
    await expect(running).rejects.toMatchObject({ code: "GCX_TRANSACTION_CONFLICT" });
    expect(await cache.exists("b")).toBe(false);
  });

  it("refuses keys that were not declared, and use after the end", async () => {
    const { cache } = open();
    let leaked: { get(key: string): unknown } | undefined;
    await expect(
      cache.transaction(["a"], (tx) => {
        leaked = tx;
        tx.set("b", 1);
      }),
    ).rejects.toMatchObject({ code: "GCX_TRANSACTION_KEY" });
    expect(() => leaked?.get("a")).toThrow("has ended");
    await expect(cache.transaction([], () => 1)).rejects.toMatchObject({ code: "GCX_ARGUMENT_KEY" });
    await expect(cache.transaction(["a"], 5 as never)).rejects.toMatchObject({ code: "GCX_ARGUMENT_OPTION" });
    await expect(cache.transaction(["a"], (tx) => tx.set("a", undefined))).rejects.toBeInstanceOf(TypeError);
  });
});

describe("stores that can do less", () => {
  const bare = {
    counters: false,
    conditionalWrites: false,
    transactions: "none",
    leases: false,
    tags: false,
    scan: false,
    clear: false,
  } as const;

  it("are refused by name of the operation, with what to do instead", async () => {
    const { cache } = openRemoteCache({ capabilities: bare });
    const calls = [
      cache.increment("k"),
      cache.setNX("k", 1),
      cache.getSet("k", 1),
      cache.compareAndSet("k", 0, 1),
      cache.update("k", () => 1),
      cache.transaction(["k"], () => 1),
      cache.lock("k", { ttl: 100 }),
      cache.invalidateTags(["t"]),
      cache.set("k", 1, { tags: ["t"] }),
      cache.getOrSet("k", () => 1, { tags: ["t"] }),
      cache.clear(),
      cache.deleteByPrefix("k"),
    ];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "GCX_OPERATION_UNSUPPORTED" } });
    }
    expect(() => cache.keys()).toThrow("cannot list");
    await cache.set("k", 1);
    expect(await cache.getOrSet("k", () => 2)).toBe(1);
    expect(await cache.expire("k", "1m")).toBe(true);
  });
});
