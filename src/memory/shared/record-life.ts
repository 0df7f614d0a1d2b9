import type { RemovalCause } from "../../entry/removal.ts";
import type { Clock } from "../../foundation/clock.ts";
import { RECORD, scopeCountOf, scopeWord } from "./record-format.ts";
import type { ScopeHashes } from "./scope-hashes.ts";
import type { SharedSlab } from "./shared-slab.ts";
import type { VersionCells } from "./version-cells.ts";

/** Whether a record carries all of these scopes. */
export function hasScopes(slab: SharedSlab, address: number, scopes: ScopeHashes): boolean {
  const { i32 } = slab;
  const word = address * 2;
  const flags = i32[word + RECORD.flags] as number;
  const first = scopeWord(i32, word, flags);
  const end = first + scopeCountOf(flags) * 2;
  for (let index = 0; index < scopes.length; index += 2) {
    let at = first;
    while (at < end && !isPair(i32, at, scopes, index)) at += 2;
    if (at >= end) return false;
  }
  return true;
}

/** Hashes may stand as signed or unsigned numbers; in the slab they are signed. */
function isPair(i32: Int32Array, at: number, scopes: ScopeHashes, index: number): boolean {
  return i32[at] === ((scopes[index] as number) | 0) && i32[at + 1] === ((scopes[index + 1] as number) | 0);
}

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
