import { describe, expect, it } from "vitest";
import type { Backend } from "./backend.ts";
import { type BackendDefinition, defineBackend } from "./define-backend.ts";
import { findBackendFactory, registerBackend, unregisterBackend } from "./registry.ts";
import type { EntryWrite, StoredEntry } from "./stored-entry.ts";

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

  it.each(["local", "counters", "leases", "tags", "scan", "clear"] as const)(
    "refuses to promise %s without its method",
    (capability) => {
      expect(() => simpleStore({ capabilities: { [capability]: true } })).toThrow(capability);
    },
  );

  it("refuses to promise transactions without commit", () => {
    expect(() => simpleStore({ capabilities: { transactions: "single-key" } })).toThrow("commit");
  });
});

describe("the registry", () => {
  it("keeps factories by name and refuses names that are taken or reserved", () => {
    const factory = (): Backend => simpleStore();
    registerBackend("registry-test", factory);
    expect(findBackendFactory("registry-test")).toBe(factory);
    for (const name of ["registry-test", "memory", "redis", "memcached"]) {
      expect(() => registerBackend(name, factory)).toThrowError(
        expect.objectContaining({ code: "GCX_CONFIG_INVALID" }),
      );
    }
    expect(unregisterBackend("registry-test")).toBe(true);
    expect(unregisterBackend("registry-test")).toBe(false);
  });
});
