import { assert } from "../bounded-assert.ts";
import type { ConformanceFaults } from "../conformance-faults.ts";
import { type ConformanceSubject, outcomeOf } from "../conformance-subject.ts";

/** Between two attempts, in ms. */
const RETRY_PAUSE_MS = 20;

/** What the author gave; the case said that it needs it. */
export function faultsOf({ faults }: ConformanceSubject): ConformanceFaults {
  if (faults === undefined) throw new TypeError("The case did not say that it needs faults.");
  return faults;
}

/** How a call ended. Fails when it does not end within the time that the author allows for deadlines. */
export async function outcomeInTime<T>(
  subject: ConformanceSubject,
  what: string,
  call: () => T | Promise<T>,
): Promise<PromiseSettledResult<Awaited<T>>> {
  const late = subject.advance(subject.deadlineMs).then((): undefined => undefined);
  // When the case is over before, nobody waits for it any more.
  late.catch(() => undefined);
  const outcome = await Promise.race([outcomeOf(call), late]);
  return outcome ?? assert.fail(`${what} did not settle within ${subject.deadlineMs} ms`);
}

/** Writes and reads until both are answered again. Fails when that takes longer than the author allows for recovery. */
export async function untilWorks(subject: ConformanceSubject): Promise<void> {
  const { backend, clock, context, recoveryMs } = subject;
  const key = subject.key("recovery");
  const untilMs = clock.monotonicMs() + recoveryMs;
  for (let round = 0; ; round += 1) {
    const outcome = await outcomeInTime(subject, "a call after the fault", async () => {
      await backend.set(key, subject.write(round), context);
      return backend.get(key, context);
    });
    if (outcome.status === "fulfilled") {
      subject.assertEntry(outcome.value, round);
      return;
    }
    if (clock.monotonicMs() >= untilMs) assert.fail(`calls still fail after ${recoveryMs} ms: ${outcome.reason}`);
    await subject.advance(RETRY_PAUSE_MS);
  }
}
