import type { RedisArgument } from "../../clients/redis/redis-client.ts";
import { slotOfKey } from "../../clients/redis/redis-slot.ts";
import { hashString, mixHash } from "../../foundation/hash.ts";
import { decodeKeyText, encodeKeyText } from "./key-text.ts";

/** Into how many coherence shards keys fall. Part of the data's layout: never changes. */
export const SHARD_COUNT = 64;

/**
 * What every Redis key of a coherent cache begins with. Each program of a fleet that uses the same database shares the data;
 * others use another database number, or another server.
 */
export const KEY_STEM = "{gcx:";

/** Prefix of each shard, `{gcx:00}` … `{gcx:63}`. */
const SHARD_TAGS: readonly string[] = Array.from(
  { length: SHARD_COUNT },
  (_, shard) => `${KEY_STEM}${String(shard).padStart(2, "0")}}`,
);
const DATA_PREFIXES: readonly string[] = SHARD_TAGS.map((tag) => `${tag}:`);
const SLOTS: readonly number[] = SHARD_TAGS.map((tag) => slotOfKey(tag));
const DATA_PREFIX_LENGTH = (DATA_PREFIXES[0] as string).length;

/** Where everything about tags lives: one slot, so that their numbers come from one clock. */
export const TAG_PREFIX: string = `${KEY_STEM}tags}:`;
/** The clock of tags and what is remembered about forgotten ones. */
export const TAG_CLOCK_KEY: string = `${KEY_STEM}tags}c`;
/** In a cluster: id and birth of the data of tags, which no shard's epoch speaks for. */
export const TAG_EPOCH_KEY: string = `${KEY_STEM}tags}e`;
/** Slot of {@link TAG_PREFIX}. */
export const TAG_SLOT: number = slotOfKey(TAG_CLOCK_KEY);
/** The table of nodes. */
export const NODES_KEY: string = `${KEY_STEM}nodes}`;
/** Slot of {@link NODES_KEY}. */
export const NODES_SLOT: number = slotOfKey(NODES_KEY);
/** Where changes are published: for each database apart, since whoever hears a channel hears it whatever the database, and heads of one mean nothing in another. */
export function changesChannel(database: number): string {
  return database === 0 ? "gcx:changes" : `gcx:changes:${database}`;
}

/**
 * Where changes of a shard of a cluster are published, so that they stay on the servers of its slot: the channel of its database and, behind a colon, the hash tag of its keys.
 * `undefined`: that of tags.
 */
export function shardChangesChannel(database: number, shard: number | undefined): string {
  return `${changesChannel(database)}:${shard === undefined ? `${KEY_STEM}tags}` : (SHARD_TAGS[shard] as string)}`;
}

/** Every key of any shard that holds an entry, as a pattern. */
export const DATA_PATTERN_PREFIX: string = `${KEY_STEM}[0-9][0-9]}:`;

/** Where a node of a cache gets its letters. */
export function nodeChannel(nodeId: string): string {
  return `gcx:node:${nodeId}`;
}

/** Where all nodes that use a database get theirs. */
export function nodesChannel(database: number): string {
  return database === 0 ? "gcx:nodes" : `gcx:nodes:${database}`;
}

/**
 * The shard of a stored key: by its hash, or by that of its hash tag (the text between the first `{` and the next `}`), so that users can keep
 * keys together. O(length).
 */
export function shardOfKey(key: string): number {
  let hash = 0x811c9dc5;
  let index = 0;
  for (; index < key.length; index += 1) {
    const unit = key.charCodeAt(index);
    if (unit === 123) break;
    hash = Math.imul(hash ^ unit, 0x01000193);
  }
  if (index === key.length) return mixHash(hash) % SHARD_COUNT;
  const open = index;
  const close = key.indexOf("}", open + 1);
  return hashString(close > open + 1 ? key.slice(open + 1, close) : key) % SHARD_COUNT;
}

/** The cluster slot of a shard. */
export function slotOfShard(shard: number): number {
  return SLOTS[shard] as number;
}

/** The Redis key of an entry. */
export function dataKey(shard: number, key: string): RedisArgument {
  return encodeKeyText(DATA_PREFIXES[shard] as string, key);
}

/** The shard that an entry's Redis key names; `undefined` for what is no key of an entry. */
export function shardOfDataKey(redisKey: Buffer): number | undefined {
  const shard = Number(redisKey.toString("latin1", KEY_STEM.length, KEY_STEM.length + 2));
  const prefix = DATA_PREFIXES[shard];
  return prefix !== undefined && redisKey.toString("latin1", 0, DATA_PREFIX_LENGTH) === prefix ? shard : undefined;
}

/** The stored key of an entry's Redis key. */
export function storedKeyOf(redisKey: Buffer): string {
  return decodeKeyText(redisKey.subarray(DATA_PREFIX_LENGTH));
}

/** A key of a shard that holds no entry: the letter after the brace keeps it apart from all entries, which have a colon there. */
export function shardKey(shard: number, letter: string, text = ""): RedisArgument {
  return encodeKeyText((SHARD_TAGS[shard] as string) + letter, text);
}

/**
 * Where the records lie that belong to no single entry. On a single server one of each serves all shards, and one script changes many shards;
 * in a cluster each shard has its own, in its slot.
 */
export interface SharedKeys {
  /** Heads: 8 bytes for each shard in it. */
  headKey(shard: number): string;
  /** Place of a shard in its record of heads. */
  headIndex(shard: number): number;
  /** Generation of a namespace. */
  generationKey(shard: number, path: string): RedisArgument;
  /** Id and birth of the data. */
  epochKey(shard: number): string;
}

const WHOLE = `${KEY_STEM}all}`;

/** For one server. */
export const SINGLE_SERVER_KEYS: SharedKeys = {
  headKey: () => `${WHOLE}h`,
  headIndex: (shard) => shard,
  generationKey: (_, path) => encodeKeyText(`${WHOLE}g`, path),
  epochKey: () => `${WHOLE}e`,
};

/** For a cluster. */
export const CLUSTER_KEYS: SharedKeys = {
  headKey: (shard) => `${SHARD_TAGS[shard] as string}h`,
  headIndex: () => 0,
  generationKey: (shard, path) => encodeKeyText(`${SHARD_TAGS[shard] as string}g`, path),
  epochKey: (shard) => `${SHARD_TAGS[shard] as string}e`,
};
