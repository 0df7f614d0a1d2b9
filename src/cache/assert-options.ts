import type { TransactionSetOptions } from "../atomic/transaction.ts";
import { InvalidArgumentError } from "../foundation/errors.ts";
import type { AsyncFunction, CachedOptions } from "./cached-function.ts";
import type {
  BatchedOptions,
  CallOptions,
  CounterOptions,
  GetOrSetOptions,
  KeysOptions,
  LoadOptions,
  LockOptions,
  NamespaceDefaults,
  OptimisticOptions,
  ReadOptions,
  SetOptions,
  SharedLoadOptions,
  UpdateOptions,
} from "./options.ts";

/** The kinds of options that methods take. */
interface OptionKinds {
  call: CallOptions;
  read: ReadOptions;
  set: SetOptions;
  getOrSet: GetOrSetOptions;
  cached: CachedOptions<AsyncFunction>;
  batched: BatchedOptions;
  optimistic: OptimisticOptions;
  update: UpdateOptions;
  counter: CounterOptions;
  lock: LockOptions;
  keys: KeysOptions;
  namespace: NamespaceDefaults;
  transactionSet: TransactionSetOptions;
}

const LOAD_OPTION_NAMES: { readonly [Name in keyof Required<LoadOptions>]: true } = {
  hardTimeout: true,
  softTimeout: true,
  grace: true,
  staleWhileRevalidate: true,
  refreshAhead: true,
  earlyRefresh: true,
  negativeTtl: true,
  errorTtl: true,
  distributedSingleFlight: true,
};

const SHARED_LOAD_NAMES: { readonly [Name in keyof Required<SharedLoadOptions>]: true } = {
  ...{ ttl: true, sliding: true, tags: true, jitter: true },
  ...LOAD_OPTION_NAMES,
  forceFresh: true,
};

/** The compiler keeps this table complete: an option that is missing here, or one too many, does not build. */
const OPTION_NAMES: {
  readonly [Kind in keyof OptionKinds]: { readonly [Name in keyof Required<OptionKinds[Kind]>]: true };
} = {
  call: { signal: true },
  read: { signal: true, after: true },
  set: { signal: true, ttl: true, sliding: true, tags: true, jitter: true, ack: true },
  getOrSet: { signal: true, ...SHARED_LOAD_NAMES },
  cached: { key: true, ...SHARED_LOAD_NAMES },
  batched: { window: true, maxBatch: true, ...SHARED_LOAD_NAMES },
  optimistic: { signal: true, maxAttempts: true },
  update: { signal: true, ttl: true, sliding: true, tags: true, jitter: true, ack: true, maxAttempts: true },
  counter: { signal: true, ttl: true, initial: true, opId: true },
  lock: { signal: true, ttl: true, wait: true },
  keys: { signal: true, prefix: true },
  namespace: { ttl: true, sliding: true, jitter: true, tags: true, ...LOAD_OPTION_NAMES },
  transactionSet: { ttl: true, sliding: true, tags: true },
};

/**
 * Refuses what is not an options object, and names that do not exist: a misspelt option is never ignored.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION`
 */
export function assertOptions(kind: keyof OptionKinds, options: unknown): void {
  if (options === undefined) return;
  if (!isOptionsObject(options)) throw optionError("options", "Options must be a plain object.");
  const allowed: Readonly<Record<string, true>> = OPTION_NAMES[kind];
  for (const name in options) {
    // Every call comes by here. A name that every object has, such as "constructor", is no `true`.
    if (allowed[name] !== true) {
      throw optionError(name, `There is no option "${name}" here. Allowed: ${Object.keys(allowed).join(", ")}.`);
    }
  }
  const { signal } = options as CallOptions;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw optionError("signal", "signal must be an AbortSignal.");
  }
}

/** Whether a value can be an object of options or items: a Date, a Map or a promise in its place is a mistake. */
export function isOptionsObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return (
    Object.getPrototypeOf(value) === Object.prototype || Object.prototype.toString.call(value) === "[object Object]"
  );
}

/** The error for a wrong option. */
export function optionError(name: string, message: string): InvalidArgumentError {
  return new InvalidArgumentError("GCX_ARGUMENT_OPTION", name, message);
}
