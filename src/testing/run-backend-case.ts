import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Backend } from "../backend/backend.ts";
import type { BackendHost } from "../backend/registry.ts";
import { joinNamespace, ROOT_NAMESPACE } from "../entry/namespace-path.ts";
import { systemClock } from "../foundation/clock.ts";
import { createSeededRandom } from "../foundation/random-source.ts";
import { type Scheduler, systemScheduler } from "../foundation/scheduler.ts";
import type { BackendCase } from "./backend-cases/backend-case.ts";
import type { ConformanceTarget, ResolvedConformance } from "./backend-conformance.ts";
import { type ConformanceSubject, createSubject } from "./conformance-subject.ts";
import { createFakeTime, type FakeTime } from "./fake-clock.ts";

/** How a case ended; a failure is thrown instead. */
export type CaseOutcome = { readonly kind: "passed" } | { readonly kind: "skipped"; readonly reason: string };

/** Keeps the keys of different runs apart on a shared server. */
const RUN_ID = randomUUID().slice(0, 8);
let caseCount = 0;

/** Platform timers taken once, so that a runner's fake timers cannot stop the kit's own deadline. */
const platformSetTimeout = setTimeout;
const platformClearTimeout = clearTimeout;
const platformSetImmediate = setImmediate;

/** Real time is never exact: a loaded machine is late. */
const REAL_TOLERANCE_UNITS = 2;
const FAKE_TOLERANCE_MS = 1;

/**
 * Runs one case against a store of its own and closes it.
 *
 * @throws what the case threw; an `AssertionError` when the promise of the case is not kept or it hangs
 */
export async function runBackendCase(backendCase: BackendCase, options: ResolvedConformance): Promise<CaseOutcome> {
  const reason = options.skip[backendCase.name];
  if (reason !== undefined) return { kind: "skipped", reason };
  const time = options.time === "fake" ? createFakeTime() : undefined;
  const target = await within(options, "create", async () => options.create(hostFor(time)));
  const cleanup = new CaseCleanup(target);
  let failure: { readonly error: unknown } | undefined;
  let outcome: CaseOutcome = { kind: "passed" };
  try {
    const missing = missingRequirement(backendCase, target, options);
    if (missing !== undefined) outcome = { kind: "skipped", reason: missing };
    else await within(options, "the case", () => runConnected(backendCase, target, options, time, cleanup));
  } catch (error) {
    failure = { error };
  }
  try {
    await within(options, "close", () => cleanup.run());
  } catch (error) {
    failure ??= { error };
  }
  if (failure !== undefined) throw failure.error;
  return outcome;
}

function hostFor(time: FakeTime | undefined): BackendHost {
  return {
    clock: time?.clock ?? systemClock,
    scheduler: time === undefined ? systemScheduler : turningScheduler(time),
    random: createSeededRandom(1),
    onRemoval: () => undefined,
  };
}

/**
 * The fake scheduler, except that what needs no time to pass runs with the next turn of the event loop, as it does in
 * life: a store may yield with `soon` inside a call, and no case moves the clock while it waits for an answer.
 */
function turningScheduler(time: FakeTime): Scheduler {
  const turn = (): void => void platformSetImmediate(() => time.advance(0));
  return {
    after(delayMs, task, keepAlive) {
      const scheduled = time.scheduler.after(delayMs, task, keepAlive);
      if (delayMs <= 0) turn();
      return scheduled;
    },
    soon(task) {
      time.scheduler.soon(task);
      turn();
    },
  };
}

function missingRequirement(
  { requires = [] }: BackendCase,
  target: ConformanceTarget,
  options: ResolvedConformance,
): string | undefined {
  const facts = {
    capabilities: target.backend.capabilities,
    hasSecondClient: target.openSecond !== undefined,
    hasExclusiveData: options.exclusiveData,
    hasFakeTime: options.time === "fake",
  };
  const missing = requires.find((requirement) => !requirement.isMet(facts));
  return missing === undefined ? undefined : `needs ${missing.description}`;
}

async function runConnected(
  backendCase: BackendCase,
  target: ConformanceTarget,
  options: ResolvedConformance,
  time: FakeTime | undefined,
  cleanup: CaseCleanup,
): Promise<void> {
  if (backendCase.connected !== false) await target.backend.connect?.({});
  await backendCase.run(subjectFor(target, options, time, cleanup));
}

function subjectFor(
  target: ConformanceTarget,
  options: ResolvedConformance,
  time: FakeTime | undefined,
  cleanup: CaseCleanup,
): ConformanceSubject {
  caseCount += 1;
  const { ttlUnitMs } = options;
  return createSubject({
    backend: target.backend,
    namespace: joinNamespace(ROOT_NAMESPACE, `kit-${RUN_ID}-${caseCount}`),
    clock: time?.clock ?? systemClock,
    ttlUnitMs,
    toleranceMs: time === undefined ? REAL_TOLERANCE_UNITS * ttlUnitMs : FAKE_TOLERANCE_MS,
    advance: (ms) => (time === undefined ? wait(ms) : time.advanceAsync(ms)),
    openSecond: async () => {
      if (target.openSecond === undefined) throw new TypeError("The case did not say that it needs a second client.");
      const second = await target.openSecond();
      cleanup.add(second);
      await second.connect?.({});
      return second;
    },
    close: () => cleanup.closeFirst(),
    pendingTaskCount: () => time?.pendingCount() ?? 0,
  });
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    platformSetTimeout(resolve, ms);
  });
}

/** Runs `step` and fails when it does not end in time: a store must never hang. */
async function within<T>(options: ResolvedConformance, what: string, step: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = platformSetTimeout(
      () => reject(new assert.AssertionError({ message: `${what} did not settle within ${options.timeoutMs} ms` })),
      options.timeoutMs,
    );
  });
  try {
    return await Promise.race([step(), deadline]);
  } finally {
    platformClearTimeout(timer);
  }
}

/** Closes each client of a case once, then frees what the author made. */
class CaseCleanup {
  readonly #target: ConformanceTarget;
  readonly #open: Backend[];
  #firstClosing: Promise<void> | undefined;

  constructor(target: ConformanceTarget) {
    this.#target = target;
    this.#open = [];
  }

  add(backend: Backend): void {
    this.#open.push(backend);
  }

  closeFirst(): Promise<void> {
    this.#firstClosing ??= (async () => this.#target.backend.close())();
    return this.#firstClosing;
  }

  async run(): Promise<void> {
    try {
      await Promise.all([this.closeFirst(), ...this.#open.map(async (backend) => backend.close())]);
    } finally {
      await this.#target.dispose?.();
    }
  }
}
