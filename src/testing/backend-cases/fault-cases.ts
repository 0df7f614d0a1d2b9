import type { Backend } from "../../backend/backend.ts";
import { assert } from "../bounded-assert.ts";
import { type ConformanceSubject, outcomeOf } from "../conformance-subject.ts";
import { everyOperation } from "./any-operation.ts";
import {
  type BackendCase,
  type CaseDefinition,
  defineCases,
  needsFaults,
  needsHang,
  needsMethod,
  needsRealTime,
} from "./backend-case.ts";
import { assertBackendError, assertOfFamily } from "./family-error.ts";
import { assertReport } from "./network-shapes.ts";
import { faultsOf, outcomeInTime, untilWorks } from "./under-fault.ts";

/** Asks for everything at once, twice: a breaker that opened meanwhile answers the second time. */
async function assertAllFail(subject: ConformanceSubject, why: string): Promise<void> {
  for (const round of ["first", "second"]) {
    await Promise.all(
      everyOperation(subject, "kept").map(async ({ name, call }) => {
        const outcome = await outcomeInTime(subject, `${name}, ${why}`, () => call(subject.context));
        // A store that cannot give an entry a new TTL says so without asking anybody.
        if (name === "expire" && outcome.status === "fulfilled" && outcome.value === undefined) return;
        assert.equal(outcome.status, "rejected", `${name} is answered, ${why}, the ${round} time`);
        assertBackendError((outcome as PromiseRejectedResult).reason, `${name}, ${why},`);
      }),
    );
  }
}

/** Everything works, for entries of before and for new ones; what the server has lost may be a miss. */
async function assertAllWork(subject: ConformanceSubject): Promise<void> {
  for (const { name, call } of everyOperation(subject, "again")) {
    const outcome = await outcomeOf(() => call(subject.context));
    if (outcome.status === "rejected") assert.fail(`${name} still fails: ${outcome.reason}`);
  }
  await subject.put(subject.key("again"), "value");
  await subject.assertHolds(subject.key("again"), "value");
}

async function assertStatuses(subject: ConformanceSubject, isDown: boolean): Promise<void> {
  const { report } = subject.backend as Required<Backend>;
  const outcome = await outcomeInTime(subject, "report", () => report(subject.context));
  if (outcome.status === "rejected") assert.fail(`the report of a server that is away rejects: ${outcome.reason}`);
  assertReport(outcome.value);
  for (const { node, status, message } of outcome.value.nodes) {
    assert.equal(status === "down", isDown, `${node} is told to be ${status}`);
    if (isDown) assert.ok(typeof message === "string" && message.length > 0, `nothing says why ${node} is down`);
  }
}

