import {
  type CopiesState,
  type Copy,
  MESSAGE_KINDS,
  type Message,
  type NodeState,
  type Place,
  SENT,
  UNKNOWN,
  WORK_KINDS,
  type Work,
  type WorkKind,
} from "./copies-state.ts";
import { admit, applyChange, emptyPlace, forget, renew, see } from "./place-rules.ts";
import { FOREVER, NEVER, NOW } from "./relative-time.ts";
import type { Rules, Scope } from "./scope.ts";

/** A process that has heard of nothing. Without a table it counts as a member for ever. */
export function emptyNode({ hasTable }: Pick<Scope, "hasTable">): NodeState {
  const memberAt = hasTable ? NEVER : FOREVER;
  return {
    shard: emptyPlace(),
    tags: emptyPlace(),
    memberFrom: NEVER,
    memberAt,
    copy: null,
    work: [],
    probe: null,
    known: 0,
  };
}

/** Mirrors `FreshnessTable.isProven` of src/coherence/freshness-table.ts, and the end of an entry in `NearCopies.keep` of src/tiers/near-copies.ts. */
export function isServable(node: NodeState, copy: Copy, scope: Scope, rules: Rules): boolean {
  if (rules.copyEnds && NOW >= copy.endsAt) return false;
  if (rules.copyLife && copy.generation !== node.shard.generation) return false;
  const bound = NOW - scope.maxStaleness;
  if (rules.memberLapses && node.memberAt < bound) return false;
  const since = rules.memberFrom ? Math.max(bound, node.memberFrom) : bound;
  if (copy.readAt >= since) return true;
  const provenSince = rules.lapses ? since : NEVER + 1;
  return isProvenBy(node.shard, copy.head, provenSince, rules) && areTagsProven(node, copy, provenSince, scope, rules);
}

function isProvenBy({ freshAt, floor }: Place, head: number, since: number, rules: Rules): boolean {
  return freshAt >= since && (!rules.floor || head >= floor);
}

function areTagsProven(node: NodeState, copy: Copy, since: number, { isTagged }: Scope, rules: Rules): boolean {
  return !isTagged || !rules.tagsPlace || isProvenBy(node.tags, copy.tagHead, since, rules);
}

/** Mirrors `FreshnessTable.renewMembership`. */
export function renewMembership(node: NodeState, sentAt: number, { maxStaleness }: Scope): void {
  if (node.memberAt === FOREVER) return;
  if (sentAt - node.memberAt > maxStaleness) node.memberFrom = sentAt;
  node.memberAt = Math.max(node.memberAt, sentAt);
}

/** Mirrors `CoherenceNode.begin` of src/coherence/coherence-node.ts. */
export function begin(node: NodeState, kind: WorkKind): void {
  node.work.push({
    kind: WORK_KINDS.indexOf(kind),
    stage: SENT,
    sentAt: NOW,
    generation: node.shard.generation,
    seenHead: node.shard.seen,
    tagHead: node.tags.applied,
    minHead: 0,
    isVoid: false,
    isOutdated: false,
    value: 0,
    head: 0,
    epoch: 0,
    endsAt: 0,
    isLost: false,
  });
}

/** Mirrors `RunningWork.noteChange` of src/coherence/running-work.ts. */
function noteChange(node: NodeState, version: number): void {
  for (const work of node.work) work.minHead = Math.max(work.minHead, version);
}

/** Mirrors `RunningWork.voidKey` and `voidAll`. */
function voidAll(node: NodeState): void {
  for (const work of node.work) work.isVoid = true;
}

/** Mirrors `RunningWork.isKeepable`. */
function isKeepable(work: Work, head: number, rules: Rules): boolean {
  if (rules.voidTicket && work.isVoid) return false;
  if (rules.minHead && head < work.minHead) return false;
  return !(rules.wideLog && work.isOutdated);
}

/** Mirrors `NearCopies.dropOlder` of src/tiers/near-copies.ts. */
function dropOlder(node: NodeState, version: number): void {
  if (node.copy !== null && node.copy.head < version) node.copy = null;
}

/** Mirrors `NearCopies.keep`. */
function keepCopy(node: NodeState, copy: Copy, rules: Rules): void {
  const before = node.copy;
  if (rules.newerStays && before !== null && before.generation === copy.generation && before.head > copy.head) return;
  node.copy = rules.copyEnds && NOW >= copy.endsAt ? null : copy;
}

