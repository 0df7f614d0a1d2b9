import { assert } from "../bounded-assert.ts";
import { type ConformanceSubject, outcomeOf } from "../conformance-subject.ts";
import { type BackendCase, type CaseDefinition, defineCases, needsValueStorage } from "./backend-case.ts";

const MEBIBYTE = 1_048_576;

/** Parts of Redis, memcached and HTTP replies: what a store answers must not be taken for what it keeps. */
const PROTOCOL_WORDS = [
  "$-1\r\n",
  "*-1\r\n",
  "_\r\n",
  "-ERR unknown command\r\n",
  "+OK\r\n",
  ":0\r\n",
  "EN\r\n",
  "MN\r\n",
  "HD\r\n",
  "NS\r\n",
  "VA 2\r\nab\r\n",
  "VALUE k 0 2\r\nab\r\nEND\r\n",
  "END\r\n",
  "ERROR\r\n",
  "SERVER_ERROR out of memory\r\n",
  "HTTP/1.1 404 Not Found\r\n\r\n",
  "\r\n",
  "\n",
  "0",
  "-1",
  "nil",
  "undefined",
  " ",
];

/** All 256 byte values, in an order that no text encoding survives. */
function everyByte(): Uint8Array {
  return Uint8Array.from({ length: 512 }, (_, index) => (index * 167 + 255) % 256);
}

/** Bytes whose place shows: the pattern's length is a prime, so that no block of a power of two repeats. */
function patternedBytes(lengthBytes: number): Uint8Array {
  const pattern = Uint8Array.from({ length: 1_021 }, (_, index) => index * 31 + (index >>> 3));
  return new Uint8Array(Buffer.alloc(lengthBytes, pattern).buffer);
}

/** A store may have a limit for values, if it says so: the value is refused by name, and what was there stays. */
function keptOrRefused(what: string, sample: () => unknown): CaseDefinition {
  return {
    name: `keeps ${what}, or refuses it as too large and keeps what was there`,
    async run(subject) {
      const key = subject.key("value");
      const value = sample();
      const write = subject.write(value);
      await subject.put(key, "before");
      const outcome = await outcomeOf(() => subject.backend.set(key, write, subject.context));
      if (outcome.status === "fulfilled") {
        assert.equal(outcome.value.stored, true);
        await subject.assertHolds(key, value);
      } else {
        assertRefused(outcome.reason);
        await subject.assertHolds(key, "before");
      }
      const batch = await outcomeOf(() => subject.backend.setMulti([[subject.key("batch"), write]], subject.context));
      if (outcome.status === "rejected") {
        assert.equal(batch.status, "rejected", "a batch takes what a single write refuses");
        assertRefused((batch as PromiseRejectedResult).reason);
      } else {
        assert.equal(batch.status, "fulfilled", "a batch refuses what a single write takes");
        await subject.assertHolds(subject.key("batch"), value);
      }
      await subject.put(subject.key("after"), "after");
      await subject.assertHolds(subject.key("after"), "after");
    },
  };
}

function assertRefused(error: unknown): void {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  assert.equal(code, "GCX_ENTRY_TOO_LARGE", "a value that is not kept");
}

/** Writes the samples in one batch, and reads each alone and all in one. */
async function assertAllKept(subject: ConformanceSubject, samples: readonly unknown[]): Promise<void> {
  const keys = samples.map((_, index) => subject.key(`sample ${index}`));
  await subject.backend.setMulti(
    samples.map((sample, index) => [keys[index] as string, subject.write(sample)] as const),
    subject.context,
  );
  const entries = await subject.backend.getMulti(keys, subject.context);
  for (const [index, sample] of samples.entries()) {
    subject.assertEntry(entries[index], sample, `getMulti of sample ${index}`);
    subject.assertEntry(await subject.backend.get(keys[index] as string, subject.context), sample, `sample ${index}`);
  }
}

function roundTrip(name: string, sample: () => unknown, details: Partial<CaseDefinition> = {}): CaseDefinition {
  return {
    name,
    ...details,
    async run(subject) {
      const key = subject.key("value");
      await subject.put(key, sample());
      await subject.assertHolds(key, sample());
      const [result] = await subject.backend.setMulti(
        [[subject.key("batch"), subject.write(sample())]],
        subject.context,
      );
      if (result !== undefined) await subject.assertHolds(subject.key("batch"), sample());
    },
  };
}

/** Every value reads back equal, whatever it is. */
export const valueCases: readonly BackendCase[] = defineCases("values", [
  roundTrip("keeps null as a hit", () => null),
  roundTrip("keeps 0 as a hit", () => 0),
  roundTrip("keeps false as a hit", () => false),
  roundTrip("keeps the empty string as a hit", () => ""),
  roundTrip("keeps numbers exactly, the odd ones too", () => [-0, 1.5e300, 5e-324, Number.MAX_SAFE_INTEGER, -1]),
  roundTrip(
    "keeps text of every script, astral characters and NUL",
    () => "ação Ω 漢字 🦔 e\u0301 \u0000 \r\n \u2028 \u{10ffff}",
  ),
  roundTrip("keeps nested objects and arrays", () => ({
    list: [{ deep: [[[{ "odd key\n": null }]]] }, []],
    empty: {},
  })),
  roundTrip("keeps bytes exactly", everyByte),
  roundTrip("keeps no bytes at all as a hit", () => new Uint8Array(0)),
  roundTrip("keeps a value of half a MiB", () => patternedBytes(MEBIBYTE / 2)),
  keptOrRefused("a value of 1 MiB", () => patternedBytes(MEBIBYTE)),
  keptOrRefused("a text of one million characters", () => "é".repeat(1_000_000)),
  keptOrRefused("a value of 8 MiB", () => patternedBytes(8 * MEBIBYTE)),
  {
    name: "keeps each byte alone as a value of its own",
    run: (subject) =>
      assertAllKept(
        subject,
        Array.from({ length: 256 }, (_, byte) => new Uint8Array([byte])),
      ),
  },
  {
    name: "keeps bytes that look like the answer of some protocol: a miss, an error, the end of a line",
    run: (subject) =>
      assertAllKept(
        subject,
        PROTOCOL_WORDS.map((word) => new TextEncoder().encode(word)),
      ),
  },
  {
    name: "keeps texts that look like the answer of some protocol",
    run: (subject) => assertAllKept(subject, PROTOCOL_WORDS),
  },
  roundTrip("keeps the part of a buffer that a view shows", () => everyByte().subarray(7, 100)),
  roundTrip("keeps NaN, infinities and bigints", () => [Number.NaN, Number.POSITIVE_INFINITY, 2n ** 80n], {
    requires: [needsValueStorage],
  }),
  roundTrip("keeps dates, maps and sets", () => [new Date(0), new Map([[1, new Set(["a"])]])], {
    requires: [needsValueStorage],
  }),
  roundTrip("keeps typed arrays with their type", () => [new Float64Array([0.5, -0]), new BigInt64Array([-1n])], {
    requires: [needsValueStorage],
  }),
  {
    name: "replaces values of any kind by values of any other",
    async run(subject) {
      const key = subject.key("value");
      for (const sample of [{ a: 1 }, null, "text", new Uint8Array([0]), 0, [], false, ""]) {
        await subject.put(key, sample);
        await subject.assertHolds(key, sample);
      }
    },
  },
]);
