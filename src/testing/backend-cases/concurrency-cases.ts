import type { Backend } from "../../backend/backend.ts";
import type { StoredEntry } from "../../backend/stored-entry.ts";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { assert } from "../bounded-assert.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import { type BackendCase, defineCases, needsSecondClient } from "./backend-case.ts";

const WORKER_COUNT = 16;
const STEPS_PER_WORKER = 40;
/** Times four calls at once. */
const THOUSANDS_COUNT = 1_000;

/** A value that says where it belongs, of a length that depends on its origin. */
function labelled(key: string, worker: number, step: number): string {
  return `${key}|${worker}|${step}|${"x".repeat((worker * 131 + step * 17) % 700)}`;
}

/** What was ever written to each key, by digest. */
type WrittenValues = ReadonlyMap<string, Set<string>>;

function assertWritten(written: WrittenValues, key: string, entry: StoredEntry | undefined): void {
  if (entry === undefined) return;
  assert.ok(written.get(key)?.has(digestOf(entry.value)), "a read returned a value that was never written to its key");
}

/** The random steps of one worker: four in ten write, three read, two read all, one deletes. */
async function work(
  subject: ConformanceSubject,
  client: Backend,
  worker: number,
  written: WrittenValues,
): Promise<void> {
  const { context } = subject;
  const random = createSeededRandom(worker + 1);
  const keys = [...written.keys()];
  const steps: readonly ((key: string, step: number) => Promise<unknown>)[] = [
    async (key, step) => {
      const write = subject.write(labelled(key, worker, step));
      written.get(key)?.add(digestOf(write.value));
      await client.set(key, write, context);
    },
    async (key) => assertWritten(written, key, await client.get(key, context)),
    async () => {
      const entries = await client.getMulti(keys, context);
      for (const [index, key] of keys.entries()) assertWritten(written, key, entries[index]);
    },
    async (key) => client.delete(key, context),
  ];
  const weighted = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3];
  for (let step = 0; step < STEPS_PER_WORKER; step += 1) {
    const key = keys[Math.floor(random.next() * keys.length)] as string;
    await steps[weighted[Math.floor(random.next() * weighted.length)] as number]?.(key, step);
  }
}

/** Many workers use the same keys at random; what each reads must be something written to that very key. */
async function interleave(subject: ConformanceSubject, clients: readonly Backend[]): Promise<void> {
  const written: WrittenValues = new Map(
    Array.from({ length: 8 }, (_, index) => [subject.key(`shared ${index}`), new Set<string>()] as const),
  );
  await Promise.all(
    Array.from({ length: WORKER_COUNT }, (_, worker) =>
      work(subject, clients[worker % clients.length] as Backend, worker, written),
    ),
  );
}

function digestOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : String(value);
}

/** Calls that run together do not disturb each other. */
export const concurrencyCases: readonly BackendCase[] = defineCases("concurrency", [
  {
    name: "answers each of many reads that run together with its own entry",
    async run(subject) {
      const keys = Array.from({ length: 100 }, (_, index) => subject.key(`k ${index}`));
      await Promise.all(keys.map((key, index) => subject.put(key, labelled("k", index, index))));
      const entries = await Promise.all(keys.map(async (key) => subject.backend.get(key, subject.context)));
      for (const [index, entry] of entries.entries()) subject.assertEntry(entry, labelled("k", index, index));
    },
  },
  {
    name: "answers large and small, hits and misses, each with its own, when they run together",
    async run(subject) {
      const large = new Uint8Array(300_000).fill(42);
      await subject.put(subject.key("large"), large);
      await subject.put(subject.key("small"), "s");
      const names = Array.from(
        { length: 30 },
        (_, index) => (["large", "absent", "small"] as const)[index % 3] as string,
      );
      const entries = await Promise.all(
        names.map(async (name) => subject.backend.get(subject.key(name), subject.context)),
      );
      for (const [index, name] of names.entries()) {
        if (name === "absent") assert.equal(entries[index], undefined);
        else subject.assertEntry(entries[index], name === "large" ? large : "s");
      }
    },
  },
  {
    name: "answers each of thousands of calls that run together with its own: writes, hits, misses, batches, deletes",
    async run(subject) {
      const { backend, context } = subject;
      const keys = Array.from({ length: THOUSANDS_COUNT }, (_, index) => subject.key(`t ${index}`));
      const others = keys.map((key) => `${key} absent`);
      const versions = await Promise.all(keys.map((key, index) => subject.put(key, labelled("t", index, index))));
      await Promise.all(
        keys.flatMap((key, index) => [
          (async () => {
            const entry = subject.assertEntry(await backend.get(key, context), labelled("t", index, index));
            assert.equal(entry.version, versions[index], "the version is that of its own write");
          })(),
          (async () => assert.equal(await backend.get(others[index] as string, context), undefined))(),
          (async () => {
            const [other, own] = await backend.getMulti([others[index] as string, key], context);
            assert.equal(other, undefined);
            subject.assertEntry(own, labelled("t", index, index));
          })(),
          (async () => assert.equal(await backend.delete(others[index] as string, context), false))(),
        ]),
      );
    },
  },
  {
    name: "reads its own write, also when others write other keys",
    async run(subject) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const key = subject.key(`own ${index}`);
          for (let step = 0; step < 10; step += 1) {
            await subject.put(key, labelled("own", index, step));
            subject.assertEntry(await subject.backend.get(key, subject.context), labelled("own", index, step));
          }
        }),
      );
    },
  },
  {
    name: "keeps one whole value of many that are written together",
    async run(subject) {
      const key = subject.key("contended");
      const samples = Array.from({ length: 40 }, (_, index) => String(index).repeat(1 + index * 50));
      const versions = await Promise.all(samples.map((sample) => subject.put(key, sample)));
      const winner = versions.indexOf(Math.max(...versions));
      await subject.assertHolds(key, samples[winner]);
    },
  },
  {
    name: "counts a live entry as removed by one of many deletes only",
    async run(subject) {
      const key = subject.key("a");
      await subject.put(key, "value");
      const answers = await Promise.all(
        Array.from({ length: 20 }, async () => subject.backend.delete(key, subject.context)),
      );
      assert.equal(answers.filter(Boolean).length, 1);
    },
  },
  {
    name: "returns nothing but what was written to the key while many write, read and delete",
    run: (subject) => interleave(subject, [subject.backend]),
  },
  {
    name: "returns nothing but what was written to the key while two clients write, read and delete",
    requires: [needsSecondClient],
    run: async (subject) => interleave(subject, [subject.backend, await subject.openSecond()]),
  },
  {
    name: "shows a write to a second client as soon as it is confirmed",
    requires: [needsSecondClient],
    async run(subject) {
      const second = await subject.openSecond();
      for (let step = 0; step < 20; step += 1) {
        await subject.put(subject.key("a"), step);
        subject.assertEntry(await second.get(subject.key("a"), subject.context), step);
        await second.delete(subject.key("a"), subject.context);
        await subject.assertMiss(subject.key("a"), "the other client deleted it");
      }
    },
  },
]);
