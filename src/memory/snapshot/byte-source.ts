import { waitWithin } from "../../foundation/deadline.ts";
import { InvalidArgumentError } from "../../foundation/errors.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";

/**
 * Where a snapshot is read from: a Node.js `Readable`, a web `ReadableStream`, any iterable of chunks, or all bytes at once.
 */
export type SnapshotSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | Uint8Array;

/** A source that is being read. */
export interface ByteSource {
  /** The next chunk, or `undefined` at the end. Rejects with what the stream failed with, or the reason of the signal. */
  next(): Promise<Uint8Array | undefined>;
  /** Stops reading. A stream that is not at its end is destroyed. */
  close(): void;
}

type ChunkIterator = AsyncIterator<unknown> | Iterator<unknown>;

/**
 * Begins to read, at once: a stream that fails before anybody listens to it would end the process.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION` when it is no source
 */
export function openSource(source: SnapshotSource, signal: AbortSignal | undefined, scheduler: Scheduler): ByteSource {
  const iterator = iterate(source);
  let isOver = false;
  let coming: Promise<IteratorResult<unknown>> | undefined = ask(iterator);
  return {
    async next() {
      const asked = coming ?? ask(iterator);
      coming = undefined;
      const limits = { signal, timeoutMs: Number.POSITIVE_INFINITY, onTimeout: () => undefined, scheduler };
      const result = await waitWithin(asked, limits);
      if (result.done === true) {
        isOver = true;
        return undefined;
      }
      if (result.value instanceof Uint8Array) return result.value;
      throw new TypeError(`The stream gives ${typeof result.value} instead of bytes. Open it without an encoding.`);
    },
    close() {
      if (!isOver) stop(source, iterator);
      isOver = true;
    },
  };
}

function iterate(source: SnapshotSource): ChunkIterator {
  if (source instanceof Uint8Array) return [source][Symbol.iterator]();
  const { [Symbol.asyncIterator]: async, [Symbol.iterator]: sync } = Object(source) as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >;
  if (typeof async === "function") return async.call(source);
  if (typeof sync === "function" && typeof source !== "string") return sync.call(source);
  throw new InvalidArgumentError(
    "GCX_ARGUMENT_OPTION",
    "readable",
    "load() reads from a stream or an iterable of bytes, such as fs.createReadStream(file).",
  );
}

/** Never throws, and what it rejects with is handled also when nobody asks any more. */
function ask(iterator: ChunkIterator): Promise<IteratorResult<unknown>> {
  const result = (async () => await iterator.next())();
  result.catch(() => undefined);
  return result;
}

/** Not awaited: a stream that hangs must not hold the caller who leaves. */
function stop(source: SnapshotSource, iterator: ChunkIterator): void {
  const { destroy } = source as { destroy?: unknown };
  if (typeof destroy === "function") {
    destroy.call(source);
    return;
  }
  (async () => await iterator.return?.())().catch(() => undefined);
}
