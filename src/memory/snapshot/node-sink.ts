import type { ByteSink, WaitForSink } from "./byte-sink.ts";

/** A Node.js `Writable`, as far as it is needed. */
export interface NodeWritable {
  /** Takes a chunk. @returns false when the next should wait for `drain` */
  write(chunk: Uint8Array): boolean;
  /** Ends the stream. */
  end(): unknown;
  /** Listens to `drain`, `finish`, `error` and `close`. */
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  /** Stops listening. */
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  /** Gives the stream up. */
  destroy?(): unknown;
  /** False when it is destroyed or ended. */
  readonly writable?: boolean;
}

/** Whether a target is a stream of Node.js. */
export function isNodeWritable(target: object): target is NodeWritable {
  const { write, end, on, off } = target as Partial<NodeWritable>;
  return [write, end, on, off].every((member) => typeof member === "function");
}

/** Writes to a stream of Node.js, waiting for `drain` whenever it is full. */
export function openNodeSink(stream: NodeWritable, within: WaitForSink): ByteSink {
  const failed = defer();
  // It may fail while nobody waits for it.
  failed.promise.catch(() => undefined);
  let drained = defer();
  const finished = defer();
  const listeners: Readonly<Record<string, (...args: unknown[]) => void>> = {
    drain: () => drained.resolve(),
    finish: () => finished.resolve(),
    error: (error) => failed.reject(error),
    close: () => failed.reject(new Error("The stream was closed before the snapshot was complete.")),
  };
  for (const [event, listener] of Object.entries(listeners)) stream.on(event, listener);
  if (stream.writable === false) failed.reject(new Error("The stream is closed already."));
  const unlessFailed = (promise: Promise<void>): Promise<void> => within(Promise.race([promise, failed.promise]));
  const leave = (): void => {
    for (const [event, listener] of Object.entries(listeners)) stream.off(event, listener);
  };
  return {
    async write(chunk) {
      drained = defer();
      // A failure that is known already comes first: a destroyed stream takes nothing and never drains.
      await Promise.race([failed.promise, undefined]);
      if (!stream.write(chunk)) await unlessFailed(drained.promise);
    },
    async finish() {
      stream.end();
      await unlessFailed(finished.promise);
      leave();
    },
    abandon() {
      leave();
      // Destroying may fail once more; without a listener that would end the process.
      stream.on("error", () => undefined);
      stream.destroy?.();
    },
  };
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function defer(): Deferred {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
