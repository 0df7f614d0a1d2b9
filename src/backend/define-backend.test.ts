import { describe, expect, it } from "vitest";
import type { Backend } from "./backend.ts";
import type { BackendDefinition } from "./backend-definition.ts";
import type { BackendReport } from "./backend-report.ts";
import type { CommitResult, KeyCheck } from "./commit.ts";
import { defineBackend } from "./define-backend.ts";
import { type BackendHost, findBackendFactory, registerBackend, unregisterBackend } from "./registry.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "./stored-entry.ts";

function simpleStore(extra: Partial<BackendDefinition> = {}): Backend {
  const entries = new Map<string, StoredEntry>();
  let version = 0;
  return defineBackend({
    name: "simple",
    get: (key) => entries.get(key),
    set: (key, write: EntryWrite) => {
      const found = entries.get(key);
      if (write.condition?.kind === "version" && write.condition.version !== found?.version) {
        return { stored: false, version: found?.version ?? 0 };
      }
      version += 1;
      entries.set(key, { value: write.value, tags: write.tags, version, expiresAt: write.ttlMs });
      return { stored: true, version };
    },
    delete: (key) => entries.delete(key),
    ...extra,
  });
}

type Behaviour = "answers" | "rejects" | "throws";

/** Does with the keys `first` and `second` what it is told, whatever the operation. */
function failingStore(behaviours: Readonly<Record<string, Behaviour>>): Backend {
  function answer<T>(key: string, value: T): Promise<T> {
    if (behaviours[key] === "throws") throw new Error("away");
    return behaviours[key] === "rejects" ? Promise.reject(new Error("away")) : Promise.resolve(value);
  }
  return simpleStore({
    get: (key) => answer(key, undefined),
    set: (key) => answer(key, { stored: true, version: 1 }),
    delete: (key) => answer(key, true),
  });
}

