import type { Backend } from "../../backend/backend.ts";
import { joinNamespace, type NamespacePath, storedPrefix } from "../../entry/namespace-path.ts";
import { assert } from "../bounded-assert.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import {
  type BackendCase,
  type CaseDefinition,
  defineCases,
  needsCapability,
  needsExclusiveData,
  needsSecondClient,
} from "./backend-case.ts";

async function clear(subject: ConformanceSubject, namespace: NamespacePath): Promise<void> {
  await (subject.backend as Required<Backend>).clear(namespace, subject.context);
}

/** A stored key of a namespace inside the case's own. */
function keyIn(subject: ConformanceSubject, names: readonly string[], key: string): string {
  return storedPrefix(names.reduce<NamespacePath>(joinNamespace, subject.namespace)) + key;
}

const definitions: readonly CaseDefinition[] = [
  {
    name: "ends every entry of a namespace",
    async run(subject) {
      const keys = Array.from({ length: 300 }, (_, index) => subject.key(`k ${index}`));
      await subject.backend.setMulti(
        keys.map((key) => [key, subject.write(1)] as const),
        subject.context,
      );
      await clear(subject, subject.namespace);
      assert.deepEqual(
        await subject.backend.getMulti(keys, subject.context),
        keys.map(() => undefined),
      );
      await subject.assertMiss(keys[0] as string, "its namespace was cleared");
    },
  },
  {
    name: "ends the namespaces inside the cleared one, and no sibling, parent or namesake",
    async run(subject) {
      const inside = [
        keyIn(subject, ["shop"], "a"),
        keyIn(subject, ["shop", "eu"], "a"),
        keyIn(subject, ["shop", "eu", "de"], "a"),
      ];
      const outside = [
        subject.key("a"),
        subject.key("shop"),
        subject.key("shop:a"),
        keyIn(subject, ["shop2"], "a"),
        keyIn(subject, ["sho"], "p:a"),
        keyIn(subject, ["shop%"], "a"),
        keyIn(subject, ["shop/eu"], "a"),
        keyIn(subject, ["other", "shop"], "a"),
      ];
      for (const key of [...inside, ...outside]) await subject.put(key, key);
      await clear(subject, joinNamespace(subject.namespace, "shop"));
      for (const key of inside) await subject.assertMiss(key, "its namespace was cleared");
      for (const key of outside) await subject.assertHolds(key, key);
    },
  },
  {
    name: "keeps what is written right after the clear",
    async run(subject) {
      for (let round = 0; round < 5; round += 1) {
        await subject.put(subject.key("a"), "old");
        await clear(subject, subject.namespace);
        await subject.put(subject.key("a"), round);
        await subject.assertHolds(subject.key("a"), round);
      }
    },
  },
  {
    name: "takes a cleared entry for absent everywhere",
    async run(subject) {
      const { backend, context } = subject;
      const key = subject.key("a");
      const version = await subject.put(key, "old");
      await clear(subject, subject.namespace);
      assert.equal(await backend.expire(key, 60 * subject.ttlUnitMs, context), false, "expire");
      assert.equal(await backend.delete(key, context), false, "delete");
      if (backend.capabilities.scan) {
        for await (const slice of (backend as Required<Backend>).scan(subject.key(""), context))
          assert.deepEqual(slice, []);
      }
      if (!backend.capabilities.conditionalWrites) return;
      const late = await backend.set(key, subject.write("late", { condition: { kind: "version", version } }), context);
      assert.equal(late.stored, false, "an old version");
      const fresh = await backend.set(key, subject.write("new", { condition: { kind: "absent" } }), context);
      assert.equal(fresh.stored, true, "absence");
    },
  },
  {
    name: "leaves leases to their holders",
    requires: [needsCapability("leases")],
    async run(subject) {
      const { lease } = subject.backend as Required<Backend>;
      const request = {
        kind: "acquire",
        key: subject.key("lease"),
        owner: "one",
        ttlMs: 60 * subject.ttlUnitMs,
      } as const;
      const held = await lease(request, subject.context);
      await clear(subject, subject.namespace);
      assert.equal((await lease({ ...request, owner: "two" }, subject.context)).kind, "busy", "a clear ends no lease");
      assert.deepEqual(await lease({ ...request, kind: "extend" }, subject.context), held, "lease and token stay");
    },
  },
  {
    name: "clears a namespace that holds nothing",
    run: (subject) => clear(subject, joinNamespace(subject.namespace, "empty")),
  },
  {
    name: "ends what another client wrote",
    requires: [needsSecondClient],
    async run(subject) {
      const second = await subject.openSecond();
      await second.set(subject.key("a"), subject.write("theirs"), subject.context);
      await clear(subject, subject.namespace);
      assert.equal(await second.get(subject.key("a"), subject.context), undefined);
      await subject.assertMiss(subject.key("a"));
      await second.set(subject.key("a"), subject.write("later"), subject.context);
      await subject.assertHolds(subject.key("a"), "later");
    },
  },
  {
    name: "ends every entry of the store for the root",
    requires: [needsExclusiveData],
    async run(subject) {
      const keys = ["plain", "@:escaped", subject.key("inner"), keyIn(subject, ["deep"], "a")];
      for (const key of keys) await subject.put(key, 1);
      await clear(subject, "");
      for (const key of keys) await subject.assertMiss(key, "everything was cleared");
      await subject.put("plain", "new");
      await subject.assertHolds("plain", "new");
    },
  },
];

/** Capability `clear`: one namespace and those inside it end, and nobody else's data. */
export const clearCases: readonly BackendCase[] = defineCases(
  "clear",
  definitions.map((definition) => ({
    ...definition,
    requires: [needsCapability("clear"), ...(definition.requires ?? [])],
  })),
);
