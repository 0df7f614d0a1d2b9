import type { Backend } from "../../backend/backend.ts";
import type { BackendCapabilities } from "../../backend/capabilities.ts";
import { joinNamespace, ROOT_NAMESPACE, storedPrefix } from "../../entry/namespace-path.ts";
import { assert } from "../bounded-assert.ts";
import { type BackendCase, defineCases, needsMethod } from "./backend-case.ts";
import { assertCounts, assertReport } from "./network-shapes.ts";

/** How often, over the shortest lifetime of an entry, a store is looked at until nothing is under way. */
const IN_FLIGHT_LOOKS = 20;

/** The methods that must be there for what a store promises. */
function methodsOf(capabilities: BackendCapabilities): readonly (keyof Backend)[] {
  return [
    ...(capabilities.local ? (["peek"] as const) : []),
    ...(capabilities.counters ? (["increment"] as const) : []),
    ...(capabilities.transactions === "none" ? [] : (["commit"] as const)),
    ...(capabilities.transactions === "co-located" ? (["areColocated"] as const) : []),
    ...(capabilities.leases ? (["lease"] as const) : []),
    ...(capabilities.tags ? (["invalidateTags", "stamp"] as const) : []),
    ...(capabilities.scan ? (["scan"] as const) : []),
    ...(capabilities.clear ? (["clear"] as const) : []),
  ];
}

