import { createHash } from "node:crypto";
import { CodecFault, type UnreadableReason } from "../../src/codec/codec-fault.ts";
import { createKeyRing, type KeyRing } from "../../src/codec/encryption/key-ring.ts";
import { SEAL_OVERHEAD_BYTES } from "../../src/codec/encryption/sealed-layout.ts";
import { createSeededRandom, type RandomSource } from "../../src/foundation/random-source.ts";

/** What a run of the fuzzer met. */
export interface EncryptionFuzzReport {
  readonly seed: number;
  readonly roundCount: number;
  /** Values that opened, all of them unchanged. */
  readonly openedCount: number;
  readonly refusedCounts: ReadonlyMap<UnreadableReason, number>;
}

/** A sealed value with what it is bound to. */
interface Sealed {
  readonly bytes: Buffer;
  readonly headerBytes: number;
  readonly storedKey: string;
  readonly content: Buffer;
}

const CLOCK = { wallMs: Date.now, monotonicMs: () => performance.now() };
const STORED_KEYS = ["", "a", "b", "@shop:a", "@shop/eu:a", "\ud800", "\ud801", "語", "k".repeat(40), "k".repeat(600)];
const POOL_COUNT = 64;

/**
 * Opens values that were changed in every way that comes to mind, and random bytes. Nothing but what was sealed may open, with the content, header
 * and stored key that it was sealed with; everything else has to be refused with a `CodecFault`. Some 15 µs a round.
 *
 * @throws Error naming seed and round when it is not so
 */
export function fuzzEncryption(options: { seed: number; roundCount: number }): EncryptionFuzzReport {
  const { seed, roundCount } = options;
  const random = createSeededRandom(seed);
  const keys = [0, 1, 2].map((index) => createHash("sha256").update(`fuzz ${seed} ${index}`).digest());
  const [first, second, stranger] = keys as [Buffer, Buffer, Buffer];
  const ring = createKeyRing([first, second], CLOCK);
  const sealers = [ring, createKeyRing([second], CLOCK)];
  const pool = Array.from({ length: POOL_COUNT }, (_, index) => sealedValue(sealers[index % 2] as KeyRing, random));
  const foreign = Array.from({ length: 8 }, () => sealedValue(createKeyRing([stranger], CLOCK), random));
  const refusedCounts = new Map<UnreadableReason, number>();
  let openedCount = 0;
  for (let round = 0; round < roundCount; round += 1) {
    const candidate = changed(pick(pool, random), pick([...pool.slice(0, 8), ...foreign], random), random);
    const outcome = attempt(ring, candidate);
    const expected = pool.find((value) => isSame(value, candidate));
    if (outcome instanceof CodecFault) {
      if (expected !== undefined) throw failure(seed, round, "a sound value was refused", candidate);
      refusedCounts.set(outcome.reason, (refusedCounts.get(outcome.reason) ?? 0) + 1);
    } else if (Buffer.isBuffer(outcome) && expected !== undefined && outcome.equals(expected.content)) {
      openedCount += 1;
    } else {
      throw failure(seed, round, Buffer.isBuffer(outcome) ? "a changed value opened" : String(outcome), candidate);
    }
    if (random.next() < 0.001) pool[round % POOL_COUNT] = sealedValue(ring, random);
  }
  return { seed, roundCount, openedCount, refusedCounts };
}

function attempt(ring: KeyRing, { bytes, headerBytes, storedKey }: Sealed): unknown {
  try {
    return ring.open(bytes, headerBytes, storedKey);
  } catch (error) {
    return error;
  }
}

