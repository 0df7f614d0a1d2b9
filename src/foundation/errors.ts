import type { ErrorCode } from "./error-codes.ts";

/** Marks errors of this library across copies of the package (ESM and CJS loaded side by side). */
const BRAND: unique symbol = Symbol.for("gocachex.error") as never;

/** What every constructor of the error family takes besides its message. */
export interface GocachexErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * The family of all errors of this library.
 *
 * `instanceof GocachexError` also holds for {@link InvalidArgumentError}, which is a `TypeError` by inheritance,
 * and for errors made by another copy of the package in the same process.
 * Messages name what failed, where, and the remedy; never a value, a credential or a cache key.
 */
export class GocachexError extends Error {
  /** The stable code; see `docs/reference/errors.md`. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: GocachexErrorOptions) {
    super(message, options);
    this.code = code;
    brand(this, "GocachexError");
  }

  static override [Symbol.hasInstance](candidate: unknown): boolean {
    // A subclass keeps the ordinary prototype check; only the root looks at the brand.
    // biome-ignore lint/complexity/noThisInStatic: `this` is the class on the right of instanceof, which may be a subclass
    if (this !== GocachexError) return Function.prototype[Symbol.hasInstance].call(this, candidate);
    return typeof candidate === "object" && candidate !== null && BRAND in candidate;
  }
}

/** Sets the name and the brand without making either enumerable. */
function brand(error: Error, name: string): void {
  Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  Object.defineProperty(error, BRAND, { value: true });
}

/** An argument of a call is wrong: key, value, TTL, tag, option. A `TypeError` as well, as the platform's own APIs throw. */
export class InvalidArgumentError extends TypeError {
  /** The stable code; see `docs/reference/errors.md`. */
  readonly code: ErrorCode;
  /** The argument's name, for example `"ttl"`. */
  readonly argument: string;

  constructor(code: ErrorCode, argument: string, message: string, options?: GocachexErrorOptions) {
    super(message, options);
    this.code = code;
    this.argument = argument;
    brand(this, "InvalidArgumentError");
  }
}

/** The configuration is wrong, or asks for what this version cannot do. Thrown by `createCache` and `loadConfig`. */
export class ConfigError extends GocachexError {
  /** Dotted path of the offending field, for example `"memory.maxSize"`; `""` when it is not about one field. */
  readonly field: string;

  constructor(code: ErrorCode, field: string, message: string, options?: GocachexErrorOptions) {
    super(code, message, options);
    this.field = field;
    brand(this, "ConfigError");
  }
}

/** A store failed. The subclasses say how. */
export class BackendError extends GocachexError {
  /** The store's name, for example `"memory"`. */
  readonly backend: string;
  /** The operation that failed, for example `"get"`. */
  readonly operation: string;

  constructor(code: ErrorCode, backend: string, operation: string, message: string, options?: GocachexErrorOptions) {
    super(code, message, options);
    this.backend = backend;
    this.operation = operation;
    brand(this, "BackendError");
  }
}

/** A store cannot be reached. */
export class BackendUnavailableError extends BackendError {
  constructor(backend: string, operation: string, message: string, options?: GocachexErrorOptions) {
    super("GCX_BACKEND_UNAVAILABLE", backend, operation, message, options);
    brand(this, "BackendUnavailableError");
  }
}

/** A store did not answer a read in time. Nothing was changed. */
export class BackendTimeoutError extends BackendError {
  /** The deadline that passed, in milliseconds. */
  readonly timeoutMs: number;

