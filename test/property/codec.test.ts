import { Buffer } from "node:buffer";
import process from "node:process";
import { deserialize, serialize } from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Codec } from "../../src/codec/codec.ts";
import type { CodecSettings } from "../../src/codec/codec-settings.ts";
import { ENVELOPE_FLAGS } from "../../src/codec/envelope/envelope-layout.ts";
import type { EntryMetadata } from "../../src/entry/entry-metadata.ts";
import { SerializationError } from "../../src/foundation/errors.ts";
import { openCodec } from "../support/codec/codec-settings.ts";
import { codecValue, plainValue, textValue } from "../support/codec/codec-values.ts";
import { COMPRESSIONS, TEST_KEY } from "../support/codec/compressions.ts";
import { strictDifference } from "../support/codec/strict-difference.ts";
import { gobValue } from "../support/gob-values.ts";

const SEED = Number(process.env["GOCACHEX_FUZZ_SEED"] ?? 20_261_128);
/** So many values meet each combination; four times as many envelopes. */
const RUNS = Number(process.env["GOCACHEX_PROPERTY_RUNS"] ?? 30);

const metadataValue: fc.Arbitrary<EntryMetadata> = fc.record(
  {
    version: fc.maxSafeNat(),
    freshUntil: fc.maxSafeNat(),
    expiresAt: fc.maxSafeNat(),
    tags: fc.array(fc.record({ tag: textValue, version: fc.maxSafeNat() }), { maxLength: 128, size: "small" }),
  },
  { requiredKeys: [] },
);

/** A serializer of a user's, with nothing of the library's. */
const custom = {
  name: "mine",
  encode: (value: unknown) => serialize(value),
  decode: (bytes: Uint8Array) => deserialize(bytes) as unknown,
};

interface Kind {
  readonly serializer: CodecSettings["serializer"];
  readonly values: fc.Arbitrary<unknown>;
  /** Whether it says no to some of the values. */
  readonly refuses: boolean;
  readonly identity: boolean;
}

const KINDS: readonly (readonly [name: string, kind: Kind])[] = [
  ["json", { serializer: "json", values: codecValue, refuses: false, identity: true }],
  ["msgpack", { serializer: "msgpack", values: codecValue, refuses: false, identity: true }],
  ["v8", { serializer: "v8", values: codecValue, refuses: true, identity: true }],
  // Parts that are shared are written twice.
  ["gob", { serializer: "gob", values: gobValue, refuses: true, identity: false }],
  ["a serializer of a user's", { serializer: custom, values: plainValue, refuses: false, identity: true }],
];

const combinations = KINDS.flatMap(([serializer, kind]) =>
  COMPRESSIONS.map(([compression, settings]) => ({ serializer, kind, compression, settings })),
);

/** Text that every algorithm shortens, so that the value is compressed; without it most are too short. */
const PADDING = "the same again and again, ".repeat(16);

describe("whatever is claimed comes back", () => {
  it.each(combinations)(
    "$serializer, $compression: in the clear and encrypted, with and without metadata",
    async (combination) => {
      const { kind, settings } = combination;
      const clear = await openCodec({ serializer: kind.serializer, ...settings });
      const encrypted = await openCodec({ serializer: kind.serializer, ...settings, encryptionKeys: [TEST_KEY] });
      let compressedCount = 0;
      let rawCount = 0;
      const property = fc.asyncProperty(
        kind.values,
        fc.boolean(),
        textValue,
        metadataValue,
        async (part, isPadded, storedKey, metadata) => {
          const value = isPadded ? [PADDING, part] : part;
          if (value === undefined) return;
          for (const codec of [clear, encrypted]) {
            for (const kept of [undefined, metadata]) {
              const bytes = await encodeOrRefuse(codec, value, storedKey, kept, kind.refuses);
              if (bytes === undefined) return;
              const isInteger = bytes[0] !== 0xc1;
              if (!isInteger && ((bytes[3] ?? 0) & ENVELOPE_FLAGS.compressed) !== 0) compressedCount += 1;
              else rawCount += 1;
              await assertComesBack(codec, { bytes, value, storedKey, metadata: kept, identity: kind.identity });
            }
          }
        },
      );
      await fc.assert(property, { numRuns: RUNS, seed: SEED });
      expect(rawCount).toBeGreaterThan(0);
      if (combination.compression !== "none") expect(compressedCount).toBeGreaterThan(0);
    },
  );

  it.each(KINDS)("%s: many values, in the clear", async (_name, kind) => {
    const codec = await openCodec({ serializer: kind.serializer });
    let count = 0;
    const property = fc.asyncProperty(kind.values, async (value) => {
      if (value === undefined) return;
      const bytes = await encodeOrRefuse(codec, value, "k", undefined, kind.refuses);
      if (bytes === undefined) return;
      count += 1;
      await assertComesBack(codec, { bytes, value, storedKey: "k", metadata: undefined, identity: kind.identity });
    });
    await fc.assert(property, { numRuns: RUNS * 40, seed: SEED });
    expect(count).toBeGreaterThan(RUNS * 20);
  });
});

interface Written {
  readonly bytes: Uint8Array;
  readonly value: unknown;
  readonly storedKey: string;
  readonly metadata: EntryMetadata | undefined;
  readonly identity: boolean;
}

async function assertComesBack(codec: Codec, written: Written): Promise<void> {
  const { value, storedKey, metadata, identity } = written;
  // A store hands out bytes of its own.
  const bytes = Buffer.from(written.bytes);
  const decoded = await codec.decode(bytes, storedKey);
  expect(strictDifference(value, decoded.value, { identity })).toBe(undefined);
  expect(decoded.metadata).toEqual(metadata);
  // Nothing of the value lies in them.
  bytes.fill(0xaa);
  expect(strictDifference(value, decoded.value, { identity })).toBe(undefined);
}

/** @returns `undefined` for a value that the serializer says no to, which is allowed to some */
async function encodeOrRefuse(
  codec: Codec,
  value: unknown,
  storedKey: string,
  metadata: EntryMetadata | undefined,
  mayRefuse: boolean,
): Promise<Uint8Array | undefined> {
  try {
    return await codec.encode(value, storedKey, metadata);
  } catch (error) {
    if (mayRefuse && error instanceof SerializationError) return undefined;
    throw error;
  }
}
