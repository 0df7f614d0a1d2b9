import type { Cache } from "../cache/cache.ts";
import type { CacheHealth } from "../cache/health.ts";
import type { CounterOptions, SetOptions } from "../cache/options.ts";
import type { CacheStats } from "../cache/stats.ts";
import type { EntryGlance } from "../server/entry-glance.ts";
import type { NodeEntry, NodeIncrementOptions, NodeSetOptions } from "../server/node-client.ts";
import { toWireValue } from "../server/wire-value.ts";
import type { CacheTarget } from "./cache-target.ts";

/** A cache of this process, seen as a node would show it. */
export class LocalTarget implements CacheTarget {
  readonly #cache: Cache;
  readonly #view: Cache;

  constructor(cache: Cache, namespace: string | undefined) {
    this.#cache = cache;
    this.#view = (namespace?.split("/") ?? []).reduce((view, name) => view.namespace(name), cache);
  }

  get(key: string): Promise<unknown> {
    return this.#view.get(key);
  }

  async getEntry(key: string): Promise<NodeEntry | undefined> {
    const entry = await this.#view.getEntry(key);
    if (entry === undefined) return undefined;
    const { kind, value, exact } = toWireValue(entry.value);
    const shown = kind === "bigint" ? BigInt(value as string) : value;
    return { value: shown, exact, version: entry.version, ttl: entry.ttl, tags: entry.tags };
  }

  async glance(key: string, knownVersion: number | undefined): Promise<EntryGlance> {
    const entry = await this.getEntry(key);
    if (entry === undefined) return { kind: "absent" };
    return entry.version === knownVersion ? { kind: "same", ttl: entry.ttl } : { kind: "entry", entry };
  }

  async set(key: string, value: unknown, options: NodeSetOptions): Promise<number> {
    return (await this.#view.set(key, value, toSetOptions(options))).version;
  }

  async setNX(key: string, value: unknown, options: NodeSetOptions): Promise<number | undefined> {
    const { ok, version } = await this.#view.compareAndSet(key, 0, value, toSetOptions(options));
    return ok ? version : undefined;
  }

  delete(key: string): Promise<boolean> {
    return this.#view.delete(key);
  }

  exists(key: string): Promise<boolean> {
    return this.#view.exists(key);
  }

  increment(key: string, delta: bigint, { ttl, initial }: NodeIncrementOptions): Promise<bigint> {
    const options: CounterOptions = {
      ...(ttl === undefined ? {} : { ttl }),
      ...(initial === undefined ? {} : { initial }),
    };
    return this.#view.increment(key, delta, options);
  }

  async *keys(prefix: string, limit: number): AsyncGenerator<string> {
    let count = 0;
    for await (const key of this.#view.keys(prefix === "" ? {} : { prefix })) {
      yield key;
      count += 1;
      if (count >= limit) return;
    }
  }

  stats(): Promise<CacheStats> {
    return Promise.resolve(this.#view.stats());
  }

  health(): Promise<CacheHealth> {
    return this.#view.health();
  }

  clear(): Promise<void> {
    return this.#view.clear();
  }

  close(): Promise<void> {
    return this.#cache.close();
  }
}

function toSetOptions({ ttl, tags }: NodeSetOptions): SetOptions {
  return { ...(ttl === undefined ? {} : { ttl }), ...(tags === undefined ? {} : { tags }) };
}