const definitions: readonly CaseDefinition[] = [
  {
    name: "fails every operation in time with a BackendError while its server is away, and answers none with a miss",
    requires: [needsFaults],
    async run(subject) {
      await subject.put(subject.key("kept"), "value");
      await faultsOf(subject).stop();
      await assertAllFail(subject, "while its server is away");
    },
  },
  {
    name: "works again with every operation after its server came back",
    requires: [needsFaults],
    async run(subject) {
      await subject.put(subject.key("kept"), "value");
      for (let round = 0; round < 2; round += 1) {
        await faultsOf(subject).stop();
        await outcomeInTime(subject, "get", () => subject.backend.get(subject.key("kept"), subject.context));
        await faultsOf(subject).start();
        await untilWorks(subject);
      }
      await assertAllWork(subject);
    },
  },
  {
    name: "connects when its server comes late, after a connect that failed in time",
    connected: false,
    requires: [needsFaults],
    async run(subject) {
      await faultsOf(subject).stop();
      const refused = await outcomeInTime(subject, "connect", () => subject.connect());
      if (refused.status === "rejected") assertBackendError(refused.reason, "connect");
      else {
        // A store may connect with the first call; then that one tells.
        const read = await outcomeInTime(subject, "get", () => subject.backend.get(subject.key("a"), subject.context));
        assert.equal(read.status, "rejected", "a get is answered although the server never was there");
      }
      await faultsOf(subject).start();
      const untilMs = subject.clock.monotonicMs() + subject.recoveryMs;
      for (;;) {
        const outcome = await outcomeInTime(subject, "connect", () => subject.connect());
        if (outcome.status === "fulfilled") break;
        assert.ok(subject.clock.monotonicMs() < untilMs, `connect still fails: ${outcome.reason}`);
        await subject.advance(20);
      }
      await untilWorks(subject);
      await assertAllWork(subject);
    },
  },
  {
    name: "reports its servers as down, and why, while they are away, and as answering when they are back",
    requires: [needsFaults, needsMethod("report")],
    async run(subject) {
      await faultsOf(subject).stop();
      await assertStatuses(subject, true);
      await faultsOf(subject).start();
      await untilWorks(subject);
      await assertStatuses(subject, false);
    },
  },
  {
    name: "closes in time while its server is away, and settles what runs",
    requires: [needsFaults],
    async run(subject) {
      await faultsOf(subject).stop();
      await assertClosesInTime(subject);
    },
  },
  {
    name: "fails every operation in time with a BackendError while its server hangs, and answers none with a miss",
    requires: [needsHang],
    async run(subject) {
      await subject.put(subject.key("kept"), "value");
      await faultsOf(subject).hang?.();
      await assertAllFail(subject, "while its server hangs");
      await faultsOf(subject).resume?.();
      await untilWorks(subject);
      await assertAllWork(subject);
    },
  },
  {
    name: "gives the late answers of a hung server to nobody",
    requires: [needsHang],
    async run(subject) {
      const { backend, context } = subject;
      const early = Array.from({ length: LATE_COUNT }, (_, index) => subject.key(`early ${index}`));
      const late = Array.from({ length: LATE_COUNT }, (_, index) => subject.key(`late ${index}`));
      await Promise.all([...early, ...late].map((key) => subject.put(key, `of ${key}`)));
      await faultsOf(subject).hang?.();
      await Promise.all(early.map((key) => outcomeInTime(subject, "get", () => backend.get(key, context))));
      await faultsOf(subject).resume?.();
      const untilMs = subject.clock.monotonicMs() + subject.recoveryMs;
      // From the first moment on, while the late answers come.
      for (let answeredCount = 0; answeredCount < late.length; ) {
        assert.ok(subject.clock.monotonicMs() < untilMs, "reads still fail after the server went on");
        const outcomes = await Promise.all(
          late.map((key) => outcomeInTime(subject, "get", () => backend.get(key, context))),
        );
        answeredCount = 0;
        for (const [index, outcome] of outcomes.entries()) {
          if (outcome.status === "rejected") assertBackendError(outcome.reason, "a read after the server went on");
          else {
            subject.assertEntry(outcome.value, `of ${late[index]}`);
            answeredCount += 1;
          }
        }
        await subject.advance(5);
      }
    },
  },
  {
    name: "closes in time while its server hangs, and settles what runs",
    requires: [needsHang],
    async run(subject) {
      await faultsOf(subject).hang?.();
      await assertClosesInTime(subject);
    },
  },
];

/** Reads that are on their way at once, and as many after them. */
const LATE_COUNT = 20;

async function assertClosesInTime(subject: ConformanceSubject): Promise<void> {
  const calls = everyOperation(subject, "busy").map(({ name, call }) =>
    outcomeInTime(subject, `${name} while it is closed`, () => call(subject.context)),
  );
  const closing = await outcomeInTime(subject, "close", () => subject.close());
  if (closing.status === "rejected") assert.fail(`close fails: ${closing.reason}`);
  for (const outcome of await Promise.all(calls)) {
    if (outcome.status === "rejected") assertOfFamily(outcome.reason, "an operation that ran when it was closed");
  }
}

/** Servers that are away or hang. Needs real time: a store's deadlines do not fire while the kit's clock stands still. */
export const faultCases: readonly BackendCase[] = defineCases(
  "faults",
  definitions.map((definition) => ({ ...definition, requires: [...(definition.requires ?? []), needsRealTime] })),
);
