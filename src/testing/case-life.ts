import { AssertionError } from "node:assert";
import type { Backend } from "../backend/backend.ts";

/** Taken once, so that a runner's fake timers cannot hold a case. */
const platformSetImmediate = setImmediate;
const platformSetTimeout = setTimeout;
const platformClearTimeout = clearTimeout;

/** A store in this process may give slices in microtasks alone; then no deadline could fire between them. */
const SLICES_PER_TURN = 100;

/**
 * Whether a case still runs. It begins running and ends once: when its check settled, and when its deadline passed
 * while the check goes on. From then on whatever the check asks of a store is refused, so that no loop of a case that
 * has failed works on beside the next case.
 */
export interface CaseLife {
  /** Ends the case. Further calls do nothing. */
  end(): void;
  /** Makes the case fail from outside, as when a task of the store throws. */
  fail(error: unknown): void;
  /** Rejects with what `fail` was given. */
  readonly failure: Promise<never>;
  /** The store for the check: every call is refused with an `AssertionError` after the end, and listings stop. */
  guard(backend: Backend): Backend;
  /** Waits in real time; rejects at the end of the case, when nobody waits any more. */
  wait(ms: number): Promise<void>;
  /** @throws AssertionError after the end */
  assertRunning(): void;
}

/** The waits of a case. Not an `AbortSignal`: one for each case, with its reason, would take longer than most cases. */
interface CaseWaits {
  isOver: boolean;
  /** Ends each of those that go on. */
  readonly leaving: Set<(error: AssertionError) => void>;
}

/** Begins the life of a case. */
export function createCaseLife(): CaseLife {
  const waits: CaseWaits = { isOver: false, leaving: new Set() };
  let reject: (error: unknown) => void = () => undefined;
  const failure = new Promise<never>((_, onReject) => {
    reject = onReject;
  });
  // Whoever races with it hears of it; nobody has to.
  failure.catch(() => undefined);

  function assertRunning(): void {
    if (waits.isOver) throw over();
  }

  return {
    end: () => endWaits(waits),
    fail: reject,
    failure,
    assertRunning,
    guard: (backend) => guardBackend(backend, assertRunning),
    wait: (ms) => waitUnlessOver(waits, ms),
  };
}

function over(): AssertionError {
  return new AssertionError({ message: "the case is over" });
}

/** Stands before the store instead of copying it: members may be private, inherited or frozen. */
function guardBackend(backend: Backend, assertRunning: () => void): Backend {
  return new Proxy({} as Backend, {
    has: (_, name) => name in backend,
    get(_, name) {
      const member: unknown = Reflect.get(backend, name, backend);
      if (typeof member !== "function") return member;
      return (...given: unknown[]): unknown => {
        assertRunning();
        const answer: unknown = Reflect.apply(member, backend, given);
        return name === "scan" ? guardSlices(answer as ReturnType<Required<Backend>["scan"]>, assertRunning) : answer;
      };
    },
  });
}

async function* guardSlices(
  slices: AsyncIterable<readonly string[]>,
  assertRunning: () => void,
): AsyncIterable<readonly string[]> {
  let sliceCount = 0;
  for await (const slice of slices) {
    sliceCount += 1;
    if (sliceCount % SLICES_PER_TURN === 0) await new Promise((resolve) => platformSetImmediate(resolve));
    assertRunning();
    yield slice;
  }
}

function endWaits(waits: CaseWaits): void {
  waits.isOver = true;
  const leaving = [...waits.leaving];
  waits.leaving.clear();
  if (leaving.length === 0) return;
  // One for all: the stack that each would have takes longer than most cases.
  const error = over();
  for (const leave of leaving) leave(error);
}

function waitUnlessOver({ isOver, leaving }: CaseWaits, ms: number): Promise<void> {
  if (isOver) return Promise.reject(over());
  return new Promise((resolve, reject) => {
    const leave = (error: AssertionError): void => {
      platformClearTimeout(timer);
      reject(error);
    };
    const timer = platformSetTimeout(() => {
      leaving.delete(leave);
      resolve();
    }, ms);
    leaving.add(leave);
  });
}
