import { hashString } from "../../foundation/hash.ts";

/** Into how many shards keys fall. */
export const OWNED_SHARD_COUNT = 256;

/** Who owns what, as long as these nodes are there. Two nodes with the same members have equal views. */
export interface OwnerView {
  /** Of the members: equal for equal sets of them. */
  readonly id: string;
  /** Ids of the nodes, sorted. */
  readonly members: readonly string[];
  /** For each shard its owner's place in `members`. */
  readonly owners: Uint16Array;
}

/** Picks the owner of each shard: for each the place of a member. Must depend on the members alone. */
export type PickOwners = (members: readonly string[], shardCount: number) => Uint16Array;

/** The view of a set of nodes; `ids` in any order, without repetitions. O(shards x nodes) */
export function createOwnerView(ids: Iterable<string>, pickOwners: PickOwners): OwnerView {
  const members = [...ids].sort();
  return { id: nameOf(members), members, owners: pickOwners(members, OWNED_SHARD_COUNT) };
}

/** The owner of a shard. */
export function ownerOf({ members, owners }: OwnerView, shard: number): string {
  return members[owners[shard] as number] as string;
}

/** 64 bits, and how many there are. */
function nameOf(members: readonly string[]): string {
  const text = members.join("\n");
  const high = hashString(`view\n${text}`).toString(36);
  const low = hashString(`${text}\nview`).toString(36);
  return `${members.length}.${high}.${low}`;
}
