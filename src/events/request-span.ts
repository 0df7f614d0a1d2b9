import type { CarriedTrace } from "./carried-trace.ts";
import type { SpanAttributes } from "./span-attributes.ts";

/** A request of a client that begins: of HTTP, or a call of gRPC. */
export interface TracedRequest {
  /** By the conventions of the protocol, for example `"GET /v1/keys/:key"`: one of few, whatever clients send. */
  readonly name: string;
  /** What is known of it now; never a key or a value, and nothing that a client can make up. */
  readonly attributes: SpanAttributes;
  /** The trace that came with it, as it was sent; `undefined`: none. */
  readonly carried: CarriedTrace | undefined;
  /** Whether it is the first span of a trace where it belongs to none: false for what watches a node all the time. */
  readonly beginsTrace: boolean;
}

/** A request that is answered. Must not throw. */
export interface RequestSpan {
  /** Answers it, so that spans of what that calls become children of this one. Throws what the work throws. */
  run<T>(work: () => T): T;
  /** It is over; called once. @param errorType `undefined`: it did not fail, or by the client's fault alone */
  end(attributes: SpanAttributes, errorType: string | undefined): void;
}
