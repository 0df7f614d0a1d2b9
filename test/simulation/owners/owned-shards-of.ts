import { hashRoutingPart, type KeyHash } from "../../../src/sharding/key-hash.ts";
import { createRendezvousPicker } from "../../../src/sharding/rendezvous-picker.ts";
import { OWNED_SHARD_COUNT } from "../../../src/tiers/owners/owner-view.ts";

const scratch: KeyHash = { high: 0, low: 0 };

/** As `src/create-owners.ts` does it. */
export function ownedShardOf(key: string): number {
  hashRoutingPart(key, scratch);
  return (scratch.low >>> 0) % OWNED_SHARD_COUNT;
}

/** Views come again and again, over thousands of runs. */
const picked = new Map<string, Uint16Array>();
const MAX_PICKED = 10_000;

/** As `src/create-owners.ts` does it. */
export function pickOwners(members: readonly string[], shardCount: number): Uint16Array {
  const name = members.join("\n");
  const known = picked.get(name);
  if (known !== undefined) return known;
  const picker = createRendezvousPicker(members.map((member) => ({ name: member, weight: 1 })));
  const owners = Uint16Array.from({ length: shardCount }, (_, shard) => picker.pick(`shard ${shard}`));
  if (picked.size >= MAX_PICKED) picked.clear();
  picked.set(name, owners);
  return owners;
}
