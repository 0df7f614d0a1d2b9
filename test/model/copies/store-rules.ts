import {
  type CopiesState,
  MESSAGE_KINDS,
  type Message,
  type MessageKind,
  type StoreData,
  type StoreState,
  UNKNOWN,
  type Work,
} from "./copies-state.ts";
import { copyData } from "./copy-copies.ts";
import { FOREVER, NEVER, NOW } from "./relative-time.ts";
import type { OutsideChange, Scope } from "./scope.ts";

/** The version of the entry that is there at the start. */
export const FIRST_VERSION = 2;

/** A store with one entry. */
export function firstStore({ nodeCount, ttl, budget }: Scope): StoreState {
  const data: StoreData = {
    epoch: 1,
    head: FIRST_VERSION,
    value: FIRST_VERSION,
    endsAt: Math.min(ttl, FOREVER),
    tagClock: FIRST_VERSION,
    leases: new Array<number>(nodeCount).fill(NEVER),
    tableBornAt: NEVER,
  };
  const versionLimit = FIRST_VERSION + 2 * ((budget.changes ?? 0) + (budget.works ?? 0)) + 1;
  const endedAt = new Array<number>(versionLimit).fill(FOREVER);
  return { data, replica: null, newest: FIRST_VERSION, newestTagClock: FIRST_VERSION, endedAt };
}

/**
 * What the next number may be: max(head + 1, the server's clock), as in src/backends/redis/scripts/script-prelude.ts. The clock has gone on, so the number is above all that were ever given out; or, where
 * some were lost and the new server's clock is behind, it is below one that was. Never the same as one that was lost: two changes in one microsecond of clocks that are apart are not looked at.
 */
export function nextNumbers(head: number, newest: number): readonly number[] {
  const behind = head + 1;
  return head < newest && head % 2 === 0 ? [behind, newest + 2] : [newest + 2];
}

/** One change, as the scripts of the Redis store make it: the number rises, the message goes out in the same step. */
export function commit(state: CopiesState, kind: OutsideChange, number: number, scope: Scope): void {
  const { store } = state;
  const { data } = store;
  if (state.left.failovers > 0) store.replica = copyData(data);
  const before = kind === "tags" ? data.tagClock : data.head;
  if (kind === "tags") {
    data.tagClock = number;
    store.newestTagClock = Math.max(store.newestTagClock, number);
    if (scope.isTagged) replaceValue(state, 0);
  } else {
    data.head = number;
    store.newest = Math.max(store.newest, number);
    if (kind === "change") replaceValue(state, number);
    else if (kind !== "other") replaceValue(state, 0);
    if (kind === "change") data.endsAt = Math.min(NOW + scope.ttl, FOREVER);
  }
  publish(state, kind, before, number, scope);
}

function publish(state: CopiesState, kind: OutsideChange, before: number, number: number, scope: Scope): void {
  // A delete is told like a write; by a node that does not know its version, without one.
  const isDelete = kind === "delete";
  const told: MessageKind = isDelete ? "change" : kind;
  const message: Message = {
    kind: MESSAGE_KINDS.indexOf(told),
    before: scope.hasChain ? before : UNKNOWN,
    version: isDelete && !scope.hasChain ? UNKNOWN : number,
  };
  state.messages.push(message);
}

function replaceValue({ store }: CopiesState, value: number): void {
  if (store.data.value > 0) store.endedAt[store.data.value] = NOW;
  store.data.value = value;
}

/** What was an entry is over. Raises no head. */
export function expire(state: CopiesState): void {
  if (NOW >= state.store.data.endsAt) replaceValue(state, 0);
}

/** Answers a read. */
export function answerRead({ store: { data } }: CopiesState, work: Work): void {
  const { value, head, epoch, endsAt } = data;
  Object.assign(work, { value, head, epoch, endsAt: value > 0 ? endsAt : 0 });
}

/** Takes the lease of a node. */
export function takeLease(state: CopiesState, index: number, settled: number, losesLeases: boolean): void {
  const { store } = state;
  if (losesLeases && state.left.failovers > 0) store.replica = copyData(store.data);
  store.data.leases[index] = NOW + settled;
}

/** Goes on with what the replica has: the newest change is lost. */
export function failOver(state: CopiesState, { failover, losesLeases }: Scope): void {
  const { store } = state;
  const lost = store.data;
  const { leases, tableBornAt } = lost;
  const kept = store.replica as StoreData;
  store.replica = null;
  store.data = losesLeases ? kept : { ...kept, leases, tableBornAt };
  if (failover === "told") store.data.epoch += 1;
  if (lost.value !== kept.value) {
    if (lost.value > 0) store.endedAt[lost.value] = NOW;
    if (kept.value > 0) store.endedAt[kept.value] = FOREVER;
  }
  forgive(state, kept.head);
  if (failover === "silent") silence(state, kept);
  expire(state);
}

/** What was lost is not heard of any more. */
function silence(state: CopiesState, { head, tagClock }: StoreData): void {
  state.messages = state.messages.filter(
    ({ kind, version }) => version <= (MESSAGE_KINDS[kind] === "tags" ? tagClock : head),
  );
  for (const node of state.nodes) node.work = node.work.filter(({ isLost }) => !isLost);
}

/** Loses everything. */
export function wipe(state: CopiesState): void {
  const { store } = state;
  replaceValue(state, 0);
  const { epoch, leases } = store.data;
  store.replica = null;
  store.data = {
    epoch: epoch + 1,
    head: 0,
    value: 0,
    endsAt: FOREVER,
    tagClock: 0,
    leases: leases.map(() => NEVER),
    tableBornAt: NOW,
  };
  forgive(state, 0);
}

/** Loses the table of nodes alone. */
export function loseTable({ store: { data } }: CopiesState): void {
  data.leases = data.leases.map(() => NEVER);
  data.tableBornAt = NOW;
}

/** What callers were told of writes that the store has lost is no promise any more. */
function forgive(state: CopiesState, head: number): void {
  for (const node of state.nodes) {
    if (node.known > head) node.known = 0;
    for (const work of node.work) if (work.head > head) work.isLost = true;
  }
  if (state.ack !== null && state.ack.version > head) state.ack.version = 0;
  if (state.acknowledged > head) state.acknowledged = 0;
  if (state.ticket > head) state.ticket = 0;
}
