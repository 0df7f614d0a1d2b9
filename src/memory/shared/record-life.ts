import type { RemovalCause } from "../../entry/removal.ts";
import type { Clock } from "../../foundation/clock.ts";
import { RECORD, scopeCountOf, scopeWord } from "./record-format.ts";
import type { SharedSlab } from "./shared-slab.ts";
import type { VersionCells } from "./version-cells.ts";

/**
 * Says why a record is dead; `undefined`: it lives. The bucket's head must have been loaded before: whatever a record found there
 * says of clears and invalidations is then older than what is read here.
 *
 * @param epoch the clear epoch to judge in; by default the present one
 */
export function deathCause(
  slab: SharedSlab,
  cells: VersionCells,
  clock: Clock,
  address: number,
  epoch: number = slab.clearEpoch(),
): Extract<RemovalCause, "expired" | "invalidated"> | undefined {
  const { i32, f64 } = slab;
  const word = address * 2;
  if (i32[word + RECORD.epoch] !== epoch) return "invalidated";
  const expiresAt = f64[address + 6] as number;
  if (expiresAt !== Number.POSITIVE_INFINITY && clock.wallMs() >= expiresAt) return "expired";
  const flags = i32[word + RECORD.flags] as number;
  const count = scopeCountOf(flags);
  if (count === 0) return undefined;
  const stamp = f64[address + 5] as number;
  let at = scopeWord(i32, word, flags);
  for (let index = 0; index < count; index += 1, at += 2) {
    if (cells.newest(i32[at] as number, i32[at + 1] as number) > stamp) return "invalidated";
  }
  return undefined;
}
