import { waitWithin } from "../../foundation/deadline.ts";
import { InvalidArgumentError } from "../../foundation/errors.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import type { ByteSink, WaitForSink } from "./byte-sink.ts";
import { isNodeWritable, type NodeWritable, openNodeSink } from "./node-sink.ts";

/** A web `WritableStream`, as far as it is needed. */
export interface WebWritable {
  /** Takes the stream for itself. */
  getWriter(): WebWriter;
}

/** The writer of a web stream. */
export interface WebWriter {
  /** Resolves when the stream has room. */
  readonly ready: Promise<unknown>;
  /** Takes a chunk. */
  write(chunk: Uint8Array): Promise<unknown>;
  /** Resolves when all is written. */
  close(): Promise<unknown>;
  /** Gives the stream up. */
  abort(reason?: unknown): Promise<unknown>;
}

/** Anything that takes chunks. When it answers with a promise, that is awaited before the next chunk. */
export interface ChunkWriter {
  /** Takes a chunk, which stays as it is. */
  write(chunk: Uint8Array): unknown;
}

/** Where a snapshot is written to: a Node.js `Writable`, a web `WritableStream`, or anything with `write(chunk)`. */
export type SnapshotTarget = NodeWritable | WebWritable | ChunkWriter;

/**
 * Begins to write, listening to the stream's failures at once.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION` when it is no target
 */
export function openSink(target: SnapshotTarget, signal: AbortSignal | undefined, scheduler: Scheduler): ByteSink {
  const limits = { signal, timeoutMs: Number.POSITIVE_INFINITY, onTimeout: () => undefined, scheduler };
  const { getWriter, write } = Object(target) as Partial<WebWritable & ChunkWriter>;
  if (typeof getWriter === "function") return openWebSink((target as WebWritable).getWriter(), within);
  if (typeof write !== "function") {
    throw new InvalidArgumentError(
      "GCX_ARGUMENT_OPTION",
      "writable",
      "dump() writes to a stream or an object with write(chunk), such as fs.createWriteStream(file).",
    );
  }
  return isNodeWritable(target) ? openNodeSink(target, within) : openPlainSink(target as ChunkWriter, within);

  function within<T>(promise: Promise<T>): Promise<T> {
    return waitWithin(promise, limits);
  }
}

function openWebSink(writer: WebWriter, within: WaitForSink): ByteSink {
  return {
    async write(chunk) {
      await within(writer.ready);
      // What it rejects with makes `ready` reject as well.
      writer.write(chunk).catch(() => undefined);
    },
    async finish() {
      await within(writer.close());
    },
    abandon() {
      writer.abort().catch(() => undefined);
    },
  };
}

/** Has no end that is known here: the caller closes it. */
function openPlainSink(target: ChunkWriter, within: WaitForSink): ByteSink {
  return {
    async write(chunk) {
      const taken = target.write(chunk);
      const isPromise = typeof (taken as PromiseLike<unknown> | undefined)?.then === "function";
      if (isPromise) await within(Promise.resolve(taken));
    },
    finish: () => Promise.resolve(),
    abandon: () => undefined,
  };
}
