import type { OperationContext } from "../../backend/backend.ts";
import { scanKeys } from "./key-scan.ts";
import { globOfPrefix } from "./key-text.ts";
import { liveRecords } from "./live-records.ts";
import { translateRedisError } from "./redis-error.ts";
import { DATA_PATTERN_PREFIX, storedKeyOf } from "./redis-key-layout.ts";
import type { StoreParts } from "./store-parts.ts";
import type { TagStore } from "./tag-store.ts";

/**
 * The stored keys with a prefix that hold live entries, each once. Remembers what was listed, so its memory grows with the number of keys: SCAN
 * names a key more than once.
 */
export async function* scanRecords(
  parts: StoreParts,
  tags: TagStore,
  prefix: string,
  { signal, isStaleListed = false }: OperationContext,
): AsyncGenerator<readonly string[]> {
  const { client, name } = parts;
  const listed = new Set<string>();
  const pattern = globOfPrefix(DATA_PATTERN_PREFIX, prefix);
  for await (const names of scanKeys({ name, client, pattern, extra: [], signal })) {
    const found = names.map(storedKeyOf).filter((key) => key.startsWith(prefix) && !listed.has(key));
    if (found.length === 0) continue;
    const unique = [...new Set(found)];
    // Who ends entries is given whatever stands under a key: what stands in, and the leave of a load whose result would come after the end.
    const slice = isStaleListed ? unique : await liveIn(parts, tags, unique);
    for (const key of slice) listed.add(key);
    if (slice.length > 0) yield slice;
  }
}

async function liveIn(parts: StoreParts, tags: TagStore, keys: readonly string[]): Promise<readonly string[]> {
  try {
    const records = await liveRecords(parts, tags, keys, "scan");
    return keys.filter((_, index) => records[index] !== undefined);
  } catch (error) {
    throw translateRedisError(parts.name, "scan", error);
  }
}