describe("defineBackend", () => {
  it("makes the plural operations out of the singular ones", async () => {
    const store = simpleStore();
    const write = { value: 1, ttlMs: 5, tags: [] };
    expect(
      store.setMulti(
        [
          ["a", write],
          ["b", write],
        ],
        {},
      ),
    ).toEqual([
      { stored: true, version: 1 },
      { stored: true, version: 2 },
    ]);
    expect(store.getMulti(["b", "x"], {})).toEqual([{ value: 1, tags: [], version: 2, expiresAt: 5 }, undefined]);
    expect(store.deleteMulti(["a", "x", "b"], {})).toBe(2);
  });

  it("keeps their order when answers come late", async () => {
    const store = simpleStore({ get: async (key) => ({ value: key, version: 1, expiresAt: 1, tags: [] }) });
    const entries = await store.getMulti(["a", "b"], {});
    expect(entries.map((entry) => entry?.value)).toEqual(["a", "b"]);
  });

  it("gives an entry a new TTL by writing it back, unless somebody wrote in between", async () => {
    const store = simpleStore({ capabilities: { conditionalWrites: true } });
    await store.set("k", { value: 1, ttlMs: 5, tags: ["t"] }, {});
    expect(await store.expire("k", 9, {})).toBe(true);
    expect(await store.get("k", {})).toMatchObject({ value: 1, tags: ["t"], expiresAt: 9 });
    const expiring = store.expire("k", 7, {});
    await store.set("k", { value: 2, ttlMs: 5, tags: [] }, {});
    expect(await expiring).toBe(false);
    expect(await store.get("k", {})).toMatchObject({ value: 2 });
    expect(await store.expire("k", 0, {})).toBe(true);
    expect(await store.expire("k", 5, {})).toBe(false);
  });

  it("writes back all that an entry says of itself with its new TTL", async () => {
    const writes: EntryWrite[] = [];
    const said = { tags: ["a", "b"], staleMs: 40, slidingTtlMs: 7, value: 1, version: 3, expiresAt: 5 };
    const store = simpleStore({
      capabilities: { conditionalWrites: true },
      get: () => said,
      set: (_, write) => {
        writes.push(write);
        return { stored: true, version: 4 };
      },
    });
    expect(await store.expire("k", 9, {})).toBe(true);
    const condition = { kind: "version", version: 3 };
    expect(writes).toEqual([{ value: 1, ttlMs: 9, tags: ["a", "b"], staleMs: 40, slidingTtlMs: 7, condition }]);
  });

  it("ends entries but gives no new TTL where a write cannot be conditional, so that nothing deleted comes back", async () => {
    const store = simpleStore();
    await store.set("k", { value: "OLD", ttlMs: 5, tags: [] }, {});
    const expiring = store.expire("k", 9, {});
    expect(await store.delete("k", {})).toBe(true);
    await expect(expiring).rejects.toMatchObject({ code: "GCX_OPERATION_UNSUPPORTED", operation: "expire" });
    expect(await store.get("k", {})).toBeUndefined();
    await store.set("k", { value: 1, ttlMs: 5, tags: [] }, {});
    expect(await store.expire("k", 0, {})).toBe(true);
    expect(await store.expire("k", 0, {})).toBe(false);
  });

  it("fails once for all keys, and leaves no rejection behind, when a call throws while others are on their way", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    try {
      for (const [first, second] of [
        ["rejects", "throws"],
        ["answers", "throws"],
        ["rejects", "rejects"],
      ] as const) {
        const store = failingStore({ first, second });
        const write = { value: 1, ttlMs: 5, tags: [] };
        await expect(store.getMulti(["first", "second"], {})).rejects.toThrow("away");
        await expect(
          store.setMulti(
            [
              ["first", write],
              ["second", write],
            ],
            {},
          ),
        ).rejects.toThrow("away");
        await expect(store.deleteMulti(["first", "second"], {})).rejects.toThrow("away");
      }
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off("unhandledRejection", note);
    }
    expect(unhandled).toEqual([]);
  });

  it("asks for no further key once a call has thrown", async () => {
    const asked: string[] = [];
    const store = simpleStore({
      delete: (key) => {
        asked.push(key);
        if (key === "b") throw new Error("away");
        return Promise.resolve(true);
      },
    });
    await expect(store.deleteMulti(["a", "b", "c"], {})).rejects.toThrow("away");
    expect(asked).toEqual(["a", "b"]);
  });

  it("throws at once when a synchronous store does", () => {
    const store = failingStore({ first: "throws", second: "throws" });
    expect(() => store.getMulti(["first", "second"], {})).toThrow("away");
  });

  it("waits for promises of any library", async () => {
    const late = <T>(value: T): Promise<T> =>
      // biome-ignore lint/suspicious/noThenProperty: a promise that is no Promise is the point.
      ({ then: (resolve: (value: T) => unknown) => resolve(value) }) as unknown as Promise<T>;
    const entry = { value: 1, version: 1, expiresAt: 1, tags: [] };
    const store = simpleStore({
      get: (key) => (key === "late" ? late(entry) : undefined),
      set: () => late({ stored: true, version: 7 }),
      delete: () => late(true),
    });
    expect(await store.getMulti(["early", "late"], {})).toEqual([undefined, entry]);
    expect(await store.setMulti([["a", { value: 1, ttlMs: 5, tags: [] }]], {})).toEqual([{ stored: true, version: 7 }]);
    expect(await store.deleteMulti(["a", "b"], {})).toBe(2);
  });

  it("refuses to promise tags without stamp, for late results of loads would win over an invalidation", () => {
    expect(() => simpleStore({ capabilities: { tags: true }, invalidateTags: () => undefined })).toThrow("stamp");
    const store = simpleStore({ capabilities: { tags: true }, invalidateTags: () => undefined, stamp: () => 1 });
    expect(store.capabilities.tags).toBe(true);
  });

  it.each(["local", "counters", "leases", "tags", "scan", "clear"] as const)(
    "refuses to promise %s without its method",
    (capability) => {
      expect(() => simpleStore({ capabilities: { [capability]: true } })).toThrow(capability);
    },
  );

  it("refuses to promise transactions without commit, or of keys that live together without areColocated", () => {
    expect(() => simpleStore({ capabilities: { transactions: "single-key" } })).toThrow("commit");
    const commit = (): CommitResult => ({ committed: true, versions: [] });
    expect(() => simpleStore({ capabilities: { transactions: "co-located" }, commit })).toThrow("areColocated");
  });

  it("takes from the methods what the store can do, unless it says otherwise", () => {
    const store = simpleStore(ALL_METHODS);
    expect(store.capabilities).toEqual({
      ...{ storage: "values", local: false, conditionalWrites: false, slidingTtl: false, transactions: "none" },
      ...{ counters: true, leases: true, tags: true, stale: true, scan: true, clear: true },
    });
    const modest = simpleStore({ ...ALL_METHODS, capabilities: { counters: false, tags: false, clear: false } });
    expect(modest.capabilities).toMatchObject({ counters: false, leases: true, tags: false, scan: true, clear: false });
  });

  it("does not guess which keys a commit may touch", () => {
    const commit = (): CommitResult => ({ committed: true, versions: [] });
    expect(() => simpleStore({ commit })).toThrow('transactions: "single-key", "co-located" or "any-keys"');
    expect(simpleStore({ commit, capabilities: { transactions: "none" } }).capabilities.transactions).toBe("none");
  });

  it("refuses half of what tags need, also when it is not promised by name", () => {
    expect(() => simpleStore({ invalidateTags: () => undefined })).toThrow("stamp");
    expect(() => simpleStore({ stamp: () => 1 })).toThrow("invalidateTags");
  });

  it("refuses the promise of data that stands in without a way to read it", () => {
    expect(() => simpleStore({ capabilities: { stale: true } })).toThrow('promises "stale" but has no getStale()');
    expect(simpleStore().capabilities.stale).toBe(false);
  });

  it.each([
    [{ capabilities: { counter: true } }, '"counter", which is no capability. Known: storage, local'],
    [{ capabilities: { scan: "yes" } }, '"scan" must be one of false, true'],
    [{ capabilities: { transactions: "all" } }, 'one of "none", "single-key", "co-located", "any-keys"'],
    [{ capabilities: { storage: "buffers" } }, 'one of "values", "bytes"'],
    [{ get: undefined }, "has no get()"],
    [{ set: "SET" }, "set must be a function; it is string"],
    [{ scan: null }, "scan must be a function; it is null"],
    [{ name: "" }, "a name"],
  ])("refuses the definition %j, and says what is wrong", (wrong, message) => {
    expect(() => simpleStore(wrong as never)).toThrowError(expect.objectContaining({ name: "TypeError" }));
    expect(() => simpleStore(wrong as never)).toThrow(message);
  });

  it("refuses what is no definition at all", () => {
    expect(() => defineBackend(undefined as never)).toThrow("defineBackend needs a definition");
  });

  it("takes an instance of a class, with private state and inherited methods", async () => {
    class TableStore {
      readonly #rows = new Map<string, StoredEntry>();
      get name(): string {
        return "table";
      }
      get(key: string): StoredEntry | undefined {
        return this.#rows.get(key);
      }
      set(key: string, write: EntryWrite): WriteResult {
        this.#rows.set(key, { value: write.value, tags: [], version: 1, expiresAt: 5 });
        return { stored: true, version: 1 };
      }
      delete(key: string): boolean {
        return this.#rows.delete(key);
      }
    }
    class ListedStore extends TableStore {
      async *scan(): AsyncIterable<readonly string[]> {
        yield [this.name];
      }
    }
    const store = defineBackend(new ListedStore());
    const { get } = store;
    await store.set("k", { value: 1, ttlMs: 5, tags: [] }, {});
    expect([store.name, store.capabilities.scan]).toEqual(["table", true]);
    expect(get("k", {})).toMatchObject({ value: 1 });
    expect(store.getMulti(["k"], {})).toMatchObject([{ value: 1 }]);
    expect(store.deleteMulti(["k", "l"], {})).toBe(1);
  });

  it("asks for the epoch each time, since a store changes it when it may have lost its data", () => {
    let epoch = "1";
    const store = defineBackend({
      name: "forgetful",
      get: () => undefined,
      set: () => ({ stored: true, version: 1 }),
      delete: () => false,
      get epoch() {
        return epoch;
      },
    });
    epoch = "2";
    expect(store.epoch).toBe("2");
    expect(simpleStore().epoch).toBe("1");
  });

  it("keeps a commit from keys that it cannot touch together, before it is called", () => {
    const asked: string[][] = [];
    const commit: Backend["commit"] = (checks) => {
      asked.push(checks.map(({ key }) => key));
      return { committed: true, versions: [] };
    };
    const areColocated = (keys: readonly string[]): boolean => new Set(keys.map((key) => key[0])).size === 1;
    const checksOf = (...keys: readonly string[]): KeyCheck[] => keys.map((key) => ({ key, version: 0 }));
    const refusal = expect.objectContaining({ code: "GCX_OPERATION_UNSUPPORTED", operation: "transaction" });
    const single = simpleStore({ commit, capabilities: { transactions: "single-key" } });
    const together = simpleStore({ commit, areColocated, capabilities: { transactions: "co-located" } });
    const any = simpleStore({ commit, capabilities: { transactions: "any-keys" } });

    single.commit?.(checksOf("a", "a"), [{ key: "a", write: undefined }], {});
    expect(() => single.commit?.(checksOf("a"), [{ key: "b", write: undefined }], {})).toThrowError(refusal);
    together.commit?.(checksOf("a1", "a2"), [], {});
    expect(() => together.commit?.(checksOf("a1", "b1"), [], {})).toThrowError(refusal);
    any.commit?.(checksOf("a", "b"), [], {});
    expect(asked).toEqual([
      ["a", "a"],
      ["a1", "a2"],
      ["a", "b"],
    ]);
  });

  it("passes on what a store tells of its servers", async () => {
    const report: BackendReport = { nodes: [{ node: "a:1", status: "up", latencyMs: 1, warnings: [] }] };
    const store = simpleStore({
      connections: () => ({ open: 1, inFlight: 0, waiting: 0 }),
      report: () => Promise.resolve(report),
    });
    expect(store.connections?.()).toEqual({ open: 1, inFlight: 0, waiting: 0 });
    expect(await store.report?.({})).toBe(report);
  });
});

