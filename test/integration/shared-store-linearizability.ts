import type { HistoryEvent } from "./shared-store-worker.ts";

/** A key's state: absent, or a value under a version. */
interface State {
  readonly value: number;
  readonly version: number;
}

const ABSENT: State = { value: 0, version: 0 };

/**
 * Whether one order of a key's operations, within the instants at which they ran, explains all their results: Wing and Gong's
 * search, with the states already tried remembered. At most 31 operations.
 */
export function isLinearizable(events: readonly HistoryEvent[]): boolean {
  if (events.length > 31) throw new Error(`${events.length} operations are too many to check`);
  const everything = 2 ** events.length - 1;
  const tried = new Set<string>();
  const search = (done: number, state: State): boolean => {
    if (done === everything) return true;
    const name = `${done}|${state.version}|${state.value}`;
    if (tried.has(name)) return false;
    tried.add(name);
    const earliestEnd = Math.min(...events.filter((_, index) => (done & (1 << index)) === 0).map((event) => event.to));
    return events.some((event, index) => {
      // Something that ended before this one began must come first.
      if ((done & (1 << index)) !== 0 || event.from > earliestEnd) return false;
      const next = STEPS[event.kind](state, event);
      return next !== undefined && search(done | (1 << index), next);
    });
  };
  return search(0, ABSENT);
}

type Step = (state: State, event: HistoryEvent) => State | undefined;

/** The state after an operation of each kind, or `undefined` when its result contradicts the state. */
const STEPS: Readonly<Record<HistoryEvent["kind"], Step>> = {
  get: (state, { version, value }) => (state.version === version && state.value === value ? state : undefined),
  set: (state, { version, argument }) => (version > state.version ? { value: argument, version } : undefined),
  add(state, { done, version, argument }) {
    if (done) return state.version === 0 ? { value: argument, version } : undefined;
    return state.version !== 0 && state.version === version ? state : undefined;
  },
  swap(state, { done, version, argument, value }) {
    if (done) return state.version === argument ? { value, version } : undefined;
    return state.version === version && version !== argument ? state : undefined;
  },
  delete: (state, { done }) => (done === (state.version !== 0) ? ABSENT : undefined),
  increment(state, { value, version }) {
    return value === state.value + 1 && version > state.version ? { value, version } : undefined;
  },
  clear: () => ABSENT,
  clearAll: () => ABSENT,
};
