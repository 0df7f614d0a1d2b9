import type { BackendCall } from "../backend/backend-call.ts";
import type { KeyCheck, KeyWrite } from "../backend/commit.ts";
import type { EntryWrite, StoredEntry } from "../backend/stored-entry.ts";
import type { Ttl } from "../entry/ttl.ts";
import { InvalidArgumentError, TransactionKeyError } from "../foundation/errors.ts";
import { type RetryPolicy, retryOptimistically, runCallerFunction } from "./optimistic-retry.ts";

/** Options of a write inside a transaction. */
export interface TransactionSetOptions {
  /** Time to live. Default: the cache's. */
  readonly ttl?: Ttl | undefined;
  /** Whether each read starts the TTL anew. Default: the namespace's, then false. */
  readonly sliding?: boolean | undefined;
  /** Tags. Default: the namespace's. */
  readonly tags?: readonly string[] | undefined;
}

/** The keys of a running transaction. Reads see one consistent state and the transaction's own writes. */
export interface Transaction {
  /** The value of a declared key, or `undefined`. */
  get<T = unknown>(key: string): T | undefined;
  /** The version of a declared key as it was read, 0 for an absent one; the transaction's own writes do not change it. */
  version(key: string): number;
  /** Writes a declared key when the transaction commits. */
  set<T>(key: string, value: T, ttlOrOptions?: Ttl | TransactionSetOptions): void;
  /** Deletes a declared key when the transaction commits. */
  delete(key: string): void;
}

/** What a transaction needs. */
export interface TransactionPorts extends RetryPolicy {
  readonly call: BackendCall;
  readonly toStoredKey: (key: string) => string;
  /** Turns a value into a write, or `undefined` when its TTL is 0 and the key is to be absent. */
  readonly toWrite: (value: unknown, ttlOrOptions: Ttl | TransactionSetOptions | undefined) => EntryWrite | undefined;
  /** Told before the commit is sent. */
  readonly onCommitting: (writes: readonly KeyWrite[]) => void;
  /** Told in the same synchronous step as the commit is known. */
  readonly onCommitted: (writes: readonly KeyWrite[], versions: readonly number[]) => void;
}

/**
 * Optimistic concurrency control: read the declared keys with their versions, run the body against that state, then
 * commit on condition that every declared key is still as it was read. Serializable over the declared keys, because
 * a read-only transaction is checked as well. (Kung & Robinson, "On Optimistic Methods for Concurrency Control", 1981.)
 *
 * @throws TransactionConflictError, TransactionKeyError
 */
export function runTransaction<R>(
  keys: readonly string[],
  body: (tx: Transaction) => R | Promise<R>,
  ports: TransactionPorts,
): Promise<R> {
  const storedKeys = keys.map(ports.toStoredKey);
  return retryOptimistically("transaction", ports, async () => {
    const entries = await ports.call("transaction", "read", (backend, context) =>
      backend.getMulti(storedKeys, context),
    );
    const draft = new TransactionDraft(keys, entries, ports);
    let result: R;
    try {
      result = await runCallerFunction(() => body(draft), ports);
    } finally {
      draft.end();
    }
    const checks: KeyCheck[] = storedKeys.map((key, index) => ({ key, version: entries[index]?.version ?? 0 }));
    const writes = draft.writes();
    ports.onCommitting(writes);
    const commit = await ports.call("transaction", "write", (backend, context) =>
      backend.commit!(checks, writes, context),
    );
    if (!commit.committed) return undefined;
    ports.onCommitted(writes, commit.versions);
    return { result };
  }).then((outcome) => outcome.result);
}

/** One attempt: the state that was read, and the changes so far. */
class TransactionDraft implements Transaction {
  readonly #ports: TransactionPorts;
  readonly #read = new Map<string, StoredEntry | undefined>();
  readonly #changes = new Map<string, { value: unknown; write: EntryWrite | undefined }>();
  #isOpen = true;

  constructor(keys: readonly string[], entries: ReadonlyArray<StoredEntry | undefined>, ports: TransactionPorts) {
    this.#ports = ports;
    for (const [index, key] of keys.entries()) this.#read.set(key, entries[index]);
  }

  get<T>(key: string): T | undefined {
    this.#assertUsable(key);
    const change = this.#changes.get(key);
    return (change === undefined ? this.#read.get(key)?.value : change.value) as T | undefined;
  }

  version(key: string): number {
    this.#assertUsable(key);
    return this.#read.get(key)?.version ?? 0;
  }

  set<T>(key: string, value: T, ttlOrOptions?: Ttl | TransactionSetOptions): void {
    this.#assertUsable(key);
    if (value === undefined) {
      throw new InvalidArgumentError("GCX_ARGUMENT_VALUE", "value", "undefined cannot be stored. Use tx.delete(key).");
    }
    const write = this.#ports.toWrite(value, ttlOrOptions);
    this.#changes.set(key, { value: write === undefined ? undefined : value, write });
  }

  delete(key: string): void {
    this.#assertUsable(key);
    this.#changes.set(key, { value: undefined, write: undefined });
  }

  /** Refuses every later use: the body may have leaked the object. */
  end(): void {
    this.#isOpen = false;
  }

  writes(): KeyWrite[] {
    return [...this.#changes].map(([key, { write }]) => ({ key: this.#ports.toStoredKey(key), write }));
  }

  #assertUsable(key: string): void {
    if (!this.#isOpen) throw new TransactionKeyError("The transaction has ended; its object cannot be used any more.");
    if (!this.#read.has(key)) {
      throw new TransactionKeyError("The transaction did not declare this key. Name every key in the first argument.");
    }
  }
}
