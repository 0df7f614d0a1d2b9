import { AssertionError } from "node:assert";
import { randomUUID } from "node:crypto";
import type { BackendHost } from "../backend/registry.ts";
import { joinNamespace, ROOT_NAMESPACE } from "../entry/namespace-path.ts";
import { systemClock } from "../foundation/clock.ts";
import { createSeededRandom, systemRandom } from "../foundation/random-source.ts";
import { systemScheduler } from "../foundation/scheduler.ts";
import type { BackendCase } from "./backend-cases/backend-case.ts";
import { assertNotice } from "./backend-cases/network-shapes.ts";
import { isExpireRefused, LACKS_EXPIRE } from "./backend-cases/refused-expire.ts";
import { type ConformanceTarget, caseTimeoutMs, type ResolvedConformance } from "./backend-conformance.ts";
import { CaseCleanup } from "./case-cleanup.ts";
import { type CaseLife, createCaseLife } from "./case-life.ts";
import { type ConformanceSubject, createSubject } from "./conformance-subject.ts";
import { createFakeTime, type FakeTime } from "./fake-clock.ts";
import { createTurningScheduler } from "./turning-scheduler.ts";

/** How a case ended; a failure is thrown instead. */
export type CaseOutcome = { readonly kind: "passed" } | { readonly kind: "skipped"; readonly reason: string };

/** Keeps the keys of different runs apart on a shared server. */
const RUN_ID = randomUUID().slice(0, 8);
let caseCount = 0;

/** Platform timers taken once, so that a runner's fake timers cannot stop the kit's own deadline. */
const platformSetTimeout = setTimeout;
const platformClearTimeout = clearTimeout;

/** Real time is never exact: a loaded machine is late. */
const REAL_TOLERANCE_UNITS = 2;
const FAKE_TOLERANCE_MS = 1;

/** What belongs to one run of one case. */
interface CaseRun {
  readonly backendCase: BackendCase;
  readonly options: ResolvedConformance;
  readonly life: CaseLife;
  /** Undefined with real time. */
  readonly time: FakeTime | undefined;
}

/**
 * Runs one case against a store of its own and closes it. When this settles the case is over: its check is refused
 * everything it asks for, and with fake time no task of the store runs any more.
 *
 * @throws what the case threw; an `AssertionError` when the promise of the case is not kept or it hangs
 */
export async function runBackendCase(backendCase: BackendCase, options: ResolvedConformance): Promise<CaseOutcome> {
  const reason = options.skip[backendCase.name];
  if (reason !== undefined) return { kind: "skipped", reason };
  const life = createCaseLife();
  const time = options.time === "fake" ? createFakeTime() : undefined;
  const turning = time === undefined ? undefined : createTurningScheduler(time, life.fail);
  try {
    return await runInHost({ backendCase, options, life, time }, hostFor(time, turning ?? systemScheduler, life));
  } finally {
    life.end();
    turning?.stop();
  }
}

function hostFor(time: FakeTime | undefined, scheduler: BackendHost["scheduler"], life: CaseLife): BackendHost {
  return {
    clock: time?.clock ?? systemClock,
    scheduler,
    // On a real server other cases have left what they made: an id that is drawn must be none of theirs.
    random: time === undefined ? systemRandom : createSeededRandom(1),
    onRemoval: () => undefined,
    onNotice: (notice) => {
      try {
        assertNotice(notice);
      } catch (error) {
        life.fail(error);
      }
    },
  };
}

async function runInHost(run: CaseRun, host: BackendHost): Promise<CaseOutcome> {
  const { life } = run;
  const target = await createTarget(run, host);
  const cleanup = new CaseCleanup(target);
  let failure: { readonly error: unknown } | undefined;
  let outcome: CaseOutcome = { kind: "passed" };
  try {
    const missing = missingRequirement(run.backendCase, target, run.options);
    if (missing !== undefined) outcome = { kind: "skipped", reason: missing };
    else await within(run, "the case", Promise.race([runConnected(run, target, cleanup), life.failure]));
  } catch (error) {
    if (isExpireRefused(target.backend, error)) outcome = { kind: "skipped", reason: LACKS_EXPIRE };
    else failure = { error };
  }
  life.end();
  try {
    const closing = cleanup.run();
    await within(run, "close", failure === undefined ? Promise.race([closing, life.failure]) : closing);
  } catch (error) {
    failure ??= { error };
  }
  if (failure !== undefined) throw failure.error;
  return outcome;
}

/** Builds the store; one that comes after the deadline is closed as soon as it is there. */
async function createTarget(run: CaseRun, host: BackendHost): Promise<ConformanceTarget> {
  const creating = (async () => run.options.create(host))();
  try {
    return await within(run, "create", creating);
  } catch (error) {
    creating.then((late) => new CaseCleanup(late).run()).catch(() => undefined);
    throw error;
  }
}

function missingRequirement(
  { requires = [] }: BackendCase,
  target: ConformanceTarget,
  options: ResolvedConformance,
): string | undefined {
  const facts = {
    capabilities: target.backend.capabilities,
    backend: target.backend,
    faults: target.faults,
    hasSecondClient: target.openSecond !== undefined,
    hasExclusiveData: options.exclusiveData,
    hasFakeTime: options.time === "fake",
  };
  const missing = requires.find((requirement) => !requirement.isMet(facts));
  return missing === undefined ? undefined : `needs ${missing.description}`;
}

async function runConnected(run: CaseRun, target: ConformanceTarget, cleanup: CaseCleanup): Promise<void> {
  if (run.backendCase.connected !== false) await target.backend.connect?.({});
  run.life.assertRunning();
  await run.backendCase.run(subjectFor(run, target, cleanup));
}

function subjectFor(run: CaseRun, target: ConformanceTarget, cleanup: CaseCleanup): ConformanceSubject {
  const { life, time } = run;
  const { ttlUnitMs } = run.options;
  const waitFor = (ms: number): Promise<void> => target.wait?.(ms, life.wait) ?? life.wait(ms);
  caseCount += 1;
  return createSubject({
    backend: life.guard(target.backend),
    namespace: joinNamespace(ROOT_NAMESPACE, `kit-${RUN_ID}-${caseCount}`),
    clock: time?.clock ?? systemClock,
    ttlUnitMs,
    faults: target.faults,
    ownNames: target.ownNames ?? [],
    deadlineMs: run.options.deadlineMs,
    recoveryMs: run.options.recoveryMs,
    toleranceMs: time === undefined ? REAL_TOLERANCE_UNITS * ttlUnitMs : FAKE_TOLERANCE_MS,
    advance: async (ms) => {
      life.assertRunning();
      await (time === undefined ? waitFor(ms) : time.advanceAsync(ms));
      life.assertRunning();
    },
    openSecond: async () => {
      if (target.openSecond === undefined) throw new TypeError("The case did not say that it needs a second client.");
      const second = await target.openSecond();
      await cleanup.add(second);
      life.assertRunning();
      await second.connect?.({});
      return life.guard(second);
    },
    connect: async () => target.backend.connect?.({}),
    close: () => cleanup.closeFirst(),
    pendingTaskCount: () => time?.pendingCount() ?? 0,
  });
}

/** Waits for `step` and fails when it does not end in time: a store must never hang. */
async function within<T>({ backendCase, options }: CaseRun, what: string, step: Promise<T>): Promise<T> {
  const timeoutMs = caseTimeoutMs(backendCase, options);
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = platformSetTimeout(
      () => reject(new AssertionError({ message: `${what} did not settle within ${timeoutMs} ms` })),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([step, deadline]);
  } finally {
    platformClearTimeout(timer);
  }
}
