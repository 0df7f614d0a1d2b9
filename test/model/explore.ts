import { KnownHashes } from "./known-hashes.ts";
import { hashOf } from "./state-hash.ts";

/** Something that can happen in a state. */
export interface Step<S> {
  /** Who does what, for people. */
  readonly label: string;
  /** Makes of the state what it is afterwards. The draft is the step's own. */
  readonly take: (draft: S) => void;
}

/** A machine of which every state is looked at. */
export interface Model<S> {
  readonly initial: S;
  /** A deep copy of a state. */
  readonly copy: (state: S) => S;
  /** All that can happen. The same state must give the same steps in the same order. */
  readonly steps: (state: S) => readonly Step<S>[];
  /** What is wrong with a state; `undefined`: nothing. */
  readonly judge: (state: S) => string | undefined;
  /** Forgets what can no longer matter, in place: states that differ only in that are one. */
  readonly tidy: (state: S) => void;
  /** A state in one line. */
  readonly describe: (state: S) => string;
}

/** A way into a state that must not be: none is shorter. */
export interface Counterexample {
  /** The promise that is broken, and how. */
  readonly broken: string;
  /** How many steps. */
  readonly length: number;
  /** Each step with the state after it. */
  readonly steps: readonly { readonly label: string; readonly state: string }[];
}

/** What an exploration found. */
export interface Exploration {
  /** Different states. */
  readonly stateCount: number;
  /** Steps taken, also those that led to states that were known. */
  readonly stepCount: number;
  /** Length of the longest of the shortest ways. */
  readonly depth: number;
  readonly counterexample: Counterexample | undefined;
}

/** More states than this are a mistake in the model's bounds. */
const MAX_STATES = 4_000_000;

/**
 * Looks at every state that can be reached, nearest first, until one is wrong or none is left. The states themselves are forgotten once their steps are taken: what is kept is a hash of each and the step that led to it,
 * from which the way to a wrong one is walked again.
 *
 * O(states × steps) time; about 30 bytes for each state, and the states of two depths.
 *
 * @throws RangeError when there are more states than any sensible bound allows
 */
export function explore<S>(model: Model<S>): Exploration {
  const seen: Seen = { known: new KnownHashes(), parents: [-1], choices: [-1], stepCount: 0 };
  seen.known.add(hashOf(model.initial));
  let depth = 0;
  let found = model.judge(model.initial) === undefined ? undefined : 0;
  let frontier: readonly Reached<S>[] = [{ at: 0, state: model.initial }];
  while (found === undefined) {
    const next: Reached<S>[] = [];
    found = goOn(model, frontier, seen, next);
    if (found === undefined && next.length === 0) break;
    depth += 1;
    frontier = next;
  }
  const counterexample = found === undefined ? undefined : retrace(model, wayTo(found, seen));
  return { stateCount: seen.known.size, stepCount: seen.stepCount, depth, counterexample };
}

/** What is remembered: of each state its hash, the state it was reached from, and by which of its steps. */
interface Seen {
  readonly known: KnownHashes;
  readonly parents: number[];
  readonly choices: number[];
  stepCount: number;
}

/** A state with its place in what is remembered. */
interface Reached<S> {
  readonly at: number;
  readonly state: S;
}

/** One step further from every state of a depth. Returns the place of a wrong state, as soon as there is one. */
function goOn<S>(model: Model<S>, from: readonly Reached<S>[], seen: Seen, to: Reached<S>[]): number | undefined {
  const { known, parents, choices } = seen;
  for (const { at, state } of from) {
    const steps = model.steps(state);
    seen.stepCount += steps.length;
    for (let choice = 0; choice < steps.length; choice += 1) {
      const step = steps[choice] as Step<S>;
      const draft = model.copy(state);
      step.take(draft);
      model.tidy(draft);
      if (!known.add(hashOf(draft))) continue;
      const found = parents.push(at) - 1;
      choices.push(choice);
      if (model.judge(draft) !== undefined) return found;
      to.push({ at: found, state: draft });
    }
    if (known.size > MAX_STATES) throw new RangeError(`more than ${MAX_STATES} states`);
  }
  return undefined;
}

/** A counterexample for people, a step a line. */
export function printCounterexample({ broken, length, steps }: Counterexample): string {
  const lines = steps.map(({ label, state }, index) => `${String(index + 1).padStart(3)}  ${label}\n     ${state}`);
  return [`${broken}, after ${length} steps:`, ...lines].join("\n");
}

function wayTo(last: number, { parents, choices }: Seen): number[] {
  const way: number[] = [];
  for (let at = last; at > 0; at = parents[at] as number) way.unshift(choices[at] as number);
  return way;
}

function retrace<S>(model: Model<S>, way: readonly number[]): Counterexample {
  let state = model.initial;
  const steps = way.map((choice) => {
    const step = model.steps(state)[choice] as Step<S>;
    state = model.copy(state);
    step.take(state);
    model.tidy(state);
    return { label: step.label, state: model.describe(state) };
  });
  return { broken: model.judge(state) ?? "nothing", length: way.length, steps };
}
