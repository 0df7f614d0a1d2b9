import type { SampleCorpus } from "./sample-corpus.ts";

/*
 * FastCover, the way that zstd chooses what goes into a dictionary (https://github.com/facebook/zstd/blob/dev/lib/dictBuilder/fastcover.c), after
 * Liao, Petri, Moffat and Wirth, "Effective Construction of Relative Lempel-Ziv Dictionaries", https://doi.org/10.1145/2872427.2883042.
 *
 * The samples stand end to end and are cut into as many epochs as the dictionary is to have segments. A segment is worth the sum of how often
 * the d-mers in it (strings of d bytes) occur in the samples; each d-mer counts once. From every epoch in turn the best segment is taken, and its
 * d-mers are worth nothing from then on, until the dictionary is full. d-mers are told apart by a hash.
 *
 * Where we deviate: d-mers that occur once are worth nothing from the start, so that what is there once never gets in; and the segments are put
 * in the order of their worth, the best last, where offsets are smallest, and where deflate, which sees 32 KiB, does not lose them.
 */

/** d-mers of a corpus: the hash of each, and how often each hash occurs. */
export interface DmerCounts {
  readonly dmerBytes: number;
  readonly corpus: SampleCorpus;
  /** By position; a position whose d-mer would reach into the next sample has the hash 0, which is worth nothing. */
  readonly hashes: Uint32Array;
  readonly counts: Uint32Array;
}

/** A part of the corpus that goes into the dictionary. */
interface Segment {
  readonly begin: number;
  readonly end: number;
  readonly worth: number;
}

const MIN_HASH_BITS = 12;
const MAX_HASH_BITS = 22;
/** An epoch is at least this many segments long, or there would be nothing to choose from. */
const MIN_EPOCH_SEGMENTS = 10;

/** Counts the d-mers of a corpus. O(bytes), with 4 bytes of memory for each and up to 16 MiB for the counts. */
export function countDmers(corpus: SampleCorpus, dmerBytes: number): DmerCounts {
  const { bytes, starts } = corpus;
  const bits = Math.min(MAX_HASH_BITS, Math.max(MIN_HASH_BITS, 33 - Math.clz32(bytes.length)));
  const shift = 32 - bits;
  const hashes = new Uint32Array(bytes.length);
  const counts = new Uint32Array(2 ** bits);
  for (let sample = 0; sample + 1 < starts.length; sample += 1) {
    const end = (starts[sample + 1] as number) - dmerBytes;
    for (let at = starts[sample] as number; at <= end; at += 1) {
      let hash = 0;
      for (let offset = 0; offset < dmerBytes; offset += 1)
        hash = Math.imul(hash ^ (bytes[at + offset] as number), 0x9e3779b1) ^ (hash >>> 15);
      const place = Math.imul(hash, 0x85ebca6b) >>> shift || 1;
      hashes[at] = place;
      counts[place] = (counts[place] as number) + 1;
    }
  }
  return { dmerBytes, corpus, hashes, counts };
}

/**
 * Chooses the content of a dictionary.
 *
 * O(bytes of the corpus)
 *
 * @param segmentBytes how long a segment is at most
 * @returns at most `sizeBytes`; less when there is not that much that occurs more than once
 */
export function selectContent(dmers: DmerCounts, sizeBytes: number, segmentBytes: number): Uint8Array {
  const worths = dmers.counts.map((count) => (count > 1 ? count : 0));
  worths[0] = 0;
  const segments: Segment[] = [];
  const { epochCount, epochBytes } = epochsOf(dmers, sizeBytes, segmentBytes);
  const active = new Uint16Array(worths.length);
  let room = sizeBytes;
  let emptyEpochs = 0;
  for (let epoch = 0; room >= dmers.dmerBytes && emptyEpochs < epochCount; epoch = (epoch + 1) % epochCount) {
    const begin = epoch * epochBytes;
    const best = bestSegment(
      dmers,
      worths,
      active,
      begin,
      Math.min(begin + epochBytes, dmers.hashes.length),
      segmentBytes,
    );
    if (best === undefined) {
      emptyEpochs += 1;
      continue;
    }
    emptyEpochs = 0;
    for (let at = best.begin; at <= best.end - dmers.dmerBytes; at += 1) worths[dmers.hashes[at] as number] = 0;
    const length = Math.min(best.end - best.begin, room);
    segments.push({ ...best, end: best.begin + length });
    room -= length;
  }
  return joinSegments(dmers.corpus.bytes, segments);
}

function epochsOf(
  dmers: DmerCounts,
  sizeBytes: number,
  segmentBytes: number,
): { epochCount: number; epochBytes: number } {
  const corpusBytes = dmers.hashes.length;
  const wanted = Math.max(1, Math.floor(sizeBytes / segmentBytes));
  const epochBytes = Math.min(
    corpusBytes,
    Math.max(Math.ceil(corpusBytes / wanted), segmentBytes * MIN_EPOCH_SEGMENTS),
  );
  return { epochCount: Math.ceil(corpusBytes / epochBytes), epochBytes };
}

/** The best segment of an epoch, without what is worth nothing at its ends; `undefined` when there is none. `active` is all zeros, before and after. */
function bestSegment(
  { hashes, dmerBytes }: DmerCounts,
  worths: Uint32Array,
  active: Uint16Array,
  from: number,
  to: number,
  segmentBytes: number,
): Segment | undefined {
  const windowDmers = Math.max(1, segmentBytes - dmerBytes + 1);
  let begin = from;
  let worth = 0;
  let best = { begin: from, end: from, worth: 0 };
  for (let at = from; at < to; at += 1) {
    const hash = hashes[at] as number;
    const times = active[hash] as number;
    if (times === 0) worth += worths[hash] as number;
    active[hash] = times + 1;
    if (at - begin >= windowDmers) {
      worth -= leave(hashes[begin] as number, worths, active);
      begin += 1;
    }
    if (worth > best.worth) best = { begin, end: at + 1, worth };
  }
  for (; begin < to; begin += 1) leave(hashes[begin] as number, worths, active);
  if (best.worth === 0) return undefined;
  let { begin: first, end } = best;
  while (worths[hashes[first] as number] === 0) first += 1;
  while (worths[hashes[end - 1] as number] === 0) end -= 1;
  return { begin: first, end: Math.min(end - 1 + dmerBytes, hashes.length), worth: best.worth };
}

/** Takes a d-mer out of the window. @returns what the window is worth less */
function leave(hash: number, worths: Uint32Array, active: Uint16Array): number {
  const times = (active[hash] as number) - 1;
  active[hash] = times;
  return times === 0 ? (worths[hash] as number) : 0;
}

function joinSegments(bytes: Uint8Array, segments: readonly Segment[]): Uint8Array {
  const ordered = segments.toSorted((a, b) => a.worth / (a.end - a.begin) - b.worth / (b.end - b.begin));
  const content = new Uint8Array(ordered.reduce((sum, { begin, end }) => sum + end - begin, 0));
  let at = 0;
  for (const { begin, end } of ordered) {
    content.set(bytes.subarray(begin, end), at);
    at += end - begin;
  }
  return content;
}
