import type { CopiesState, NodeState, Probe } from "./copies-state.ts";
import { loseTagClock, renewMembership } from "./node-rules.ts";
import { applyHead, applyStamp } from "./place-rules.ts";
import { NOW } from "./relative-time.ts";
import type { Rules, Scope } from "./scope.ts";

/** How long after its commit a change is certain to be visible: D + e, as `settledAfterMs` of src/coherence/ack-waits.ts. e is a tick: what happens in one tick has no order in time. */
export function settledAfter({ maxStaleness }: Scope): number {
  return maxStaleness + 1;
}

/** Mirrors the first half of `ProbeCycle.#probe` of src/coherence/probe-cycle.ts: who is not in the table joins it, and asks afterwards. */
export function sendProbe(node: NodeState, scope: Scope, rules: Rules): void {
  const isMember = node.memberAt >= NOW - scope.maxStaleness;
  const isJoin = scope.hasTable && !isMember && rules.joinFirst;
  node.probe = newProbe(node, NOW, { isJoin, isMember: scope.hasTable && !isJoin, isRenewed: !scope.hasTable });
}

function newProbe(
  node: NodeState,
  sentAt: number,
  kind: { readonly isJoin: boolean; readonly isMember: boolean; readonly isRenewed: boolean },
): Probe {
  const { isJoin, isMember, isRenewed } = kind;
  const seen = { seenAtSend: node.shard.seen, tagsSeenAtSend: node.tags.seen };
  return { isJoin, isMember, isRenewed, sentAt, ...seen, isAnswered: false, head: 0, epoch: 0, tagClock: 0 };
}

/** The store answers with the heads. */
export function answerProbe({ store: { data } }: CopiesState, probe: Probe): void {
  const { head, epoch, tagClock } = data;
  Object.assign(probe, { isAnswered: true, head, epoch, tagClock });
}

/** Whether everything that was asked for is here. */
export function isProbeDone({ isJoin, isRenewed, isAnswered }: Probe): boolean {
  return isRenewed && (isJoin || isAnswered);
}

/** Mirrors the rest of `ProbeCycle.#probe`, and `CoherenceNode.#take`. */
export function takeProbe(node: NodeState, scope: Scope, rules: Rules): void {
  const probe = node.probe as Probe;
  if (probe.isJoin) {
    renewMembership(node, probe.sentAt, scope);
    node.probe = newProbe(node, NOW, { isJoin: false, isMember: false, isRenewed: true });
    return;
  }
  node.probe = null;
  if (probe.isMember) renewMembership(node, probe.sentAt, scope);
  const sentAt = rules.probeFromSend ? probe.sentAt : NOW;
  if (applyStamp(node.shard, probe, { seenAtSend: probe.seenAtSend, sentAt }, rules)) node.copy = null;
  if (!scope.isTagged) return;
  if (rules.tagClockLost && probe.tagClock < probe.tagsSeenAtSend) loseTagClock(node, probe.tagClock, sentAt);
  else applyHead(node.tags, probe.tagClock, sentAt, rules);
}
