import type { SharedSlabHandle } from "../../backend/shared-slab-handle.ts";
import type { Clock } from "../../foundation/clock.ts";
import { ConfigError } from "../../foundation/errors.ts";
import { hashString } from "../../foundation/hash.ts";
import type { RandomSource } from "../../foundation/random-source.ts";
import { resolveSlabLayout, type SharedSlabOptions, type SlabLayout, UNIT_BYTES } from "./slab-layout.ts";

const MAGIC = 0x47435853;
/** Rises with every change of the bytes' meaning: threads may load different copies of this library. */
const FORMAT = 1;

/** Indices of the header's 32-bit words. The first 64 never change after creation. */
const WORD = {
  magic: 0,
  format: 1,
  checkWord: 2,
  seedA: 3,
  seedB: 4,
  epochA: 5,
  epochB: 6,
  /** From here: pairs of 32-bit words that hold the layout's fields as doubles. */
  layout: 8,
  /** One cache line (16 words) each. */
  version: 64,
  clearEpoch: 80,
  evictionCount: 112,
  sealSequence: 128,
  incarnation: 144,
  invalidationsInFlight: 160,
  sweepLap: 176,
} as const;

const LAYOUT_FIELDS = [
  ...["sizeBytes", "maxKeys", "participantCount", "participantAt", "segmentCount", "segmentUnits", "segmentAt"],
  ...["scopeCellCount", "scopeCellAt", "removalCellCount", "removalCellAt", "bucketCount", "headAt"],
  ...["ghostCount", "ghostAt", "touchAt", "dataAt"],
] as readonly (keyof SlabLayout)[];

/**
 * Makes a slab. O(size) in the platform, which hands out zeroed pages when they are first used.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID` when an option is outside its range or the platform has not that much memory
 */
export function createSharedSlab(
  options: SharedSlabOptions,
  host: { readonly clock: Clock; readonly random: RandomSource },
): SharedSlabHandle {
  const layout = resolveSlabLayout(options);
  const buffer = allocate(layout.sizeBytes);
  const words = new Int32Array(buffer, 0, 256);
  const doubles = new Float64Array(buffer, 0, 128);
  for (const word of [WORD.seedA, WORD.seedB, WORD.epochA, WORD.epochB]) words[word] = host.random.next() * 2 ** 32;
  LAYOUT_FIELDS.forEach((field, index) => {
    doubles[WORD.layout / 2 + index] = layout[field];
  });
  words[WORD.format] = FORMAT;
  words[WORD.checkWord] = checkWordOf(words);
  // Microseconds, so that versions of a later slab go on above those of an earlier one.
  new BigInt64Array(buffer)[WORD.version / 2] = BigInt(Math.floor(host.clock.wallMs() * 1_000));
  Atomics.store(words, WORD.magic, MAGIC);
  return { kind: "gocachex-shared-slab", buffer };
}

function allocate(sizeBytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(sizeBytes);
  } catch (cause) {
    const message = `memory.shared: the platform cannot allocate ${sizeBytes} bytes in one piece. Make maxSize smaller.`;
    throw new ConfigError("GCX_CONFIG_INVALID", "memory.shared.maxSize", message, { cause });
  }
}

/** Of the constants; what is found in a buffer of somebody else does not match by chance. */
function checkWordOf(words: Int32Array): number {
  let text = "";
  for (let index = WORD.seedA; index < 64; index += 1) text += `${words[index]},`;
  return hashString(text) | 0;
}

/**
 * One thread's views of a slab. A constant number of objects, whatever the slab holds.
 *
 * All words that two threads may change are accessed by `Atomics`; the bytes of records are not: they are written by one
 * thread before the record can be found, and read with a check afterwards that their segment was not handed out again.
 */
export class SharedSlab {
  readonly layout: SlabLayout;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly u8: Uint8Array;
  readonly b64: BigInt64Array;
  /** One for each segment: a `Buffer` of the whole would end at 4 GiB. */
  readonly segments: readonly Buffer[];
  readonly seedA: number;
  readonly seedB: number;
  /** Names this slab; the same in every thread. */
  readonly epoch: string;
  readonly #halves: Int32Array;
  readonly #whole: BigInt64Array;
  /** For {@link SharedSlab.fence}; private to this thread. */
  readonly #own = new Int32Array(new SharedArrayBuffer(4));

  /** @throws ConfigError `GCX_CONFIG_INVALID` when the handle is no slab's, was made by another format, or is damaged */
  constructor(handle: SharedSlabHandle) {
    const buffer = bufferOf(handle);
    this.i32 = new Int32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.u8 = new Uint8Array(buffer);
    this.b64 = new BigInt64Array(buffer);
    this.layout = readLayout(this.i32, this.f64);
    const { dataAt, segmentCount, segmentUnits } = this.layout;
    const segmentBytes = segmentUnits * UNIT_BYTES;
    this.segments = Array.from({ length: segmentCount }, (_, segment) =>
      Buffer.from(buffer, dataAt * UNIT_BYTES + segment * segmentBytes, segmentBytes),
    );
    this.seedA = this.i32[WORD.seedA] as number;
    this.seedB = this.i32[WORD.seedB] as number;
    const part = (word: number): string => ((this.i32[word] as number) >>> 0).toString(36);
    this.epoch = `${part(WORD.epochA)}-${part(WORD.epochB)}`;
    const scratch = new ArrayBuffer(8);
    this.#halves = new Int32Array(scratch);
    this.#whole = new BigInt64Array(scratch);
  }

