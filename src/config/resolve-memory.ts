import type { SharedSlabHandle } from "../backend/shared-slab-handle.ts";
import { type ByteSize, parseByteSize } from "../foundation/byte-size.ts";
import { type Duration, parseDuration } from "../foundation/duration.ts";
import type { Field } from "./field.ts";
import {
  type EvictionPolicyName,
  MEMORY_FIELDS,
  type MemoryConfig,
  type MemoryStorage,
} from "./sections/memory-config.ts";

/** {@link MemoryConfig} with units settled. */
export interface ResolvedMemoryConfig {
  /** `Infinity` is no limit. */
  readonly maxSizeBytes: number;
  /** `Infinity` is no limit. */
  readonly maxKeys: number;
  readonly evictionPolicy: EvictionPolicyName;
  /** `Infinity` is never; `undefined` when nothing was said. */
  readonly defaultTtlMs: number | undefined;
  readonly cleanupIntervalMs: number;
  readonly copy: boolean | "freeze";
  /** `undefined`: the store's estimate. */
  readonly weigher: MemoryConfig["weigher"];
  readonly storage: MemoryStorage;
  /** With `storage: "shared"`; `undefined`: a block of its own. */
  readonly shared: SharedSlabHandle | undefined;
}

/** The settings of a memory section whose values and combinations are allowed. */
export function resolveMemory(memory: MemoryConfig): ResolvedMemoryConfig {
  return Object.freeze({
    maxSizeBytes: toBytes(memory.maxSize ?? defaultOf<string>(MEMORY_FIELDS.maxSize)),
    maxKeys: typeof memory.maxKeys === "number" ? memory.maxKeys : Number.POSITIVE_INFINITY,
    evictionPolicy: memory.evictionPolicy ?? defaultOf<EvictionPolicyName>(MEMORY_FIELDS.evictionPolicy),
    defaultTtlMs: toTtlMs(memory.defaultTtl),
    cleanupIntervalMs: toMs(memory.cleanupInterval ?? defaultOf<string>(MEMORY_FIELDS.cleanupInterval)),
    copy: memory.copy ?? defaultOf<boolean | "freeze">(MEMORY_FIELDS.copy),
    weigher: memory.weigher,
    storage: memory.storage ?? defaultOf<MemoryStorage>(MEMORY_FIELDS.storage),
    shared: memory.shared,
  });
}

/** A TTL in milliseconds; `Infinity` is never, `undefined` when nothing was said. Checked before, so a text parses. */
export function toTtlMs(ttl: Duration | false | undefined): number | undefined {
  if (ttl === undefined) return undefined;
  return ttl === false ? Number.POSITIVE_INFINITY : toMs(ttl);
}

function toMs(duration: Duration): number {
  return typeof duration === "number" ? duration : (parseDuration(duration) as number);
}

/** A size of a valid configuration, in bytes; infinity for `false`: none is the bound. */
export function toBytes(size: ByteSize | false): number {
  if (size === false) return Number.POSITIVE_INFINITY;
  return typeof size === "number" ? size : (parseByteSize(size) as number);
}

/** The default in the field's table, whose type the compiler cannot see; a test resolves an empty configuration. */
function defaultOf<Value>(field: Field): Value {
  return field.default as Value;
}