/** Mirrors `CoherenceNode.changed`; `UNKNOWN`: nobody knows the version. */
export function changed(node: NodeState, version: number, rules: Rules): void {
  if (version === UNKNOWN) voidAll(node);
  else {
    noteChange(node, version);
    if (rules.ownHeard) see(node.shard, version);
  }
  if (rules.changeEnds) dropOlder(node, version === UNKNOWN ? FOREVER : version);
}

/** Mirrors `CoherenceNode.invalidated` and `cleared`: the one key has the tag, and is in the namespace. */
export function wideChanged(node: NodeState, rules: Rules): void {
  for (const work of node.work) work.isOutdated = true;
  if (rules.changeEnds) node.copy = null;
}

/** Mirrors `CoherenceNode.receive`. */
export function receive(node: NodeState, { kind, before, version }: Message, scope: Scope, rules: Rules): void {
  const name = MESSAGE_KINDS[kind];
  if (name === "tags") {
    if (scope.isTagged) wideChanged(node, rules);
    applyChange(node.tags, before, version, rules);
    return;
  }
  if (name === "change") changed(node, version, rules);
  if (name === "clear") wideChanged(node, rules);
  if (version !== UNKNOWN) applyChange(node.shard, before, version, rules);
}

/** Mirrors `CoherenceNode.#keepAt`: the proof that a copy takes along. */
function copyFrom(node: NodeState, work: Work, rules: Rules): Copy {
  return {
    value: work.value,
    head: rules.stampOfRead ? work.head : Math.max(work.head, node.shard.seen),
    tagHead: rules.tagsFromSend ? work.tagHead : Math.max(work.tagHead, node.tags.seen),
    generation: rules.copyLife ? work.generation : node.shard.generation,
    readAt: rules.freshFromSend ? work.sentAt : NOW,
    endsAt: work.endsAt,
  };
}

/** Mirrors `NearReader.keep` of src/tiers/near-reader.ts. The work is no longer among the node's. */
export function takeRead(node: NodeState, work: Work, rules: Rules): void {
  const isFound = work.value > 0;
  const isKept = proveRead(node, work, rules);
  if (!isFound) {
    if (rules.absenceEnds) dropOlder(node, work.head + 1);
  } else if (isKept) keepCopy(node, copyFrom(node, work, rules), rules);
  else if (rules.unkeptEnds) dropOlder(node, work.value);
}

/** Mirrors `CoherenceNode.keep`: whether the answer may become a copy. */
function proveRead(node: NodeState, work: Work, rules: Rules): boolean {
  if (rules.answerLife && work.generation !== node.shard.generation) return false;
  if (!admit(node.shard, work, work.seenHead, rules)) {
    node.copy = null;
    return false;
  }
  const isKept = isKeepable(work, work.head, rules);
  if (work.value === 0) {
    if (rules.absenceNoted) noteChange(node, work.head);
  } else if (rules.answerNoted) noteChange(node, work.value);
  return isKept;
}

/** Mirrors `NearChanger.set`, `tell` and `#keep`, and `CoherenceNode.wrote`, of src/tiers/near-changer.ts. The work is no longer among the node's, but what it hears of itself is noted on it. */
export function takeWritten(node: NodeState, work: Work, rules: Rules): void {
  // What was asked for before, and the copy there is, may be of data that was lost: whatever their versions, they go.
  voidAll(node);
  node.work.push(work);
  changed(node, work.value, rules);
  node.work.pop();
  if (rules.changeEnds) node.copy = null;
  if (rules.writeLife && work.generation !== node.shard.generation) return;
  if (isKeepable(work, work.head, rules)) keepCopy(node, copyFrom(node, work, rules), rules);
}

/** Mirrors `NearChanger.change` for a delete, and `NearChanger.set` for what failed: nobody knows the version. */
export function takeUnknown(node: NodeState, rules: Rules): void {
  if (rules.unknownEnds) changed(node, UNKNOWN, rules);
}

/** Mirrors `FreshnessTable.applyTagHead` where the clock of tags went back. */
export function loseTagClock(node: NodeState, tagClock: number, sentAt: number): void {
  forget(node.shard);
  renew(node.tags, { head: tagClock, epoch: 0 }, sentAt);
  node.copy = null;
}

/** A process that ended and came again. */
export function restart(state: CopiesState, index: number, scope: Scope): void {
  state.nodes[index] = emptyNode(scope);
  state.store.data.leases[index] = NEVER;
}
