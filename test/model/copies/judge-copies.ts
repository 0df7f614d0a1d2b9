import type { CopiesState, Copy, NodeState } from "./copies-state.ts";
import { isServable } from "./node-rules.ts";
import { NOW } from "./relative-time.ts";
import type { Rules, Scope } from "./scope.ts";

/** Says which promise a state breaks: what each node would serve now, against what is known from above. */
export function judgeCopies(state: CopiesState, scope: Scope, rules: Rules): string | undefined {
  for (const [index, node] of state.nodes.entries()) {
    const { copy } = node;
    if (copy === null || !isServable(node, copy, scope, rules)) continue;
    const broken = brokenBy(state, node, copy, scope, rules);
    if (broken !== undefined) return `node ${index} would serve value ${copy.value}: ${broken}`;
  }
  return undefined;
}

function brokenBy(
  state: CopiesState,
  { known }: NodeState,
  { value, head }: Copy,
  scope: Scope,
  rules: Rules,
): string | undefined {
  if (value < known) return `a call has told of something newer here, below ${known} all is over (G1, G3)`;
  if (value < state.acknowledged) return `write ${state.acknowledged} is acknowledged by all (G5)`;
  // A read that is given a ticket passes by copies that may be older.
  const isLateEnough = !rules.ticketChecked || head >= state.ticket;
  if (isLateEnough && value < state.ticket) return `to a reader with the ticket of ${state.ticket} (G4)`;
  const age = NOW - (state.store.endedAt[value] as number);
  return age > scope.maxStaleness ? `it was replaced ${age} ticks ago (G2)` : undefined;
}
