import { LRUCache } from "lru-cache";
import { createEngine, ENGINE_GET, ENGINE_SET, importEngine } from "../engine.mjs";
import { measure } from "../measure.mjs";
import { sizes } from "../scenarios.mjs";
import { drawZipfIds, flatCopy, keyStyles, makeValues, VALUE_COUNT } from "../workload.mjs";

const REQUEST_COUNT = 2 ** 20;

/**
 * What the public methods cost over the engine's own synchronous read, on hits with ready-made copies of the keys. The
 * awaited plain value is the floor of everything that is awaited; lru-cache stands beside it.
 *
 * @param {{ size: string, roundCount: number, roundMs: number }} job
 */
export async function runApi({ size, roundCount, roundMs }) {
  const capacity = sizes[size];
  if (capacity === undefined) throw new Error(`Unknown size ${size}.`);
  const { createCache } = await importEngine("cache");
  const ids = drawZipfIds({ drawCount: REQUEST_COUNT, universe: capacity });
  const stored = Array.from({ length: capacity }, (_, id) => flatCopy(keyStyles.short.make(id)));
  const copies = stored.map(flatCopy);
  const keys = Array.from(ids, (id) => copies[id]);
  const values = makeValues(VALUE_COUNT);
  const valueFor = (/** @type {number} */ id) => values[id & (VALUE_COUNT - 1)];
  const load = () => {
    throw new Error("The loader ran: this was no hit.");
  };

  const engine = await createEngine({ maxKeys: capacity, maxSizeBytes: Number.POSITIVE_INFINITY, policy: "w-tinylfu" });
  const put = new Function("cache", "aux", "k", "v", ENGINE_SET);
  const cache = createCache({ memory: { maxKeys: capacity, maxSize: "8GB" } });
  const lru = new LRUCache({ max: capacity, fetchMethod: load });
  for (let id = 0; id < capacity; id += 1) {
    put(engine.cache, engine.aux, stored[id], valueFor(id));
    await cache.set(stored[id], valueFor(id));
    lru.set(stored[id], valueFor(id));
  }
  /** @type {ReadonlyArray<readonly [id: string, isAwaited: boolean, target: any, expression: string]>} */
  const rows = [
    ["engine get", false, engine.cache, ENGINE_GET],
    ["cache.peek", false, cache, "cache.peek(k)"],
    ["await engine get", true, engine.cache, `await ${ENGINE_GET}`],
    ["await cache.get", true, cache, "await cache.get(k)"],
    ["await cache.getOrSet", true, cache, "await cache.getOrSet(k, load)"],
    ["await a plain value", true, values[0], "await cache"],
    ["lru-cache get", false, lru, "cache.get(k)"],
    ["await lru-cache get", true, lru, "await cache.get(k)"],
    ["await lru-cache fetch", true, lru, "await cache.fetch(k)"],
  ];
  const runners = rows.map(([id, isAwaited, target, expression]) => {
    const loop = compile(id, isAwaited, expression);
    return {
      id,
      run: (/** @type {number} */ from, /** @type {number} */ count) => loop(target, keys, load, from, count),
    };
  });
  globalThis.gc?.();
  const { results, cpuRatio } = await measure(runners, { roundCount, roundMs });
  const missing = results.find(({ hitRatio }) => hitRatio < 1);
  if (missing !== undefined) throw new Error(`${missing.peer} missed; this is about hits.`);
  await cache.close();
  return { capacity, cpuRatio, results };
}

/**
 * @param {string} name
 * @param {boolean} isAwaited
 * @param {string} expression
 */
function compile(name, isAwaited, expression) {
  return new Function(
    `"use strict"; /* ${name} */
    return ${isAwaited ? "async " : ""}function loop(cache, keys, load, from, count) {
      const mask = keys.length - 1;
      let hits = 0, sum = 0;
      for (let i = from, end = from + count; i < end; i++) {
        const k = keys[i & mask], v = ${expression};
        if (v != null) { hits++; sum = (sum + v.id) | 0; }
      }
      return { hits, sum };
    };`,
  )();
}
