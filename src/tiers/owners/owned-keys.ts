import type { NamespacePath } from "../../entry/namespace-path.ts";

/**
 * How keys of shards are called in the store under them: each life of a shard at an owner is a namespace around all others, so that it can be ended in one step.
 *
 * ```text
 * user:1            @7.3:user:1            shard 7, its third life here
 * @shop:user:1      @7.3/shop:user:1
 * @:@x              @7.3/:@x
 * ```
 */
export function toOwnedKey(shard: number, life: number, key: string): string {
  return key.charCodeAt(0) === AT_SIGN ? `@${shard}.${life}/${key.slice(1)}` : `@${shard}.${life}:${key}`;
}

/** The other way round. */
export function fromOwnedKey(ownedKey: string): string {
  const end = ownedKey.search(PATH_END);
  return ownedKey.charCodeAt(end) === SLASH ? `@${ownedKey.slice(end + 1)}` : ownedKey.slice(end + 1);
}

/** Whether a key of the store is one of this life of a shard. */
export function isOfLife(ownedKey: string, lives: ReadonlyMap<number, { readonly life: number }>): boolean {
  const match = SHARD_LIFE.exec(ownedKey);
  return match !== null && lives.get(Number(match[1]))?.life === Number(match[2]);
}

/** The namespace of a life of a shard, or one of its own inside it. */
export function toOwnedPath(shard: number, life: number, path: NamespacePath): NamespacePath {
  return path === "" ? `${shard}.${life}` : `${shard}.${life}/${path}`;
}

const AT_SIGN = 0x40;
const SLASH = 0x2f;
const PATH_END = /[:/]/;
const SHARD_LIFE = /^@(\d+)\.(\d+)/;
