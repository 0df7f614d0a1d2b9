import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import type { BackendDefinition } from "../../src/backend/backend-definition.ts";
import type { BackendCapabilities } from "../../src/backend/capabilities.ts";
import { defineBackend } from "../../src/backend/define-backend.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";
import { createMapBackend } from "../../src/testing/map-backend/map-backend.ts";

const page = readFileSync(new URL("../../docs/guide/plug-in-stores.md", import.meta.url), "utf8");

/** The calls of the table's first column, by how they stand there. */
const CALLS: Readonly<Record<string, (cache: Cache) => unknown>> = {
  "`get`": (cache) => cache.get("k"),
  "`getEntry`": (cache) => cache.getEntry("k"),
  "`exists`": (cache) => cache.exists("k"),
  "`ttl`": (cache) => cache.ttl("k"),
  "`getMulti`": (cache) => cache.getMulti(["k"]),
  "`set`": (cache) => cache.set("k", 1),
  "`delete`": (cache) => cache.delete("k"),
  "`setMulti`": (cache) => cache.setMulti({ k: 1 }),
  "`deleteMulti`": (cache) => cache.deleteMulti(["k"]),
  "`getOrSet`": (cache) => cache.getOrSet("loaded", () => 1),
  "`getOrSetMulti`": (cache) => cache.getOrSetMulti(["loaded"], () => new Map([["loaded", 1]])),
  "`cached`": (cache) => cache.cached(async () => 1, { key: "cached" })(),
  "`batched`": (cache) => cache.batched((keys) => new Map(keys.map((key) => [key, 1])))("batched"),
  "`stats`": (cache) => cache.stats(),
  "`health`": async (cache) => expect((await cache.health()).status).toBe("up"),
  "`setNX`": (cache) => cache.setNX("new", 1),
  "`getSet`": (cache) => cache.getSet("k", 1),
  "`compareAndSet`": (cache) => cache.compareAndSet("new", 0, 1),
  "`update`": (cache) => cache.update("k", () => 2),
  "`increment`": (cache) => cache.increment("k"),
  "`decrement`": (cache) => cache.decrement("k"),
  "`increment` with `opId`": (cache) => cache.increment("k", 1, { opId: "op" }),
  "`expire`": async (cache) => expect(await cache.expire("k", "1m")).toBe(true),
  "`expire` with 0": async (cache) => expect(await cache.expire("k", 0)).toBe(true),
  "`transaction` of one key": (cache) => cache.transaction(["k"], (tx) => tx.set("k", 2)),
  "`transaction` of keys with a common hash tag": (cache) =>
    cache.transaction(["{t}a", "{t}b"], (tx) => tx.set("{t}a", 2)),
  "`transaction` of any keys": (cache) => cache.transaction(["a", "b"], (tx) => tx.set("a", 2)),
  "`lock`": async (cache) => (await cache.lock("k", { ttl: "1s", wait: 0 })).release(),
  "`set` with `tags`": (cache) => cache.set("k", 1, { tags: ["t"] }),
  "`invalidateTags`": (cache) => cache.invalidateTags(["t"]),
  "`set` with `sliding`": (cache) => cache.set("k", 1, { ttl: "1m", sliding: true }),
  "`keys`": async (cache) => {
    for await (const key of cache.keys()) expect(key).toBe("k");
  },
  "`deleteByPrefix`": async (cache) => expect(await cache.deleteByPrefix("k")).toBe(1),
  "`clear`": async (cache) => {
    await cache.clear();
    expect(await cache.get("k")).toBeUndefined();
  },
  "`peek`": (cache) => cache.peek("k"),
  "`resize`": (cache) => cache.resize({ maxKeys: 5 }),
  "`dump`": (cache) => cache.dump(new WritableStream()),
  "`load`": (cache) => cache.load(Readable.from([])),
};

interface Row {
  readonly calls: readonly string[];
  readonly needs: string;
  readonly without: string;
}

