import { InvalidArgumentError } from "../../foundation/errors.ts";

/** Samples that a training looks at, end to end. */
export interface SampleCorpus {
  readonly bytes: Uint8Array;
  /** Where each sample begins, and the end of the last: one more than there are samples. */
  readonly starts: Uint32Array;
}

/** Fewer say nothing about the values to come. */
const MIN_SAMPLES = 10;
/** A sample that is shorter has nothing that could be in a dictionary. */
const MIN_SAMPLE_BYTES = 8;
/** What stands far behind in a long value has a window of the value itself. */
const MAX_SAMPLE_BYTES = 128 * 1024;

/** Two sets of samples: one to learn from, one to judge by. */
export interface SplitCorpus {
  readonly learned: SampleCorpus;
  readonly judged: readonly Uint8Array[];
}

/** One in four is kept to judge by, as zstd's trainer does. */
const JUDGED_EVERY = 4;
/** More would not change the choice. */
const MAX_JUDGED = 500;

/**
 * Takes samples evenly from all that there are, up to a number of bytes, so that time and memory stay bounded.
 *
 * @throws InvalidArgumentError when there are too few
 */
export function takeSamples(samples: readonly Uint8Array[], maxBytes: number): Uint8Array[] {
  const useful = samples.filter((sample) => sample.length >= MIN_SAMPLE_BYTES);
  if (useful.length < MIN_SAMPLES)
    throw new InvalidArgumentError(
      "GCX_ARGUMENT_OPTION",
      "samples",
      `A dictionary needs at least ${MIN_SAMPLES} samples of at least ${MIN_SAMPLE_BYTES} bytes; there are ${useful.length}. Some hundreds to thousands are good.`,
    );
  const totalBytes = useful.reduce((sum, sample) => sum + Math.min(sample.length, MAX_SAMPLE_BYTES), 0);
  const every = Math.max(1, totalBytes / maxBytes);
  const taken: Uint8Array[] = [];
  for (let at = 0; at < useful.length; at += every)
    taken.push((useful[Math.floor(at)] as Uint8Array).subarray(0, MAX_SAMPLE_BYTES));
  return taken;
}

/** Splits samples; every fourth is judged by, up to 500. */
export function splitSamples(samples: readonly Uint8Array[]): SplitCorpus {
  const judged = samples.filter((_, index) => index % JUDGED_EVERY === JUDGED_EVERY - 1);
  const every = Math.max(1, judged.length / MAX_JUDGED);
  const few: Uint8Array[] = [];
  for (let at = 0; at < judged.length; at += every) few.push(judged[Math.floor(at)] as Uint8Array);
  return { learned: joinSamples(samples.filter((_, index) => index % JUDGED_EVERY !== JUDGED_EVERY - 1)), judged: few };
}

/** Puts samples end to end. O(bytes) */
export function joinSamples(samples: readonly Uint8Array[]): SampleCorpus {
  const starts = new Uint32Array(samples.length + 1);
  for (const [index, { length }] of samples.entries()) starts[index + 1] = (starts[index] as number) + length;
  const bytes = new Uint8Array(starts[samples.length] as number);
  for (const [index, sample] of samples.entries()) bytes.set(sample, starts[index]);
  return { bytes, starts };
}