  /** Two 32-bit halves as one 64-bit word. */
  pair(low: number, high: number): bigint {
    this.#halves[0] = low;
    this.#halves[1] = high;
    return this.#whole[0] as bigint;
  }

  /**
   * Orders the plain reads before it before the atomic loads after it. On x86-64 loads keep their order anyway; on ARM64 an
   * acquiring load does not hold back the reads before it, an exchange followed by such a load does.
   */
  fence(): void {
    Atomics.exchange(this.#own, 0, 0);
  }

  /** Draws the next version: larger than all that any thread drew before. */
  nextVersion(): number {
    return Number(Atomics.add(this.b64, WORD.version / 2, 1n)) + 1;
  }

  /** The last version drawn. */
  currentVersion(): number {
    return Number(Atomics.load(this.b64, WORD.version / 2));
  }

  /** How often everything was cleared. */
  clearEpoch(): number {
    return Atomics.load(this.i32, WORD.clearEpoch);
  }

  /** Ends every entry that was written so far. */
  raiseClearEpoch(): void {
    Atomics.add(this.i32, WORD.clearEpoch, 1);
  }

  evictionCount(): number {
    return Atomics.load(this.i32, WORD.evictionCount) >>> 0;
  }

  countEviction(): void {
    Atomics.add(this.i32, WORD.evictionCount, 1);
  }

  /** A number that orders segments by the time they were filled. */
  nextSealSequence(): number {
    return Atomics.add(this.i32, WORD.sealSequence, 1);
  }

  /** A number that no other participant of this slab has or had. 26 bits: after 67 million attachments they repeat. */
  nextIncarnation(): number {
    return (Atomics.add(this.i32, WORD.incarnation, 1) % 0x3ff_ffff) + 1;
  }

  countInvalidation(change: number): void {
    Atomics.add(this.i32, WORD.invalidationsInFlight, change);
  }

  hasInvalidationsInFlight(): boolean {
    return Atomics.load(this.i32, WORD.invalidationsInFlight) !== 0;
  }

  /** Claims the search for dead entries that begins a period. @returns whether nobody did before */
  claimSweep(period: number): boolean {
    const last = Atomics.load(this.i32, WORD.sweepLap);
    return last !== (period | 0) && Atomics.compareExchange(this.i32, WORD.sweepLap, last, period | 0) === last;
  }
}

function bufferOf(handle: SharedSlabHandle): SharedArrayBuffer {
  const buffer = (handle as Partial<SharedSlabHandle> | undefined)?.buffer;
  if (typeof buffer !== "object" || Object.prototype.toString.call(buffer) !== "[object SharedArrayBuffer]") {
    throw damaged("is no handle of a shared memory. Pass what createSharedMemory returned, as it is");
  }
  return buffer;
}

function readLayout(i32: Int32Array, f64: Float64Array): SlabLayout {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) throw damaged("needs a little-endian machine");
  if (i32.length < 256 || Atomics.load(i32, WORD.magic) !== MAGIC) {
    throw damaged("is a buffer that createSharedMemory did not make");
  }
  if (i32[WORD.format] !== FORMAT) {
    throw damaged("was made by another version of this library. Use the same one in all threads");
  }
  const layout = toLayout((field) => f64[WORD.layout / 2 + LAYOUT_FIELDS.indexOf(field)] as number);
  if (i32[WORD.checkWord] !== checkWordOf(i32) || layout.sizeBytes !== i32.buffer.byteLength) {
    throw damaged("is damaged: something else wrote into its buffer");
  }
  return layout;
}

/** An object that the engine keeps as a struct of small integers: it is read on every operation. */
function toLayout(read: (field: keyof SlabLayout) => number): SlabLayout {
  const units = (field: keyof SlabLayout): number => read(field) | 0;
  return {
    sizeBytes: read("sizeBytes"),
    maxKeys: read("maxKeys"),
    participantCount: units("participantCount"),
    participantAt: units("participantAt"),
    segmentCount: units("segmentCount"),
    segmentUnits: units("segmentUnits"),
    segmentAt: units("segmentAt"),
    scopeCellCount: units("scopeCellCount"),
    scopeCellAt: units("scopeCellAt"),
    removalCellCount: units("removalCellCount"),
    removalCellAt: units("removalCellAt"),
    bucketCount: units("bucketCount"),
    headAt: units("headAt"),
    ghostCount: units("ghostCount"),
    ghostAt: units("ghostAt"),
    touchAt: units("touchAt"),
    dataAt: units("dataAt"),
  };
}

function damaged(what: string): ConfigError {
  return new ConfigError("GCX_CONFIG_INVALID", "memory.shared", `memory.shared ${what}.`);
}