  constructor(backend: string, operation: string, timeoutMs: number, options?: GocachexErrorOptions) {
    const message = `${backend}: "${operation}" had no answer within ${timeoutMs} ms. Raise the deadline or look at the store's health.`;
    super("GCX_BACKEND_TIMEOUT", backend, operation, message, options);
    this.timeoutMs = timeoutMs;
    brand(this, "BackendTimeoutError");
  }
}

/** Too much is waiting for a store already: a queue with a bound is full, or no connection became free in time. Nothing was sent. */
export class BackendOverloadedError extends BackendError {
  constructor(backend: string, operation: string, message: string, options?: GocachexErrorOptions) {
    super("GCX_BACKEND_OVERLOADED", backend, operation, message, options);
    brand(this, "BackendOverloadedError");
  }
}

/** A write was sent and its fate cannot be known. It is never repeated by the library. */
export class OutcomeUnknownError extends BackendError {
  constructor(backend: string, operation: string, options?: GocachexErrorOptions) {
    const message = `${backend}: "${operation}" was sent but not confirmed; it may or may not have happened. Read the key before repeating it, or pass an opId.`;
    super("GCX_BACKEND_OUTCOME_UNKNOWN", backend, operation, message, options);
    brand(this, "OutcomeUnknownError");
  }
}

/** What failed at one of several nodes. */
export interface NodeFailure {
  /** The node's name. */
  readonly node: string;
  /** Why. */
  readonly error: unknown;
}

/**
 * A call that went to several nodes failed at some of them. What succeeded stays done: nothing is taken back. A write of which a part has an unknown
 * outcome is an {@link OutcomeUnknownError} instead, with an error of this class as its `cause`.
 */
export class PartialFailureError extends BackendError {
  /** How many keys, or nodes for what concerns no keys, were dealt with. */
  readonly succeededCount: number;
  /** One for each node that failed. */
  readonly failures: readonly NodeFailure[];

  constructor(backend: string, operation: string, succeededCount: number, failures: readonly NodeFailure[]) {
    const names = failures.map(({ node }) => node).join(", ");
    const message = `${backend}: "${operation}" failed at ${names}; what other nodes did stays done (${succeededCount}). The failures have the reasons.`;
    super("GCX_BACKEND_PARTIAL", backend, operation, message, { cause: failures[0]?.error });
    this.succeededCount = succeededCount;
    this.failures = failures;
    brand(this, "PartialFailureError");
  }
}

/** Whose limit an entry is beyond, and what to do. */
export interface EntryLimit {
  /** Ends "more than …". */
  readonly of: string;
  /** A sentence. */
  readonly remedy: string;
}

const MEMORY_LIMIT: EntryLimit = { of: "the whole store may hold", remedy: "Raise memory.maxSize or store less." };

/** One value is larger than the whole store may be. What was cached before stays. */
export class EntryTooLargeError extends GocachexError {
  /** Estimated size of the entry, in bytes. */
  readonly sizeBytes: number;
  /** The store's limit, in bytes. */
  readonly limitBytes: number;

  /** @param limit whose limit it is, and what to do; by default that of a memory store */
  constructor(sizeBytes: number, limitBytes: number, limit: EntryLimit = MEMORY_LIMIT) {
    super(
      "GCX_ENTRY_TOO_LARGE",
      `The entry needs about ${sizeBytes} bytes, more than ${limit.of} (${limitBytes}). ${limit.remedy}`,
    );
    this.sizeBytes = sizeBytes;
    this.limitBytes = limitBytes;
    brand(this, "EntryTooLargeError");
  }
}

/** A value cannot be copied or serialized; `path` says which part. */
export class SerializationError extends GocachexError {
  /** Where in the value, for example `"$.user.onClick"`; `"$"` is the value itself. */
  readonly path: string;

  constructor(path: string, message: string, options?: GocachexErrorOptions) {
    super("GCX_SERIALIZATION_VALUE", message, options);
    this.path = path;
    brand(this, "SerializationError");
  }
}

/** Stored bytes cannot be turned into the value that was written. Thrown only with `unreadableValues: "error"`; else such a read is a miss. */
export class UnreadableValueError extends GocachexError {
  /** Why, for example `"damaged"` or `"unknown-key"`; the reasons are those of the event `unreadable`. */
  readonly reason: string;

  constructor(reason: string, detail: string, options?: GocachexErrorOptions) {
    super("GCX_SERIALIZATION_UNREADABLE", `A stored value cannot be read (${reason}): ${detail}.`, options);
    this.reason = reason;
    brand(this, "UnreadableValueError");
  }
}

/** An optional package that is needed is not installed, or does not load on this platform; the message says what to install. */
export class DependencyError extends GocachexError {
  /** The package's name, for example `"lz4-napi"`. */
  readonly dependency: string;

