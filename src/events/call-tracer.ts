import type { CallOutcome } from "./call-outcome.ts";
import type { CarriedTrace } from "./carried-trace.ts";
import type { RequestSpan, TracedRequest } from "./request-span.ts";
import type { SpanAttributes } from "./span-attributes.ts";

/** One traced piece of work: a call to a store, or a call of a loader. Must not throw. */
export interface CallSpan {
  /** Runs synchronous work, and what it starts, so that spans of its own become children of this one. Throws what the work throws. */
  run<T>(work: () => T): T;
  /** Notes that something happened meanwhile. Attributes are numbers, short texts and booleans; never a key or a value. */
  note(event: string, attributes?: SpanAttributes): void;
  /** It is over; called once. `error`: what the caller is told. */
  end(outcome: CallOutcome, error?: unknown): void;
}

/** A call to a store that begins. */
export interface TracedCall {
  /** What is asked, for example `"get"` or `"setMulti"`. */
  readonly operation: string;
  /** The store's name, for example `"redis"`. */
  readonly backend: string;
  /** How many keys are asked for at once; `undefined` where it is one, or not known. */
  readonly keyCount?: number | undefined;
}

/**
 * Where traces are kept: the port through which calls to a store, loaders and other nodes are traced, without knowing a library. Must not throw.
 *
 * Reads that memory answers at once are not told of: a span costs more than they do.
 */
export interface CallTracer {
  /** A call to a store that does not answer at once begins; asked in the caller's context. @returns `undefined` where nothing is recorded */
  startCall(call: TracedCall): CallSpan | undefined;
  /** A loader is called for so many keys; asked in the context of who asked for the load. @returns `undefined` where nothing is recorded */
  startLoad(keyCount: number): CallSpan | undefined;
  /** Something happened to what is traced now: `stale`, `refresh`, `breaker`. Nothing where no span is active. */
  note(event: string, attributes?: SpanAttributes): void;
  /** The active trace, for another node; `undefined` where there is none. */
  carry(): CarriedTrace | undefined;
  /** Begins work that another node asked for, as a child of what that node {@link CallTracer.carry | carried}. @returns `undefined` where nothing is recorded */
  startServed(operation: string, carried: CarriedTrace | undefined): CallSpan | undefined;
  /** Begins to answer a client, as a child of what it carried if that makes sense. @returns `undefined` where nothing is recorded */
  startRequest(request: TracedRequest): RequestSpan | undefined;
}

/** The trace in which something was asked for, so that a measurement can point at it. */
export interface TraceOrigin {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

/** The tracer of a cache, which may come and go while the cache works. */
export interface TracerSlot {
  /** `undefined`: nothing is traced. */
  current: CallTracer | undefined;
  /**
   * Finds the recorded trace of whoever calls now; asked in the caller's context when a call that is told of begins. Must not throw.
   * `undefined`: nobody wants to know.
   */
  findOrigin?: (() => TraceOrigin | undefined) | undefined;
}
