import { type Caller, hasLeft } from "../../backend/caller.ts";

/** Keys of one MGET. More would keep the server from others, and a reply of large values from being used while the next is sent. */
const MAX_CALL_KEYS = 128;

/** Keys that somebody asked for in one turn. */
export interface KeyRead<Owner> {
  readonly keys: readonly string[];
  /** Where each key's answer belongs; `undefined`: at the key's own place. */
  readonly places: readonly number[] | undefined;
  readonly owner: Owner;
}

/** A part of what one asked for, in one call. */
export interface ReadSegment<Owner> {
  readonly read: KeyRead<Owner>;
  readonly from: number;
  readonly to: number;
}

/** Who asks. */
interface Leaver {
  readonly caller: Caller;
  fail(error: unknown): void;
}

/** Splits what was asked for into calls of bounded length, in order. Who left is told so and asks for nothing. */
export function chunkReads<Owner extends Leaver>(reads: readonly KeyRead<Owner>[]): ReadSegment<Owner>[][] {
  const chunks: ReadSegment<Owner>[][] = [];
  let chunk: ReadSegment<Owner>[] = [];
  let room = MAX_CALL_KEYS;
  for (const read of reads) {
    const { owner } = read;
    if (hasLeft(owner.caller)) {
      owner.fail(owner.caller.signal?.reason);
      continue;
    }
    for (let from = 0; from < read.keys.length; ) {
      if (room === 0) {
        chunks.push(chunk);
        chunk = [];
        room = MAX_CALL_KEYS;
      }
      const to = Math.min(read.keys.length, from + room);
      chunk.push({ read, from, to });
      room -= to - from;
      from = to;
    }
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

/** Sorts the keys of reads by a number, such as their shard or slot. */
export function groupReads<Owner>(
  reads: readonly KeyRead<Owner>[],
  groupOf: (key: string) => number,
): ReadonlyMap<number, KeyRead<Owner>[]> {
  const groups = new Map<number, KeyRead<Owner>[]>();
  for (const { keys, places, owner } of reads) {
    const parts = new Map<number, { readonly keys: string[]; readonly places: number[] }>();
    for (const [index, key] of keys.entries()) {
      const group = groupOf(key);
      let part = parts.get(group);
      if (part === undefined) {
        part = { keys: [], places: [] };
        parts.set(group, part);
      }
      part.keys.push(key);
      part.places.push(places?.[index] ?? index);
    }
    for (const [group, part] of parts) {
      const own = groups.get(group);
      if (own === undefined) groups.set(group, [{ ...part, owner }]);
      else own.push({ ...part, owner });
    }
  }
  return groups;
}
