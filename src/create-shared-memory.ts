import type { SharedSlabHandle } from "./backend/shared-slab-handle.ts";
import { isOptionsObject } from "./cache/assert-options.ts";
import { type ByteSize, parseByteSize } from "./foundation/byte-size.ts";
import { systemClock } from "./foundation/clock.ts";
import { ConfigError } from "./foundation/errors.ts";
import { systemRandom } from "./foundation/random-source.ts";
import { createSharedSlab } from "./memory/shared/shared-slab.ts";

/** How large a shared memory is. */
export interface SharedMemoryOptions {
  /** Size of the block in bytes or as text such as `"256MB"`, everything included; fixed for its life. From 1 MB to 16 GB. */
  readonly maxSize: ByteSize;
  /** Most entries, at least 1. Default: bytes alone decide. Threads that insert together may pass it by one entry each. */
  readonly maxKeys?: number | undefined;
  /** Largest entry with its key and tags, at most 1/16 of `maxSize`. Default: 1/128 of it, at least 16 KB. */
  readonly maxEntrySize?: ByteSize | undefined;
  /** About how many entries are expected: sizes the table. A wrong guess costs time or space only. Default: one for every 128 bytes. */
  readonly expectedKeys?: number | undefined;
}

const OPTION_NAMES: ReadonlySet<string> = new Set(["maxSize", "maxKeys", "maxEntrySize", "expectedKeys"]);

/**
 * Makes memory for one cache in several threads. Hand it to each `Worker` by `workerData` or `postMessage`, and in every thread to
 * `createCache({ memory: { storage: "shared", shared } })`: all of them see the same entries, tags, clears and versions.
 * Create the cache of the thread that starts the workers first: it takes back what a worker that is terminated was writing.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID` for an option outside its range, or more than the platform can allocate
 *
 * @example
 * ```ts
 * const shared = createSharedMemory({ maxSize: "16MB" });
 * const cache = createCache({ memory: { storage: "shared", shared } });
 * await cache.set("greeting", "hello from any thread");
 * await cache.get("greeting"); // => "hello from any thread"
 * await cache.close();
 * ```
 */
export function createSharedMemory(options: SharedMemoryOptions): SharedSlabHandle {
  if (!isOptionsObject(options)) throw invalid("", 'pass an object such as { maxSize: "256MB" }');
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.has(name)) throw invalid(name, `there is no such option. Known: ${[...OPTION_NAMES].join(", ")}`);
  }
  const { maxSize, maxKeys, maxEntrySize, expectedKeys } = options;
  const slabOptions = {
    sizeBytes: toBytes("maxSize", maxSize),
    maxKeys,
    maxEntryBytes: maxEntrySize === undefined ? undefined : toBytes("maxEntrySize", maxEntrySize),
    expectedKeyCount: expectedKeys,
  };
  return createSharedSlab(slabOptions, { clock: systemClock, random: systemRandom });
}

function toBytes(name: string, size: unknown): number {
  const sizeBytes = typeof size === "string" ? parseByteSize(size) : size;
  if (Number.isSafeInteger(sizeBytes)) return sizeBytes as number;
  throw invalid(name, 'must be a size such as "256MB", or a whole number of bytes');
}

function invalid(name: string, what: string): ConfigError {
  const field = name === "" ? "memory.shared" : `memory.shared.${name}`;
  return new ConfigError("GCX_CONFIG_INVALID", field, `${field}: ${what}.`);
}
