import { CodecFault } from "../codec-fault.ts";
import type { Compressor } from "./compressor.ts";

/** When to compress. */
export interface CompressValueOptions {
  /** Values of fewer bytes are stored raw. */
  readonly thresholdBytes: number;
}

/** Reading costs time for every byte that was saved, so some bytes must be: a sixteenth of the value. */
const MIN_SAVED_RATIO = 1 / 16;

/**
 * Compresses a value, on this thread when it is small and in the thread pool when it would block the event loop for more than about
 * a millisecond.
 *
 * @param bytes must not change until the result is there
 * @returns `undefined` to store the value raw: it is below the threshold, larger than the algorithm can hold, or did not shrink by at least
 * a sixteenth. A promise when a thread does the work or the compressor is not loaded yet
 * @throws DependencyError (rejects) when the compressor does not load
 */
export function compressValue(
  compressor: Compressor,
  bytes: Uint8Array,
  { thresholdBytes }: CompressValueOptions,
): Uint8Array | undefined | Promise<Uint8Array | undefined> {
  if (bytes.length < thresholdBytes || bytes.length > (compressor.maxRawBytes ?? Number.POSITIVE_INFINITY))
    return undefined;
  if (!compressor.isLoaded) return compressor.load().then(() => compressLoaded(compressor, bytes));
  return compressLoaded(compressor, bytes);
}

function compressLoaded(
  compressor: Compressor,
  bytes: Uint8Array,
): Uint8Array | undefined | Promise<Uint8Array | undefined> {
  if (bytes.length < compressor.asyncFromBytes.compress) return ifShorter(compressor.compressSync(bytes), bytes);
  return compressor.compress(bytes).then((compressed) => ifShorter(compressed, bytes));
}

/**
 * Decompresses a value, on this thread or in the thread pool as {@link compressValue} does.
 *
 * @param rawBytes how long the value is, already held against the limits
 * @throws CodecFault (or rejects with it) `malformed`, `too-large`; `unknown-compressor` when the compressor does not load, with the
 * DependencyError as its cause
 */
export function decompressValue(
  compressor: Compressor,
  bytes: Uint8Array,
  rawBytes: number,
): Uint8Array | Promise<Uint8Array> {
  if (!compressor.isLoaded) return loadAndDecompress(compressor, bytes, rawBytes);
  return decompressLoaded(compressor, bytes, rawBytes);
}

function decompressLoaded(
  compressor: Compressor,
  bytes: Uint8Array,
  rawBytes: number,
): Uint8Array | Promise<Uint8Array> {
  // Crafted bytes may be long and hold nothing: block after block without content.
  if (Math.max(rawBytes, bytes.length) < compressor.asyncFromBytes.decompress)
    return compressor.decompressSync(bytes, rawBytes);
  return compressor.decompress(bytes, rawBytes);
}

async function loadAndDecompress(compressor: Compressor, bytes: Uint8Array, rawBytes: number): Promise<Uint8Array> {
  try {
    await compressor.load();
  } catch (error) {
    throw new CodecFault("unknown-compressor", `${compressor.name} does not load`, error);
  }
  return decompressLoaded(compressor, bytes, rawBytes);
}

function ifShorter(compressed: Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
  return compressed.length <= bytes.length * (1 - MIN_SAVED_RATIO) ? compressed : undefined;
}