  constructor(dependency: string, message: string, options?: GocachexErrorOptions) {
    super("GCX_DEPENDENCY_MISSING", message, options);
    this.dependency = dependency;
    brand(this, "DependencyError");
  }
}

/** The store cannot do what was asked; the message says what can be done instead. */
export class UnsupportedOperationError extends GocachexError {
  /** The operation that is not supported, for example `"transaction"`. */
  readonly operation: string;

  constructor(operation: string, message: string) {
    super("GCX_OPERATION_UNSUPPORTED", message);
    this.operation = operation;
    brand(this, "UnsupportedOperationError");
  }
}

/** A counter cannot be moved: the stored value is no integer, or the result leaves its range. Nothing was changed. */
export class CounterError extends GocachexError {
  constructor(code: "GCX_COUNTER_TYPE" | "GCX_COUNTER_RANGE", message: string) {
    super(code, message);
    brand(this, "CounterError");
  }
}

/** Every attempt of an optimistic write met other writers. Nothing was written. */
export class TransactionConflictError extends GocachexError {
  /** How many attempts were made. */
  readonly attempts: number;

  constructor(operation: string, attempts: number) {
    super(
      "GCX_TRANSACTION_CONFLICT",
      `${operation}: other writers changed the keys on each of ${attempts} attempts. Try again later, touch fewer keys, or take a lock.`,
    );
    this.attempts = attempts;
    brand(this, "TransactionConflictError");
  }
}

/** A transaction was used outside its rules. */
export class TransactionKeyError extends GocachexError {
  constructor(message: string) {
    super("GCX_TRANSACTION_KEY", message);
    brand(this, "TransactionKeyError");
  }
}

/** A lock was held by somebody else for the whole waiting time. */
export class LockNotAcquiredError extends GocachexError {
  /** How long was waited, in milliseconds. */
  readonly waitedMs: number;

  constructor(waitedMs: number) {
    super("GCX_LOCK_NOT_ACQUIRED", `The lock was still held after ${waitedMs} ms. Wait longer or try again later.`);
    this.waitedMs = waitedMs;
    brand(this, "LockNotAcquiredError");
  }
}

/** A lock's lease ended before it was extended or released; somebody else may hold it now. */
export class LockLostError extends GocachexError {
  constructor(operation: string) {
    super("GCX_LOCK_LOST", `${operation}: the lease has ended and may belong to somebody else. Stop the guarded work.`);
    brand(this, "LockLostError");
  }
}

/** A loader hung past its hard timeout, was misused, or (in events) threw. */
export class LoaderError extends GocachexError {
  constructor(
    code: "GCX_LOADER_TIMEOUT" | "GCX_LOADER_FAILED" | "GCX_LOADER_INVALID" | "GCX_LOADER_REENTRANT",
    message: string,
    options?: GocachexErrorOptions,
  ) {
    super(code, message, options);
    brand(this, "LoaderError");
  }
}

/** The cache is closed. */
export class CacheClosedError extends GocachexError {
  constructor() {
    super("GCX_CACHE_CLOSED", "The cache is closed. Create a new one with createCache().");
    brand(this, "CacheClosedError");
  }
}

/** A node cannot be started, reached, or refused a request. */
export class NodeError extends GocachexError {
  constructor(
    code: "GCX_NODE_REQUEST" | "GCX_NODE_UNREACHABLE" | "GCX_NODE_ACCESS" | "GCX_NODE_LISTEN",
    message: string,
    options?: GocachexErrorOptions,
  ) {
    super(code, message, options);
    brand(this, "NodeError");
  }
}

/**
 * A snapshot cannot be written or read; the message says what to do. After a failed load nothing of the snapshot is in
 * the cache; after a failed dump the stream holds no complete snapshot.
 */
export class SnapshotError extends GocachexError {
  /** Bytes from the beginning of the snapshot to where the fault was met: the damage, or how far the stream had come. */
  readonly offsetBytes: number;

  constructor(
    code: "GCX_SNAPSHOT_CORRUPT" | "GCX_SNAPSHOT_UNSUPPORTED" | "GCX_SNAPSHOT_STREAM",
    offsetBytes: number,
    message: string,
    options?: GocachexErrorOptions,
  ) {
    super(code, message, options);
    this.offsetBytes = offsetBytes;
    brand(this, "SnapshotError");
  }
}
