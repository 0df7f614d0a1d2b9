import { ANSWERED, type CopiesState, type NodeState, type Work } from "./copies-state.ts";
import { FOREVER, NEVER } from "./relative-time.ts";
import type { Rules, Scope } from "./scope.ts";

/** Forgets what can no longer matter: ends of values that nobody has, instants that prove nothing any more, the order of what is on its way. */
export function tidyCopies(state: CopiesState, { maxStaleness, hasTable }: Scope, rules: Rules): void {
  // Without the safeguard even the oldest proof proves something.
  const oldest = rules.lapses ? -maxStaleness : -2 * maxStaleness - 1;
  const recent = (at: number): number => (at < oldest ? NEVER : at);
  for (const node of state.nodes) tidyNode(node, recent, hasTable);
  const { endedAt } = state.store;
  for (let version = 0; version < endedAt.length; version += 1) {
    const at = endedAt[version];
    if (at !== FOREVER && at !== NEVER && !isKept(state, version)) endedAt[version] = NEVER;
  }
}

/** Whether a node has the value, or is about to. */
function isKept({ nodes }: CopiesState, version: number): boolean {
  return nodes.some(
    ({ copy, work }) =>
      copy?.value === version || work.some(({ stage, value }) => stage === ANSWERED && value === version),
  );
}

function tidyNode(node: NodeState, recent: (at: number) => number, hasTable: boolean): void {
  const { shard, tags, copy, work, probe } = node;
  for (const place of [shard, tags]) {
    place.freshAt = recent(place.freshAt);
    place.owedAt = recent(place.owedAt);
  }
  if (copy !== null) copy.readAt = recent(copy.readAt);
  for (const one of work) one.sentAt = recent(one.sentAt);
  if (work.length > 1) work.sort(byContents);
  // What a question says of the membership counts for longer.
  if (probe !== null && !hasTable) probe.sentAt = recent(probe.sentAt);
}

const FIELDS = ["kind", "stage", "sentAt", "generation", "seenHead", "minHead", "head", "value", "tagHead"] as const;

function byContents(one: Work, other: Work): number {
  for (const field of FIELDS) if (one[field] !== other[field]) return one[field] - other[field];
  return 0;
}