const rows: readonly Row[] = [...page.matchAll(/^\| (.+) \| (.+) \| (.*) ?\|$/gm)]
  .map(([, calls = "", needs = "", without = ""]) => ({
    calls: calls.split(/, (?=`\w+`(?:$|,| of| with))/),
    needs,
    without: without.trim(),
  }))
  .filter(({ calls }) => CALLS[calls[0] as string] !== undefined);

type Capability = keyof BackendCapabilities;

/** The capabilities that a cell of the table names, each as one alternative. */
function capabilitiesIn(cell: string): readonly Partial<BackendCapabilities>[] {
  const transactions = [...cell.matchAll(/"(single-key|co-located|any-keys)"/g)].map(([, reach]) => reach);
  if (transactions.length > 0) return transactions.map((reach) => ({ transactions: reach }) as never);
  return [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => ({ [name as Capability]: true }));
}

function areColocated(keys: readonly string[]): boolean {
  return new Set(keys.map((key) => /\{(.+?)\}/.exec(key)?.[1] ?? key)).size <= 1;
}

/** A store with these capabilities and no others, each really kept. */
function storeWith(capabilities: Partial<BackendCapabilities>, own: readonly string[]): Backend {
  const map = createMapBackend() as unknown as Required<Backend>;
  const { counters, leases, tags, scan, clear, local, transactions = "none" } = capabilities;
  const definition: BackendDefinition = {
    name: "partial",
    get: map.get,
    set: map.set,
    delete: map.delete,
    ...(counters === true && { increment: map.increment }),
    ...(leases === true && { lease: map.lease }),
    ...(tags === true && { invalidateTags: map.invalidateTags, stamp: map.stamp }),
    ...(scan === true && { scan: map.scan }),
    ...(clear === true && { clear: map.clear }),
    ...(local === true && { peek: map.peek }),
    ...(transactions !== "none" && { commit: map.commit, areColocated }),
    ...(own.includes("expire") && { expire: map.expire }),
    ...(own.includes("resize") && { resize: () => undefined }),
    capabilities,
  };
  return defineBackend(definition);
}

/** How a call ends over such a store. */
async function outcomeOver(
  call: string,
  capabilities: Partial<BackendCapabilities>,
  own: readonly string[] = [],
): Promise<string> {
  const cache = createCache({ backend: storeWith(capabilities, own) });
  try {
    await cache.set("k", 1);
    const answer = await (CALLS[call] as (cache: Cache) => unknown)(cache);
    return call === "`peek`" && answer === undefined ? "answers `undefined`" : "works";
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === "GCX_OPERATION_UNSUPPORTED") return "refused";
    throw error;
  } finally {
    await cache.close();
  }
}

describe("the table of what works with which store", () => {
  it("has every call once", () => {
    expect(rows.flatMap(({ calls }) => calls).sort()).toEqual(Object.keys(CALLS).sort());
  });

  it.each(rows.flatMap(({ calls, needs, without }) => calls.map((call) => [call, needs, without] as const)))(
    "is right about %s, which needs %s",
    async (call, needs, without) => {
      if (needs === "nothing") {
        expect(await outcomeOver(call, {})).toBe("works");
        return;
      }
      const [withoutAll = "", emulation] = without.startsWith("emulated")
        ? ["refused", capabilitiesIn(without)[0]]
        : [without];
      expect(await outcomeOver(call, {})).toBe(withoutAll);
      if (emulation !== undefined) expect(await outcomeOver(call, emulation)).toBe("works");
      if (needs === "the memory store") return;
      const own = /^its own `(\w+)`$/.exec(needs)?.[1];
      if (own !== undefined) {
        expect(await outcomeOver(call, {}, [own])).toBe("works");
        return;
      }
      for (const capabilities of capabilitiesIn(needs)) expect(await outcomeOver(call, capabilities)).toBe("works");
      // And what it names is all that helps.
      const others = (["single-key", "co-located", "any-keys"] as const).filter(
        (reach) => !needs.includes(`"${reach}"`),
      );
      if (!needs.includes("transactions")) return;
      for (const reach of others) expect(await outcomeOver(call, { transactions: reach })).toBe("refused");
    },
  );
});
