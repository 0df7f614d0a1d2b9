import type { CopiesState, Place } from "./copies-state.ts";

/** Instants are told from now on, in ticks: those before are negative. So states that differ only in how late it is are one, and time needs no end. */
export const NOW = 0;
/** No instant: long before all others. */
export const NEVER = -99;
/** No instant: after all others. */
export const FOREVER = 99;

/**
 * A tick passes: every instant is one further back. What lies more than twice the bound of staleness back is all the same: instants are compared with now less the bound, and with those
 * that are not older than that.
 */
export function passTick(state: CopiesState, { maxStaleness }: { readonly maxStaleness: number }): void {
  const oldest = -2 * maxStaleness - 1;
  const later = (at: number): number => {
    if (at === FOREVER || at === NEVER) return at;
    return at - 1 < oldest ? NEVER : at - 1;
  };
  const { data, replica, endedAt } = state.store;
  for (const place of replica === null ? [data] : [data, replica]) {
    place.endsAt = later(place.endsAt);
    place.tableBornAt = later(place.tableBornAt);
    place.leases = place.leases.map(later);
  }
  state.store.endedAt = endedAt.map(later);
  const age = (place: Place): void => {
    place.freshAt = later(place.freshAt);
    place.owedAt = later(place.owedAt);
  };
  for (const node of state.nodes) {
    const { shard, tags, copy, work, probe } = node;
    age(shard);
    age(tags);
    node.memberAt = later(node.memberAt);
    node.memberFrom = later(node.memberFrom);
    if (copy !== null) {
      copy.readAt = later(copy.readAt);
      copy.endsAt = later(copy.endsAt);
    }
    for (const one of work) {
      one.sentAt = later(one.sentAt);
      one.endsAt = later(one.endsAt);
    }
    if (probe !== null) probe.sentAt = later(probe.sentAt);
  }
  if (state.ack !== null) {
    state.ack.since = later(state.ack.since);
    state.ack.youngUntil = later(state.ack.youngUntil);
  }
}