const ALL_METHODS: Partial<BackendDefinition> = {
  increment: () => ({ value: 1n, version: 1 }),
  lease: () => ({ kind: "released" }),
  invalidateTags: () => undefined,
  stamp: () => 1,
  getStale: (keys) => keys.map(() => undefined),
  async *scan() {
    yield [];
  },
  clear: () => undefined,
};

describe("the registry", () => {
  it("keeps factories by name and refuses names that are taken or reserved", () => {
    const factory = (): Backend => simpleStore();
    registerBackend("registry-test", factory);
    expect(findBackendFactory("registry-test")?.({}, {} as BackendHost).name).toBe("simple");
    for (const name of ["registry-test", "memory", "redis", "memcached"]) {
      expect(() => registerBackend(name, factory)).toThrowError(
        expect.objectContaining({ code: "GCX_CONFIG_INVALID" }),
      );
    }
    expect(unregisterBackend("registry-test")).toBe(true);
    expect(unregisterBackend("registry-test")).toBe(false);
  });

  it.each([
    [async () => simpleStore(), "returned a promise. Return the store at once, and open it in connect()."],
    [() => undefined, "returned no store. Return what defineBackend() makes."],
    [() => ({ get: () => undefined }), "returned no store."],
  ])("refuses what a factory makes that is no store, by its name", (factory, message) => {
    registerBackend("registry-test", factory as never);
    try {
      expect(() => findBackendFactory("registry-test")?.({}, {} as BackendHost)).toThrow(`"registry-test" ${message}`);
    } finally {
      unregisterBackend("registry-test");
    }
  });
});
