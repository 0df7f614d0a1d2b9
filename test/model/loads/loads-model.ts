import type { Model, Step } from "../explore.ts";
import { copyOf } from "../state-hash.ts";
import type { LoadEnding, LoadRules } from "./load-safeguards.ts";
import { type EndingState, FILLING, GRANTED, IDLE, LOADED, type LoadState, type LoadsState } from "./loads-state.ts";

type LoadsStep = Step<LoadsState>;

/** Loads of one key by two processes, while process 0 changes the source and invalidates the key: all that can happen within these bounds. */
export function loadsModel(ending: LoadEnding, rules: LoadRules): Model<LoadsState> {
  return {
    initial: firstState(),
    copy: copyOf,
    steps: (state) => [
      ...endingSteps(state, ending, rules),
      ...state.loads.flatMap((load, index) => loadSteps(state, load, index, rules)),
    ],
    judge: judgeLoads,
    tidy: () => undefined,
    describe: describeLoads,
  };
}

function firstState(): LoadsState {
  return {
    source: 1,
    value: 0,
    token: 0,
    tagClock: 0,
    tokenCount: 0,
    loads: [idleLoad(), idleLoad()],
    endings: [],
    changeCount: 0,
    settledSource: 0,
    settledChange: 0,
    isOutdatedStored: false,
    left: { changes: 2, grants: 3 },
  };
}

function idleLoad(): LoadState {
  return {
    phase: IDLE,
    token: 0,
    tagsSeen: 0,
    value: 0,
    changesAtBegin: 0,
    isDetached: false,
  };
}

function judgeLoads({
  value,
  settledSource,
  settledChange,
  isOutdatedStored,
  loads: [own],
}: LoadsState): string | undefined {
  if (isOutdatedStored) return "a load that began before a change was stored after it (G1)";
  if (value > 0 && value < settledSource)
    return `the store has value ${value} after an invalidation that was called for at ${settledSource} (G1)`;
  // Mirrors `LoadTable.find`: whoever comes now joins it.
  const isJoinable = own !== undefined && own.phase !== IDLE && !own.isDetached;
  return isJoinable && own.changesAtBegin < settledChange
    ? "a reader who comes after a change joins a load that began before it (G3)"
    : undefined;
}

/** Mirrors `changeAndDetach` of src/cache/invalidating-write.ts: loads of this process are detached before the change and after it. */
function endingSteps(state: LoadsState, ending: LoadEnding, rules: LoadRules): LoadsStep[] {
  const steps: LoadsStep[] = [];
  if (state.left.changes > 0 && state.endings.length < 2) {
    const take = (draft: LoadsState): void => callForEnd(draft, rules);
    steps.push({ label: "process 0 changes the source and invalidates the key", take });
  }
  for (const [at, { isCommitted }] of state.endings.entries()) {
    const take = (draft: LoadsState): void => {
      if (isCommitted) settleEnd(draft, at, rules);
      else commitEnd(draft, at, ending, rules);
    };
    const label = isCommitted ? "an invalidation is over" : `the store carries out the ${ending}`;
    steps.push({ label, take });
  }
  return steps;
}

function callForEnd(state: LoadsState, rules: LoadRules): void {
  state.left.changes -= 1;
  state.source += 1;
  detach(state, rules);
  const [sent] = state.endings;
  if (sent !== undefined && !rules.ownCall) sent.alsoFor = state.source;
  else state.endings.push({ source: state.source, isCommitted: false, changeNumber: 0, alsoFor: 0 });
}

/** Mirrors the scripts of src/backends/redis/scripts: what ends a key, and what becomes of its token. */
function commitEnd(state: LoadsState, at: number, ending: LoadEnding, rules: LoadRules): void {
  state.changeCount += 1;
  Object.assign(state.endings[at] as EndingState, { isCommitted: true, changeNumber: state.changeCount });
  state.value = 0;
  if (ending === "tags") state.tagClock += 1;
  else if (ending === "delete" ? rules.tokenVoid : rules.clearVoids) state.token = 0;
}

function settleEnd(state: LoadsState, at: number, rules: LoadRules): void {
  const [{ source, alsoFor, changeNumber }] = state.endings.splice(at, 1) as [EndingState];
  state.settledSource = Math.max(state.settledSource, source, alsoFor);
  state.settledChange = Math.max(state.settledChange, changeNumber);
  if (rules.detachesAfter) detach(state, rules);
}

/** Mirrors `LoadTable.detachKey` of src/loading/load-table.ts, for the loads of process 0. */
function detach({ loads: [own] }: LoadsState, rules: LoadRules): void {
  if (own !== undefined && own.phase !== IDLE && rules.detaches) own.isDetached = true;
}

function loadSteps(state: LoadsState, load: LoadState, index: number, rules: LoadRules): LoadsStep[] {
  const loadOf = (draft: LoadsState): LoadState => draft.loads[index] as LoadState;
  const who = `process ${index}`;
  if (load.phase === IDLE) {
    if (state.value > 0 || state.left.grants === 0) return [];
    // While somebody has the token the store says "busy", until its time is over.
    const label = state.token === 0 ? `${who} gets a token` : `the token's time is over, ${who} takes over`;
    return [{ label, take: (draft) => grant(draft, index) }];
  }
  const steps: LoadsStep[] = [];
  if (load.phase === GRANTED) {
    const take = (draft: LoadsState): void => {
      Object.assign(loadOf(draft), { phase: LOADED, value: draft.source });
    };
    steps.push({ label: `${who} reads the source: ${state.source}`, take });
  } else if (load.phase === LOADED) {
    const take = (draft: LoadsState): void => {
      loadOf(draft).phase = FILLING;
      if (!rules.stampFirst) loadOf(draft).tagsSeen = draft.tagClock;
    };
    steps.push({ label: `${who} sends its fill`, take });
  } else {
    steps.push({
      label: `the store has the fill of ${who}: ${load.value}`,
      take: (draft) => fill(draft, index, rules),
    });
  }
  return steps;
}

/** Mirrors `getOrLease` of src/backends/redis/scripts/tier-script.ts. */
function grant(state: LoadsState, index: number): void {
  state.left.grants -= 1;
  state.tokenCount += 1;
  state.token = state.tokenCount;
  const { token, tagClock: tagsSeen, changeCount: changesAtBegin } = state;
  state.loads[index] = { ...idleLoad(), phase: GRANTED, token, tagsSeen, changesAtBegin };
}

/** Mirrors `fill` of the same script. */
function fill(state: LoadsState, index: number, rules: LoadRules): void {
  const { token, tagsSeen, value, changesAtBegin } = state.loads[index] as LoadState;
  state.loads[index] = idleLoad();
  const holds = rules.takeoverVoids ? state.token === token : state.token >= token && state.token > 0;
  if (rules.tokenChecked ? !holds : state.value > 0) return;
  state.token = 0;
  if (rules.tagsStamped && state.tagClock > tagsSeen) return;
  state.value = value;
  if (changesAtBegin < state.changeCount) state.isOutdatedStored = true;
}

const PHASES = ["idle", "has a token", "has loaded", "fills"];

function describeLoads({ source, value, token, tagClock, loads }: LoadsState): string {
  const told = loads.map(
    (load, index) =>
      `process ${index} ${PHASES[load.phase]} (token ${load.token}, value ${load.value}${load.isDetached ? ", detached" : ""})`,
  );
  return [`source ${source} · store: value ${value}, token ${token}, tags ${tagClock}`, ...told].join(" · ");
}
