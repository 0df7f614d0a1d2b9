import { ConfigError } from "../../foundation/errors.ts";

/** What a shared slab is made with. */
export interface SharedSlabOptions {
  /** The slab's size in bytes, everything included; fixed for its life. From 1 MiB to 16 GiB, and at most what the platform can allocate. */
  readonly sizeBytes: number;
  /** Most entries, at least 1. Default: `Infinity`, bytes alone decide. Threads that insert together may pass it by one entry each. */
  readonly maxKeys?: number | undefined;
  /**
   * Largest entry (key, value, tags and 120 bytes) in bytes. Default: about 1/128 of the slab, at least 16 KiB. At most 1/16 of the
   * slab: space is handed out in segments that hold at least one such entry.
   */
  readonly maxEntryBytes?: number | undefined;
  /** About how many entries are expected: sizes the table. Default: one for every 128 bytes of the slab. A wrong guess costs time or space, nothing else. */
  readonly expectedKeyCount?: number | undefined;
}

/**
 * Where everything is in a slab. Offsets count in units of 8 bytes; an address is such an offset, and 0 is no address.
 *
 * ```text
 * 0        header: constants, then one cache line for each hot counter
 *          participants   1 line each: who may write
 *          segments       1 line each: state, generation, tail, live counts
 *          scope cells    8 bytes each: when tags and namespaces were ended
 *          removal cells  8 bytes each: when keys were removed
 *          heads          8 bytes a bucket: address (low half), sequence (high half)
 *          ghosts         4 bytes each: hashes of entries evicted on probation
 *          touches        1 byte for 64 bytes of slab: reads since an entry was written there
 *          data           segmentCount × segmentUnits
 * ```
 */
export interface SlabLayout {
  readonly sizeBytes: number;
  readonly maxKeys: number;
  readonly participantCount: number;
  readonly participantAt: number;
  readonly segmentCount: number;
  /** A power of two. */
  readonly segmentUnits: number;
  readonly segmentAt: number;
  readonly scopeCellCount: number;
  readonly scopeCellAt: number;
  readonly removalCellCount: number;
  readonly removalCellAt: number;
  readonly bucketCount: number;
  readonly headAt: number;
  readonly ghostCount: number;
  readonly ghostAt: number;
  readonly touchAt: number;
  readonly dataAt: number;
}

/** Bytes of a unit, the grain of addresses. */
export const UNIT_BYTES = 8;
/** Units of a cache line. */
const LINE_UNITS = 8;
/** The header is one page: every counter that threads fight for has a line of its own. */
const HEADER_UNITS = 512;
const MIN_SLAB_BYTES = 2 ** 20;
const MAX_SLAB_BYTES = 2 ** 34;
const MIN_SEGMENT_BYTES = 2 ** 14;
const MIN_SEGMENT_COUNT = 12;
/** Every participant holds at most three segments (two open, one being emptied), so a quarter is always nobody's. */
const SEGMENTS_PER_PARTICIPANT = 4;
const MAX_PARTICIPANT_COUNT = 64;
const BYTES_PER_BUCKET = 128;
const DEFAULT_SEGMENT_SHARE = 128;
/** A segment's end that the largest entry may not use: room for the record's header and list. */
export const SEGMENT_SLACK_BYTES = 512;

/**
 * Divides a slab.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID` when an option is outside its range
 */
export function resolveSlabLayout(options: SharedSlabOptions): SlabLayout {
  const sizeBytes = resolveInteger("maxSize", options.sizeBytes, MIN_SLAB_BYTES, MAX_SLAB_BYTES);
  const maxKeys = options.maxKeys ?? Number.POSITIVE_INFINITY;
  if (maxKeys !== Number.POSITIVE_INFINITY) resolveInteger("maxKeys", maxKeys, 1, 2 ** 31 - 1);
  const defaultEntryBytes = Math.max(MIN_SEGMENT_BYTES, floorPowerOfTwo(sizeBytes / DEFAULT_SEGMENT_SHARE));
  const entryBytes =
    options.maxEntryBytes === undefined
      ? defaultEntryBytes - SEGMENT_SLACK_BYTES
      : resolveInteger("maxEntrySize", options.maxEntryBytes, 1, sizeBytes / 16 - SEGMENT_SLACK_BYTES);
  const segmentBytes = Math.max(MIN_SEGMENT_BYTES, ceilPowerOfTwo(entryBytes + SEGMENT_SLACK_BYTES));
  const expectedCount = resolveInteger(
    "expectedKeys",
    options.expectedKeyCount ?? Math.ceil(sizeBytes / BYTES_PER_BUCKET),
    1,
    sizeBytes / 32,
  );
  const layout = place(sizeBytes, maxKeys, segmentBytes / UNIT_BYTES, floorPowerOfTwo(Math.max(64, expectedCount)));
  if (layout.segmentCount < MIN_SEGMENT_COUNT) {
    throw invalid("maxEntrySize", `needs segments of ${segmentBytes} bytes, and the slab has room for fewer than 12`);
  }
  return layout;
}

function place(sizeBytes: number, maxKeys: number, segmentUnits: number, bucketCount: number): SlabLayout {
  const scopeCellCount = Math.min(2 ** 20, Math.max(1_024, floorPowerOfTwo(sizeBytes / 512)));
  const removalCellCount = Math.max(1_024, scopeCellCount / 4);
  const ghostCount = Math.max(64, bucketCount / 2);
  // As many as could be; a few lines too many do no harm.
  const mostSegments = Math.floor(sizeBytes / UNIT_BYTES / segmentUnits);
  const participantAt = HEADER_UNITS;
  const segmentAt = participantAt + MAX_PARTICIPANT_COUNT * LINE_UNITS;
  const scopeCellAt = segmentAt + mostSegments * LINE_UNITS;
  const removalCellAt = scopeCellAt + scopeCellCount;
  const headAt = removalCellAt + removalCellCount;
  const ghostAt = headAt + bucketCount;
  const touchAt = ghostAt + ghostCount / 2;
  const touchUnits = Math.ceil(sizeBytes / 64 / UNIT_BYTES);
  const dataAt = Math.ceil((touchAt + touchUnits) / LINE_UNITS) * LINE_UNITS;
  const segmentCount = Math.max(0, Math.floor((Math.floor(sizeBytes / UNIT_BYTES) - dataAt) / segmentUnits));
  const participantCount = Math.min(MAX_PARTICIPANT_COUNT, Math.floor(segmentCount / SEGMENTS_PER_PARTICIPANT));
  return {
    ...{ sizeBytes, maxKeys, participantCount, participantAt, segmentCount, segmentUnits, segmentAt },
    ...{ scopeCellCount, scopeCellAt, removalCellCount, removalCellAt, bucketCount, headAt },
    ...{ ghostCount, ghostAt, touchAt, dataAt },
  };
}

function resolveInteger(name: string, value: number, least: number, most: number): number {
  if (typeof value === "number" && value >= least && value <= most && Number.isFinite(value)) return Math.floor(value);
  throw invalid(name, `must be a number from ${least} to ${Math.floor(most)}`);
}

function invalid(name: string, what: string): ConfigError {
  return new ConfigError("GCX_CONFIG_INVALID", `memory.shared.${name}`, `memory.shared: ${name} ${what}.`);
}

function floorPowerOfTwo(value: number): number {
  return 2 ** Math.floor(Math.log2(value));
}

function ceilPowerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}
