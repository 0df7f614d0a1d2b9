import { type AckWait, type CopiesState, MESSAGE_KINDS, type NodeState, UNKNOWN } from "./copies-state.ts";
import { receive } from "./node-rules.ts";
import { settledAfter } from "./probe-rules.ts";
import { NOW } from "./relative-time.ts";
import type { Rules, Scope } from "./scope.ts";

/** Mirrors `AckWaits.wait` of src/coherence/ack-waits.ts. To be called once the write is known to be committed. */
export function beginWait(state: CopiesState, version: number): void {
  state.ack ??= { version, since: NOW, isListed: false, missing: [], youngUntil: 0 };
}

/** Mirrors `AckWaits.#ask`: the table, read after the commit, says who has to answer. */
export function listNodes(state: CopiesState, scope: Scope, rules: Rules): void {
  const ack = state.ack as AckWait;
  const { leases, tableBornAt } = state.store.data;
  ack.isListed = true;
  ack.missing = leases.flatMap((until, index) => (index > 0 && until > NOW ? [index] : []));
  ack.youngUntil = rules.youngTable ? Math.max(ack.since, tableBornAt + settledAfter(scope)) : ack.since;
}

/** Mirrors `CoherenceFleet.#receive` of src/coherence/coherence-fleet.ts: the question is a message, and is answered once what it says is done. */
export function answerAsk(state: CopiesState, index: number, scope: Scope, rules: Rules): void {
  const ack = state.ack as AckWait;
  const message = { kind: MESSAGE_KINDS.indexOf("change"), before: UNKNOWN, version: ack.version };
  receive(state.nodes[index] as NodeState, message, scope, rules);
  ack.missing = ack.missing.filter((missing) => missing !== index);
}

/** Whether the wait may end, with certainty. */
export function isSettled({ ack }: CopiesState, scope: Scope, rules: Rules): boolean {
  if (ack === null) return false;
  if (NOW >= ack.since + (rules.ackBound ? settledAfter(scope) : 1)) return true;
  if (!ack.isListed || NOW < ack.youngUntil) return false;
  return ack.missing.length === 0 || !rules.ackAll;
}

/** The caller is told that nobody can serve what the write replaced. */
export function endWait(state: CopiesState): void {
  state.acknowledged = Math.max(state.acknowledged, (state.ack as AckWait).version);
  state.ack = null;
}
