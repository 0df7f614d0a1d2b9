import type { Model, Step } from "../explore.ts";
import { answerAsk, beginWait, endWait, isSettled, listNodes } from "./ack-rules.ts";
import {
  ANSWERED,
  type Budget,
  type CopiesState,
  MESSAGE_KINDS,
  type NodeState,
  ORPHANED,
  type Probe,
  SENT,
  WORK_KINDS,
  type Work,
  type WorkKind,
} from "./copies-state.ts";
import { copyCopies } from "./copy-copies.ts";
import { describeCopies } from "./describe-copies.ts";
import { judgeCopies } from "./judge-copies.ts";
import { begin, emptyNode, receive, restart, takeRead, takeUnknown, takeWritten, wideChanged } from "./node-rules.ts";
import { applyHead, applyStamp, settle } from "./place-rules.ts";
import { answerProbe, isProbeDone, sendProbe, settledAfter, takeProbe } from "./probe-rules.ts";
import { passTick } from "./relative-time.ts";
import type { OutsideChange, Rules, Scope } from "./scope.ts";
import {
  answerRead,
  commit,
  expire,
  FIRST_VERSION,
  failOver,
  firstStore,
  loseTable,
  nextNumbers,
  takeLease,
  wipe,
} from "./store-rules.ts";
import { tidyCopies } from "./tidy-copies.ts";

type CopiesStep = Step<CopiesState>;

const NOTHING_LEFT: Budget = {
  reads: 0,
  works: 0,
  changes: 0,
  probes: 0,
  evictions: 0,
  restarts: 0,
  failovers: 0,
  wipes: 0,
  tableLosses: 0,
};

/** Copies of one entry in processes, in front of a shared store, while somebody changes it: all that can happen within a scope. */
export function copiesModel(scope: Scope, rules: Rules): Model<CopiesState> {
  const parts: Parts = { scope, rules };
  return {
    initial: firstState(parts),
    copy: copyCopies,
    steps: (state) => [
      ...timeSteps(parts),
      ...outsideSteps(state, parts),
      ...state.nodes.flatMap((node, index) => [
        ...questionSteps(state, node, index, parts),
        ...workSteps(state, node, index, parts),
        ...probeSteps(state, node, index, parts),
        ...nodeSteps(state, node, index, parts),
      ]),
      ...ackSteps(state, parts),
    ],
    judge: (state) => judgeCopies(state, scope, rules),
    tidy: (state) => tidyCopies(state, scope, rules),
    describe: describeCopies,
  };
}

interface Parts {
  readonly scope: Scope;
  readonly rules: Rules;
}

function firstState({ scope, rules }: Parts): CopiesState {
  const state: CopiesState = {
    store: firstStore(scope),
    nodes: Array.from({ length: scope.nodeCount }, () => emptyNode(scope)),
    messages: [],
    ack: null,
    acknowledged: 0,
    ticket: 0,
    left: { ...NOTHING_LEFT, ...scope.budget },
  };
  if (!scope.isWarm) return state;
  for (const [index, node] of state.nodes.entries()) {
    if (scope.hasTable && !scope.isAway) {
      takeLease(state, index, settledAfter(scope), false);
      node.memberAt = 0;
      node.memberFrom = 0;
    }
    applyStamp(node.shard, { head: FIRST_VERSION, epoch: 1 }, { seenAtSend: 0, sentAt: 0 }, rules);
    applyHead(node.tags, FIRST_VERSION, 0, rules);
    begin(node, "read");
    const work = node.work.pop() as Work;
    answerRead(state, work);
    takeRead(node, work, rules);
    node.known = FIRST_VERSION;
  }
  // What happened before it fell out of the table was not in this tick.
  if (scope.isAway) passTick(state, scope);
  return state;
}

function timeSteps({ scope }: Parts): CopiesStep[] {
  if (!scope.hasTime) return [];
  const take = (draft: CopiesState): void => {
    passTick(draft, scope);
    expire(draft);
  };
  return [{ label: "a tick passes", take }];
}

const OUTSIDE_LABELS: Readonly<Record<OutsideChange, string>> = {
  change: "somebody writes the key",
  other: "somebody changes another key of the shard",
  delete: "somebody deletes the key",
  tags: "somebody invalidates the tag",
  clear: "somebody clears the namespace",
};

