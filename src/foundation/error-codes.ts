/**
 * Every error code of the library with what it means and what to do about it.
 * Codes are part of the public contract: they never change their meaning and are never reused.
 * `docs/reference/errors.md` is generated from this table.
 */
export const ERROR_CODES = {
  GCX_ARGUMENT_KEY: "A cache key is not a string, is empty, or is longer than 64 KiB. Pass a non-empty string.",
  GCX_ARGUMENT_VALUE:
    "A value cannot be stored: it is `undefined`. Store `null` for a known absence, or delete the key.",
  GCX_ARGUMENT_TTL:
    'A time to live is negative, not a number, or above 100 years. Pass milliseconds, "5m", or Infinity.',
  GCX_ARGUMENT_TAG: "A tag is not a string, is empty, or is longer than 1 KiB, or there are more than 128 of them.",
  GCX_ARGUMENT_NAMESPACE: "A namespace name is not a string, is empty, or is longer than 1 KiB.",
  GCX_ARGUMENT_OPTION: "A method was given an option that does not exist or has the wrong type.",
  GCX_ARGUMENT_COUNTER: "A counter's delta or initial value is not an integer.",
  GCX_CONFIG_INVALID:
    "The configuration has a field of the wrong type or outside its range, or fields that exclude each other.",
  GCX_CONFIG_UNKNOWN_OPTION:
    "The configuration names a field that does not exist. The message suggests the nearest one.",
  GCX_CONFIG_UNSUPPORTED: "The configuration asks for something that this version does not provide.",
  GCX_CONFIG_FILE: "A configuration file is missing, unreadable, empty, or not a JSON object.",
  GCX_CONFIG_ENVIRONMENT: "A GOCACHEX_* environment variable is unknown or does not parse.",
  GCX_BACKEND_FAILED: "A store answered with an error. The cause has its words.",
  GCX_BACKEND_UNAVAILABLE: "A store cannot be reached.",
  GCX_BACKEND_TIMEOUT: "A store did not answer a read before the deadline.",
  GCX_BACKEND_OVERLOADED:
    "Too much is waiting for a store already. Nothing was sent. Try again later, or look at why the store is slow.",
  GCX_BACKEND_OUTCOME_UNKNOWN:
    "A write was sent, and whether it happened cannot be known. Read before you repeat it, or use an opId.",
  GCX_BACKEND_PARTIAL:
    "A call that went to several nodes failed at some of them. What the others did stays done; the error names who failed.",
  GCX_ENTRY_TOO_LARGE: "A value alone is larger than the store's size limit. Nothing was changed.",
  GCX_SERIALIZATION_VALUE: "A value has a part that cannot be copied or serialized. The path in the message names it.",
  GCX_SERIALIZATION_UNREADABLE:
    "Stored bytes cannot be turned into the value that was written. Reads take them for a miss unless `unreadableValues` is `error`.",
  GCX_DEPENDENCY_MISSING: "An optional package that the configuration needs is not installed. The message says which.",
  GCX_OPERATION_UNSUPPORTED: "The store cannot do this operation. The message says what can be done instead.",
  GCX_COUNTER_TYPE: "The key holds a value that is not an integer, so it cannot be counted up or down.",
  GCX_COUNTER_RANGE:
    "The result of a counter would leave the range it was asked in. Pass a bigint delta for results beyond 2^53.",
  GCX_TRANSACTION_CONFLICT: "Other writers changed the keys on every attempt. Nothing was written.",
  GCX_TRANSACTION_KEY: "A transaction touched a key that it did not declare, or was used after it ended.",
  GCX_LOCK_NOT_ACQUIRED: "The lock was held by somebody else for the whole waiting time.",
  GCX_LOCK_LOST: "The lock's lease ended before it was extended or released.",
  GCX_LOADER_TIMEOUT: "A loader did not finish before its hard timeout.",
  GCX_LOADER_FAILED: "A loader threw. Callers receive the loader's own error; this code stands in events and logs.",
  GCX_LOADER_INVALID:
    "A loader is not a function, a batch loader returned no Map, or a loader said notModified() with nothing to extend.",
  GCX_LOADER_REENTRANT: "A loader asked for a key whose load waits for this very loader.",
  GCX_CACHE_CLOSED: "The cache is closed. Create a new one.",
  GCX_NODE_REQUEST: "A request to a node is malformed, or the node refused it.",
  GCX_NODE_UNREACHABLE:
    "No node answers at the given address, or the certificates of both sides do not fit. The message says which.",
  GCX_NODE_ACCESS: "A node refuses who asks: the token is missing or wrong, or its role is not enough.",
  GCX_CLI_FAILED:
    "The command line failed in a way that has no code of its own. The message has the words of the cause.",
  GCX_NODE_LISTEN:
    "A node cannot listen where it was told to: the port is taken or not permitted, the address needs access control (tokens or client certificates), or a certificate cannot be read.",
  GCX_NODE_INTERNAL: "A node failed while it answered a request. Its warnings on stderr have the cause.",
  GCX_SNAPSHOT_CORRUPT:
    "A snapshot is damaged or ends too early. Nothing of it stays in the cache. Use another copy, or start with an empty cache.",
  GCX_SNAPSHOT_UNSUPPORTED:
    "The bytes are not a snapshot, or one of a newer version of the library or of Node.js. Nothing of it stays in the cache.",
  GCX_SNAPSHOT_STREAM:
    "The stream of a snapshot failed, was closed early, or gives something other than bytes. The cause has its words.",
  GCX_OUTBOX_DATABASE:
    "The database of an outbox failed, or its driver answers in a shape that is not expected. The cause has its words. The relay tries again.",
  GCX_OUTBOX_ROW:
    "A row of an outbox is malformed. It is set apart with the reason and not tried again; other rows are not kept up.",
  GCX_OUTBOX_CLOSED: "The outbox is closed. Create a new one.",
} as const;

/** A stable, machine-readable error code, for example `"GCX_ARGUMENT_KEY"`. */
export type ErrorCode = keyof typeof ERROR_CODES;
