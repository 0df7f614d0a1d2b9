import {
  type BackendCase,
  type CaseDefinition,
  defineCases,
  needsByteStorage,
  needsValueStorage,
} from "./backend-case.ts";

const HUGE_LENGTH = 1_048_576;

/** All 256 byte values, in an order that no text encoding survives. */
function everyByte(): Uint8Array {
  return Uint8Array.from({ length: 512 }, (_, index) => (index * 167 + 255) % 256);
}

function hugeBytes(): Uint8Array {
  const bytes = new Uint8Array(HUGE_LENGTH);
  for (let index = 0; index < HUGE_LENGTH; index += 1) bytes[index] = index * 31 + (index >>> 8);
  return bytes;
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
  roundTrip("keeps a value of 1 MiB", hugeBytes),
  roundTrip("keeps a text of one million characters", () => "é".repeat(1_000_000)),
  roundTrip(
    "keeps bytes that look like text, a number or an end of line",
    () => new TextEncoder().encode("12\r\nEND\r\n0"),
    {
      requires: [needsByteStorage],
    },
  ),
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