function outsideSteps(state: CopiesState, { scope }: Parts): CopiesStep[] {
  const { store, left } = state;
  const { data } = store;
  const steps: CopiesStep[] = [];
  for (const kind of left.changes > 0 ? scope.outside : []) {
    const numbers =
      kind === "tags" ? nextNumbers(data.tagClock, store.newestTagClock) : nextNumbers(data.head, store.newest);
    for (const number of numbers) {
      steps.push({
        label: `${OUTSIDE_LABELS[kind]}: ${number}`,
        take: (draft) => {
          draft.left.changes -= 1;
          commit(draft, kind, number, scope);
        },
      });
    }
  }
  if (left.failovers > 0 && store.replica !== null) {
    const take = (draft: CopiesState): void => {
      draft.left.failovers -= 1;
      failOver(draft, scope);
    };
    steps.push({ label: "the replica takes over, without the newest change", take });
  }
  if (left.wipes > 0) {
    const take = (draft: CopiesState): void => {
      draft.left.wipes -= 1;
      wipe(draft);
    };
    steps.push({ label: "the store loses everything", take });
  }
  if (left.tableLosses > 0) {
    const take = (draft: CopiesState): void => {
      draft.left.tableLosses -= 1;
      loseTable(draft);
    };
    steps.push({ label: "the store loses the table of nodes", take });
  }
  return steps;
}

function questionSteps(state: CopiesState, node: NodeState, index: number, { scope }: Parts): CopiesStep[] {
  if (node.work.length >= scope.maxWork) return [];
  const kinds: WorkKind[] = [];
  if (state.left.reads > 0 && doesAsk(index, scope)) kinds.push("read");
  // Only node 0 changes something; the others are there to have copies.
  if (index === 0 && state.left.works > 0) kinds.push(...scope.works);
  return kinds.map((kind) => ({
    label: `node ${index} sends a ${kind}`,
    take: (draft) => {
      if (kind === "read") draft.left.reads -= 1;
      else draft.left.works -= 1;
      begin(draft.nodes[index] as NodeState, kind);
    },
  }));
}

function doesAsk(index: number, { askers }: Scope): boolean {
  return askers === undefined || askers.includes(index);
}

function workSteps(state: CopiesState, node: NodeState, index: number, parts: Parts): CopiesStep[] {
  return node.work.flatMap((work, at) => {
    const kind = WORK_KINDS[work.kind] as WorkKind;
    const steps: CopiesStep[] = [];
    const { scope } = parts;
    if (work.stage !== ANSWERED) steps.push(...answerSteps(state, work, { index, at, kind }, parts));
    if (work.stage === ANSWERED) {
      steps.push({
        label: `node ${index} has the answer to its ${kind}: ${work.value} at head ${work.head}`,
        take: (draft) => takeAnswer(draft, index, at, parts),
      });
    }
    if (work.stage !== ORPHANED && kind !== "read" && scope.canFail) {
      steps.push({
        label: `node ${index} gives up its ${kind}, and does not know what became of it`,
        take: (draft) => giveUp(draft, index, at, parts),
      });
    }
    return steps;
  });
}

function answerSteps(
  state: CopiesState,
  { stage }: Work,
  { index, at, kind }: { readonly index: number; readonly at: number; readonly kind: WorkKind },
  { scope }: Parts,
): CopiesStep[] {
  const workOf = (draft: CopiesState): Work => draft.nodes[index]?.work[at] as Work;
  if (kind === "read") {
    const take = (draft: CopiesState): void => {
      answerRead(draft, workOf(draft));
      workOf(draft).stage = ANSWERED;
    };
    return [{ label: `the store answers node ${index}'s read`, take }];
  }
  const { data, newest, newestTagClock } = state.store;
  const numbers = kind === "tags" ? nextNumbers(data.tagClock, newestTagClock) : nextNumbers(data.head, newest);
  return numbers.map((number) => ({
    label: `the store carries out node ${index}'s ${kind}: ${number}`,
    take: (draft) => {
      commit(draft, kind === "write" ? "change" : kind, number, scope);
      if (stage === ORPHANED) {
        draft.nodes[index]?.work.splice(at, 1);
        return;
      }
      const { head, epoch, endsAt } = draft.store.data;
      // Whoever makes a change of another kind than a write is not told its number; it says what is over from above.
      const value = kind === "write" ? number : head + 1;
      Object.assign(workOf(draft), { value, head: number, epoch, endsAt, stage: ANSWERED });
    },
  }));
}

function takeAnswer(state: CopiesState, index: number, at: number, { scope, rules }: Parts): void {
  const node = state.nodes[index] as NodeState;
  const [work] = node.work.splice(at, 1) as [Work];
  const kind = WORK_KINDS[work.kind];
  if (kind === "read") takeRead(node, work, rules);
  else if (kind === "write") takeWritten(node, work, rules);
  else if (kind === "delete") takeUnknown(node, rules);
  else if (kind === "clear" || scope.isTagged) wideChanged(node, rules);
  if (!work.isLost) {
    node.known = Math.max(node.known, kind === "read" && work.value === 0 ? work.head + 1 : work.value);
    if (kind === "write") state.ticket = Math.max(state.ticket, work.value);
  }
  if (kind === "write" && scope.hasTable) beginWait(state, work.value);
}

