/**
 * Bounds of a client, each with its reason. They are not options: they only keep a fault from growing, and nothing that works meets them.
 */
export const CLIENT_LIMITS: {
  readonly maxConnections: number;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  readonly maxWriteBytes: number;
  readonly spreadInFlight: number;
  readonly spreadInFlightBytes: number;
  readonly maxWaiting: number;
  readonly maxWaitingBytes: number;
  readonly maxOverdue: number;
  readonly idleMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly maxLineBytes: number;
  readonly maxValueBytes: number;
} = Object.freeze({
  /** Connections to one server, unless more are to be kept idle. A server has four threads by default; more than two each gain nothing. */
  maxConnections: 8,
  /** Requests without an answer on one connection. */
  maxInFlight: 4_096,
  /** Bytes of requests without an answer on one connection. */
  maxInFlightBytes: 32 * 2 ** 20,
  /** A write that has so many bytes takes no more calls: those wait, and have provably not left when it never ends. */
  maxWriteBytes: 2 ** 20,
  /** From here on another connection is opened: small ones are better together in one write. */
  spreadInFlight: 1_024,
  spreadInFlightBytes: 2 ** 20,
  /** Requests that wait for a connection, and their bytes. */
  maxWaiting: 32_768,
  maxWaitingBytes: 64 * 2 ** 20,
  /** Overdue replies with which a connection on which nothing comes counts as hung at once. */
  maxOverdue: 3,
  /** How long a connection beyond those that are kept may be unused, in ms. */
  idleMs: 10_000,
  /** Pauses between attempts to connect, in ms. */
  minBackoffMs: 10,
  maxBackoffMs: 1_000,
  /** A line of a reply: a key of 250 bytes in base64 and 20 flags need less than 1 KiB. */
  maxLineBytes: 4_096,
  /** Largest value when the server does not tell its own limit; the most that `-I` takes. */
  maxValueBytes: 2 ** 30,
});
