import { type ByteSize, parseByteSize } from "../foundation/byte-size.ts";
import { UnsupportedOperationError } from "../foundation/errors.ts";
import { isOptionsObject, optionError } from "./assert-options.ts";
import type { CacheCore } from "./cache-core.ts";
import { translateStoreError } from "./translate-store-error.ts";

/** Bounds of the memory tier, as the configuration's `memory` section has them. */
export interface MemoryBounds {
  /** Most memory of all entries: bytes or text such as `"100MB"`; `false` or `Infinity` for no bound. Default: as it is. */
  readonly maxSize?: ByteSize | false | undefined;
  /** Most entries; `false` or `Infinity` for no bound but the store's own. Default: as it is. */
  readonly maxKeys?: number | false | undefined;
}

/** The least bound in bytes, as in the configuration. */
const MIN_SIZE_BYTES = 1_024;

/** `Cache.resize`. */
export function resizeMemory(core: CacheCore, bounds: MemoryBounds): void {
  core.lifecycle.assertOpen();
  const resolved = resolveBounds(bounds);
  const { backend } = core;
  if (backend.resize === undefined) {
    throw new UnsupportedOperationError("resize", `The store "${backend.name}" has no bounds that can be changed.`);
  }
  try {
    backend.resize(resolved);
  } catch (error) {
    throw translateStoreError(core, "resize", error, undefined);
  }
}

function resolveBounds(bounds: MemoryBounds): { maxKeys?: number; maxSizeBytes?: number } {
  if (!isOptionsObject(bounds)) throw optionError("bounds", "Bounds must be an object with maxSize, maxKeys or both.");
  for (const name of Object.keys(bounds)) {
    if (name !== "maxSize" && name !== "maxKeys")
      throw optionError(name, `There is no bound "${name}". Allowed: maxSize, maxKeys.`);
  }
  const { maxSize, maxKeys } = bounds;
  return {
    ...(maxSize === undefined ? {} : { maxSizeBytes: toBytes(maxSize) }),
    ...(maxKeys === undefined ? {} : { maxKeys: toCount(maxKeys) }),
  };
}

function toBytes(maxSize: unknown): number {
  if (maxSize === false || maxSize === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  const sizeBytes = typeof maxSize === "string" ? parseByteSize(maxSize) : maxSize;
  if (Number.isSafeInteger(sizeBytes) && (sizeBytes as number) >= MIN_SIZE_BYTES) return sizeBytes as number;
  throw optionError("maxSize", 'maxSize must be a size from "1 KB" on, such as "100MB", or false for no bound.');
}

function toCount(maxKeys: unknown): number {
  if (maxKeys === false || maxKeys === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (Number.isSafeInteger(maxKeys) && (maxKeys as number) >= 1) return maxKeys as number;
  throw optionError("maxKeys", "maxKeys must be a whole number from 1 on, or false for no bound.");
}
