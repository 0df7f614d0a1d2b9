import type { Backend } from "../../backend/backend.ts";
import { assert } from "../bounded-assert.ts";
import { outcomeOf } from "../conformance-subject.ts";
import { everyOperation } from "./any-operation.ts";
import { type BackendCase, defineCases, needsFakeTime, needsMethod, needsSecondClient } from "./backend-case.ts";
import { assertOfFamily } from "./family-error.ts";

/** `close` ends everything: no call stays open and nothing goes on. */
export const closeCases: readonly BackendCase[] = defineCases("close", [
  {
    name: "settles every operation that runs when it is closed",
    async run(subject) {
      const outcomes = Array.from({ length: 10 }, (_, round) => everyOperation(subject, `busy ${round}`))
        .flat()
        .map(({ call }) => outcomeOf(() => call(subject.context)));
      await subject.close();
      for (const outcome of await Promise.all(outcomes)) {
        if (outcome.status === "rejected") assertOfFamily(outcome.reason, "an operation that ran when it was closed");
      }
    },
  },
  {
    name: "has no connection and no request left after it is closed, and opens none for who asks it later",
    requires: [needsMethod("connections")],
    async run(subject) {
      const { connections } = subject.backend as Required<Backend>;
      const outcomes = everyOperation(subject, "busy").map(({ call }) => outcomeOf(() => call(subject.context)));
      await subject.close();
      await Promise.all(outcomes);
      assert.deepEqual({ ...connections() }, { open: 0, inFlight: 0, waiting: 0 });
      for (const { name, call } of everyOperation(subject, "late")) {
        const late = await outcomeOf(() => call(subject.context));
        if (name === "expire" && late.status === "fulfilled" && late.value === undefined) continue;
        assert.equal(late.status, "rejected", `${name} is answered after close`);
        assertOfFamily((late as PromiseRejectedResult).reason, `${name} after close`);
      }
      assert.deepEqual({ ...connections() }, { open: 0, inFlight: 0, waiting: 0 });
    },
  },
  {
    name: "settles every operation that is asked after it is closed",
    async run(subject) {
      await subject.put(subject.key("a"), "value");
      await subject.close();
      await Promise.all(everyOperation(subject, "late").map(({ call }) => outcomeOf(() => call(subject.context))));
    },
  },
  {
    name: "closes when nothing runs",
    async run(subject) {
      await subject.put(subject.key("a"), "value", { ttlMs: 60 * subject.ttlUnitMs });
      await subject.close();
    },
  },
  {
    name: "closes without having been connected",
    connected: false,
    run: (subject) => subject.close(),
  },
  {
    name: "starts no task before it is connected",
    connected: false,
    requires: [needsFakeTime],
    run: async (subject) => assert.equal(subject.pendingTaskCount(), 0),
  },
  {
    name: "leaves no task behind after it is closed",
    requires: [needsFakeTime],
    async run(subject) {
      for (const { call } of everyOperation(subject, "work")) await call(subject.context);
      await subject.put(subject.key("short"), "value", { ttlMs: 2 * subject.ttlUnitMs });
      await subject.close();
      await subject.advance(0);
      assert.equal(subject.pendingTaskCount(), 0);
    },
  },
  {
    name: "leaves other clients of the same data working",
    requires: [needsSecondClient],
    async run(subject) {
      const second = await subject.openSecond();
      await subject.put(subject.key("a"), "value");
      await subject.close();
      subject.assertEntry(await second.get(subject.key("a"), subject.context), "value");
    },
  },
]);