/** Reading, writing and deleting single entries. */
export const basicsCases: readonly BackendCase[] = defineCases("basics", [
  {
    name: "answers undefined for a key that was never written",
    run: (subject) => subject.assertMiss(subject.key("absent")),
  },
  {
    name: "reads back what was written, with its version, no end and no tags",
    async run(subject) {
      const key = subject.key("a");
      const version = await subject.put(key, { name: "Ada", born: 1815 });
      const entry = await subject.assertHolds(key, { name: "Ada", born: 1815 });
      assert.equal(entry.version, version);
      assert.equal(entry.expiresAt, Number.POSITIVE_INFINITY);
      assert.deepEqual([...entry.tags], []);
    },
  },
  {
    name: "replaces a value by a later write",
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "first");
      await subject.put(key, "second");
      await subject.assertHolds(key, "second");
    },
  },
  {
    name: "reads the same entry as often as it is asked",
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, ["again"]);
      for (let readCount = 0; readCount < 5; readCount += 1) await subject.assertHolds(key, ["again"]);
    },
  },
  {
    name: "says whether a delete removed a live entry, and removes it",
    async run(subject) {
      const { backend, context } = subject;
      const key = subject.key("a");
      assert.equal(await backend.delete(key, context), false, "nothing was there");
      await subject.put(key, "value");
      assert.equal(await backend.delete(key, context), true, "an entry was there");
      await subject.assertMiss(key, "it was deleted");
      assert.equal(await backend.delete(key, context), false, "it was deleted before");
    },
  },
  {
    name: "writes again after a delete",
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "old");
      await subject.backend.delete(key, subject.context);
      await subject.put(key, "new");
      await subject.assertHolds(key, "new");
    },
  },
  {
    name: "leaves other keys alone when one is deleted",
    async run(subject) {
      await subject.put(subject.key("a"), 1);
      await subject.put(subject.key("b"), 2);
      await subject.backend.delete(subject.key("a"), subject.context);
      await subject.assertHolds(subject.key("b"), 2);
    },
  },
  {
    name: "answers a ping when it is well",
    run: async (subject) => void (await subject.backend.ping?.(subject.context)),
  },
  {
    name: "finds the same value when the caller needs nothing but the value",
    async run(subject) {
      const { backend } = subject;
      const names = ["plain", "short", "absent", "counted"];
      const context = { ...subject.context, isValueEnough: true };
      await subject.put(subject.key("plain"), { name: "Ada" });
      await subject.put(subject.key("short"), null, { ttlMs: 60 * subject.ttlUnitMs });
      await subject.put(subject.key("counted"), new Uint8Array([49, 50]));
      const samples: readonly unknown[] = [{ name: "Ada" }, null, undefined, new Uint8Array([49, 50])];
      const batch = await backend.getMulti(
        names.map((name) => subject.key(name)),
        context,
      );
      for (const [index, name] of names.entries()) {
        const entry = await backend.get(subject.key(name), context);
        if (name === "absent") {
          assert.equal(entry, undefined);
          assert.equal(batch[index], undefined, "getMulti");
          continue;
        }
        subject.assertEntry(entry, samples[index], "get");
        subject.assertEntry(batch[index], samples[index], "getMulti");
      }
    },
  },
  {
    name: "counts the keys of a namespace, or says that it does not know, and no negative numbers",
    requires: [needsMethod("usage")],
    async run(subject) {
      const { backend, namespace, ttlUnitMs } = subject;
      for (const name of ["a", "b", "gone"]) await subject.put(subject.key(name), name, { ttlMs: 600 * ttlUnitMs });
      await backend.delete(subject.key("gone"), subject.context);
      for (const path of [joinNamespace(namespace, "inner"), joinNamespace(ROOT_NAMESPACE, `${namespace}2`)]) {
        await subject.put(`${storedPrefix(path)}c`, "c", { ttlMs: 600 * ttlUnitMs });
      }
      const { keyCount, memoryUsageBytes = 0, evictions } = (backend as Required<Backend>).usage(namespace);
      assert.ok(keyCount === undefined || keyCount === 3, `${keyCount} keys are counted where 3 are`);
      assert.ok(memoryUsageBytes >= 0 && evictions >= 0, `${memoryUsageBytes} bytes, ${evictions} evictions`);
    },
  },
  {
    name: "counts its connections and requests in whole numbers, with a connection open after an answer",
    requires: [needsMethod("connections")],
    async run(subject) {
      const { connections } = subject.backend as Required<Backend>;
      await subject.put(subject.key("a"), "value");
      assertCounts(connections());
      assert.ok(connections().open > 0, "no connection is open after an answer");
      // A store may look after itself, by a probe for one, so that a single look may find something.
      for (let look = 1; look < IN_FLIGHT_LOOKS && connections().inFlight > 0; look += 1)
        await subject.advance(subject.ttlUnitMs / IN_FLIGHT_LOOKS);
      assert.equal(connections().inFlight, 0, "requests in flight after all were answered");
    },
  },
  {
    name: "reports each of its servers once, answering, with numbers and warnings in the contract's terms",
    requires: [needsMethod("report")],
    async run(subject) {
      const report = await (subject.backend as Required<Backend>).report(subject.context);
      assertReport(report);
      for (const { node, status } of report.nodes)
        assert.ok(status !== "down", `${node} answers, and is told to be down`);
    },
  },
  {
    name: "hands out copies that equal the value, where it hands out copies",
    requires: [needsMethod("isolate")],
    async run(subject) {
      const value = { list: [{ deep: new Date(5) }] };
      const copy = (subject.backend as Required<Backend>).isolate(value);
      assert.deepEqual(copy, value);
      assert.ok(copy !== value, "the copy is the value itself");
    },
  },
  {
    name: "has every method of what it promises",
    async run({ backend }) {
      for (const method of methodsOf(backend.capabilities)) {
        assert.ok(typeof backend[method] === "function", `${method}() is missing`);
      }
    },
  },
  {
    name: "has a name, an epoch and capabilities that stay the same",
    async run({ backend, context, key, write }) {
      assert.ok(backend.name.length > 0, "a name");
      assert.ok(backend.epoch.length > 0, "an epoch");
      const before = { ...backend.capabilities };
      const { epoch } = backend;
      await backend.set(key("a"), write("value"), context);
      await backend.delete(key("a"), context);
      assert.deepEqual({ ...backend.capabilities }, before);
      assert.equal(backend.epoch, epoch, "nothing was lost, so the epoch stays");
    },
  },
]);
