/**
 * A trace as it goes from one process to another, in the words of W3C Trace Context.
 *
 * Source: https://www.w3.org/TR/trace-context/
 */
export interface CarriedTrace {
  /** Which span of which trace, for example `"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"`. */
  readonly traceparent: string;
  /** What those who trace have to tell each other besides, for example `"vendor=value"`. `undefined`: nothing. */
  readonly tracestate?: string | undefined;
}

/** Longest `tracestate` that is carried, in UTF-16 units: what everybody has to pass on at least, and no more. */
export const MAX_TRACESTATE_LENGTH = 512;