function giveUp(state: CopiesState, index: number, at: number, { scope, rules }: Parts): void {
  const node = state.nodes[index] as NodeState;
  const [work] = node.work.splice(at, 1) as [Work];
  const kind = WORK_KINDS[work.kind];
  if (kind === "write" || kind === "delete") takeUnknown(node, rules);
  else if (kind === "clear" || scope.isTagged) wideChanged(node, rules);
  if (work.stage === SENT) node.work.push({ ...work, stage: ORPHANED });
}

function probeSteps(state: CopiesState, node: NodeState, index: number, { scope, rules }: Parts): CopiesStep[] {
  const { probe } = node;
  const nodeOf = (draft: CopiesState): NodeState => draft.nodes[index] as NodeState;
  const steps: CopiesStep[] = [];
  if (probe === null) {
    if (state.left.probes === 0 || !doesAsk(index, scope)) return [];
    const take = (draft: CopiesState): void => {
      draft.left.probes -= 1;
      sendProbe(nodeOf(draft), scope, rules);
    };
    return [{ label: `node ${index} asks for heads`, take }];
  }
  if (!probe.isRenewed) {
    const take = (draft: CopiesState): void => {
      takeLease(draft, index, settledAfter(scope), scope.losesLeases);
      (nodeOf(draft).probe as Probe).isRenewed = true;
    };
    steps.push({ label: `the store takes node ${index} into the table`, take });
  }
  if (!probe.isJoin && !probe.isAnswered && (probe.isRenewed || !rules.renewedFirst)) {
    const take = (draft: CopiesState): void => answerProbe(draft, nodeOf(draft).probe as Probe);
    steps.push({ label: `the store tells node ${index} the heads`, take });
  }
  if (isProbeDone(probe)) {
    const take = (draft: CopiesState): void => takeProbe(nodeOf(draft), scope, rules);
    steps.push({
      label: probe.isJoin ? `node ${index} is in the table, and asks for heads` : `node ${index} has the heads`,
      take,
    });
  }
  const lose = (draft: CopiesState): void => {
    nodeOf(draft).probe = null;
  };
  // Where no other can be asked it is the same whether it is lost or never answered.
  if (state.left.probes > 0) steps.push({ label: `node ${index}'s question for heads is lost`, take: lose });
  return steps;
}

function nodeSteps(state: CopiesState, node: NodeState, index: number, { scope, rules }: Parts): CopiesStep[] {
  const nodeOf = (draft: CopiesState): NodeState => draft.nodes[index] as NodeState;
  const heard = doesAsk(index, scope) ? state.messages : [];
  const steps: CopiesStep[] = heard.map((message) => ({
    label: `node ${index} hears of ${MESSAGE_KINDS[message.kind]} ${message.version} after ${message.before}`,
    take: (draft) => receive(nodeOf(draft), message, scope, rules),
  }));
  for (const place of ["shard", "tags"] as const) {
    if (node[place].owed === 0) continue;
    const take = (draft: CopiesState): void => settle(nodeOf(draft)[place], rules);
    steps.push({ label: `node ${index} waits no more for changes of the ${place}`, take });
  }
  if (state.left.evictions > 0 && node.copy !== null) {
    const take = (draft: CopiesState): void => {
      draft.left.evictions -= 1;
      nodeOf(draft).copy = null;
    };
    steps.push({ label: `node ${index} evicts its copy`, take });
  }
  if (state.left.restarts > 0) {
    const take = (draft: CopiesState): void => {
      draft.left.restarts -= 1;
      restart(draft, index, scope);
    };
    steps.push({ label: `node ${index} ends and comes again`, take });
  }
  return steps;
}

function ackSteps(state: CopiesState, { scope, rules }: Parts): CopiesStep[] {
  const { ack } = state;
  if (ack === null) return [];
  const steps: CopiesStep[] = [];
  if (!ack.isListed) steps.push({ label: "node 0 reads the table", take: (draft) => listNodes(draft, scope, rules) });
  for (const index of ack.missing) {
    steps.push({ label: `node ${index} answers node 0`, take: (draft) => answerAsk(draft, index, scope, rules) });
  }
  if (isSettled(state, scope, rules)) steps.push({ label: `write ${ack.version} is acknowledged`, take: endWait });
  return steps;
}