/** The ways to change a value. `other` is another sealed value, of this ring or of a stranger. */
const CHANGES: readonly ((value: Sealed, other: Sealed, random: RandomSource) => Sealed)[] = [
  (value) => value,
  (_value, other) => other,
  (value, _other, random) => ({ ...value, bytes: randomBytes(Math.floor(random.next() * 200), random) }),
  (value, _other, random) => ({ ...value, bytes: value.bytes.subarray(0, below(value.bytes.length + 1, random)) }),
  (value, _other, random) => ({ ...value, bytes: value.bytes.subarray(below(value.bytes.length, random)) }),
  (value, _other, random) => ({ ...value, bytes: flipped(value.bytes, 1 + below(3, random), random) }),
  (value, _other, random) => ({ ...value, bytes: withRandomRange(value.bytes, random) }),
  (value, _other, random) => ({
    ...value,
    bytes: Buffer.concat([value.bytes, randomBytes(below(40, random), random)]),
  }),
  (value, other, random) => ({ ...value, bytes: spliced(value.bytes, other.bytes, random) }),
  (value, other) => ({ ...value, bytes: other.bytes }),
  (value, _other, random) => ({ ...value, headerBytes: below(value.bytes.length + 50, random) }),
  (value, _other, random) => ({ ...value, storedKey: pick(STORED_KEYS, random) }),
  (value, _other, random) => ({ ...value, storedKey: otherText(value.storedKey, random) }),
  (value, other) => ({ ...value, bytes: Buffer.concat([value.bytes.subarray(0, value.headerBytes + 4), other.bytes]) }),
];

function changed(value: Sealed, other: Sealed, random: RandomSource): Sealed {
  return pick(CHANGES, random)(value, other, random);
}

function sealedValue(ring: KeyRing, random: RandomSource): Sealed {
  const content = randomBytes(random.next() < 0.1 ? below(3_000, random) : below(60, random), random);
  const header = randomBytes(below(12, random), random);
  const bytes = Buffer.alloc(header.length + SEAL_OVERHEAD_BYTES + content.length);
  bytes.set(header);
  const storedKey = pick(STORED_KEYS, random);
  ring.seal(bytes, header.length, content, storedKey);
  return { bytes, headerBytes: header.length, storedKey, content };
}

function isSame(value: Sealed, candidate: Sealed): boolean {
  const isBoundAlike = value.headerBytes === candidate.headerBytes && value.storedKey === candidate.storedKey;
  return isBoundAlike && value.bytes.equals(candidate.bytes);
}

function flipped(bytes: Buffer, count: number, random: RandomSource): Buffer {
  const copy = Buffer.from(bytes);
  for (let index = 0; index < count; index += 1) {
    const at = below(copy.length, random);
    copy[at] = (copy[at] as number) ^ (1 << below(8, random));
  }
  return copy;
}

function withRandomRange(bytes: Buffer, random: RandomSource): Buffer {
  const copy = Buffer.from(bytes);
  const start = below(copy.length, random);
  copy.set(randomBytes(Math.min(copy.length - start, 1 + below(24, random)), random), start);
  return copy;
}

function spliced(bytes: Buffer, others: Buffer, random: RandomSource): Buffer {
  const at = below(bytes.length, random);
  return Buffer.concat([
    bytes.subarray(0, at),
    others.subarray(random.next() < 0.5 ? at : below(others.length, random)),
  ]);
}

function otherText(text: string, random: RandomSource): string {
  const at = below(text.length + 1, random);
  const unit = String.fromCharCode(below(65_536, random));
  return random.next() < 0.5
    ? text.slice(0, at) + unit + text.slice(at)
    : text.slice(0, at) + unit + text.slice(at + 1);
}

function randomBytes(sizeBytes: number, random: RandomSource): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let index = 0; index < sizeBytes; index += 1) bytes[index] = below(256, random);
  return bytes;
}

function below(limit: number, random: RandomSource): number {
  return Math.floor(random.next() * limit);
}

function pick<T>(items: readonly T[], random: RandomSource): T {
  return items[below(items.length, random)] as T;
}

function failure(seed: number, round: number, what: string, candidate: Sealed): Error {
  const { bytes, headerBytes, storedKey } = candidate;
  const where = `header ${headerBytes} bytes, stored key ${JSON.stringify(storedKey)}, bytes ${bytes.toString("hex")}`;
  return new Error(`seed ${seed}, round ${round}: ${what}: ${where}`);
}
