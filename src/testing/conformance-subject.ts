import { deserialize, serialize } from "node:v8";
import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import type { EntryWrite, StoredEntry } from "../backend/stored-entry.ts";
import type { NamespacePath } from "../entry/namespace-path.ts";
import { storedPrefix } from "../entry/namespace-path.ts";
import type { Clock } from "../foundation/clock.ts";
import { assert } from "./bounded-assert.ts";
import type { ConformanceFaults } from "./conformance-faults.ts";

/** What a case works with: the store, and words for what cases do all the time. */
export interface ConformanceSubject {
  /** The store, connected unless the case asked otherwise. */
  readonly backend: Backend;
  /** What goes with calls that have nothing to say. */
  readonly context: OperationContext;
  /** A namespace of this case alone. */
  readonly namespace: NamespacePath;
  /** The clock that the store follows. */
  readonly clock: Clock;
  /** A span of time that the store can tell from none, in ms. */
  readonly ttlUnitMs: number;
  /** How exact instants and remaining times must be, in ms. */
  readonly toleranceMs: number;
  /** What the author gave to break the way to the server; there when the case needs it. */
  readonly faults: ConformanceFaults | undefined;
  /** Texts that the store itself puts into keys. */
  readonly ownNames: readonly string[];
  /** The longest that a call may take until it is given up while the server is away or hangs, in ms. */
  readonly deadlineMs: number;
  /** The longest until calls work again after the server came back, in ms. */
  readonly recoveryMs: number;
  /** A stored key of this case's namespace. */
  key(name: string): string;
  /** A stored key that lives together with all others of this case made so: they have a hash tag in common. */
  togetherKey(name: string): string;
  /** The sample as this store takes values: as it is, or as bytes. */
  value(sample: unknown): unknown;
  /** The sample that a stored value was made of: the inverse of `value`. */
  sampleOf(value: unknown): unknown;
  /** A write of the sample: for ever and without tags, unless said otherwise. */
  write(sample: unknown, details?: Partial<Omit<EntryWrite, "value">>): EntryWrite;
  /** Writes the sample. @returns the version */
  put(key: string, sample: unknown, details?: Partial<Omit<EntryWrite, "value">>): Promise<number>;
  /** Asserts that every way to read the key finds the sample. */
  assertHolds(key: string, sample: unknown): Promise<StoredEntry>;
  /** Asserts that an entry is there with the sample as its value. */
  assertEntry(entry: StoredEntry | undefined, sample: unknown, what?: string): StoredEntry;
  /** Asserts that every way to read the key finds nothing. */
  assertMiss(key: string, why?: string): Promise<void>;
  /** Lets time pass: moves the fake clock, or waits. */
  advance(ms: number): Promise<void>;
  /** Connects the store, for a case that begins unconnected. */
  connect(): Promise<void>;
  /** Connects another client of the same data. */
  openSecond(): Promise<Backend>;
  /** Closes the store, once; the kit closes it otherwise. */
  close(): Promise<void>;
  /** Tasks that the store has pending with the fake scheduler. */
  pendingTaskCount(): number;
}

/** What a subject is made of. */
export interface SubjectParts
  extends Pick<ConformanceSubject, "backend" | "namespace" | "clock" | "ttlUnitMs" | "toleranceMs">,
    Pick<ConformanceSubject, "faults" | "ownNames" | "deadlineMs" | "recoveryMs">,
    Pick<ConformanceSubject, "advance" | "connect" | "openSecond" | "close" | "pendingTaskCount"> {}

/** Makes the subject of one case. */
export function createSubject(parts: SubjectParts): ConformanceSubject {
  const { backend, namespace } = parts;
  const prefix = storedPrefix(namespace);
  const context: OperationContext = {};

  function value(sample: unknown): unknown {
    if (backend.capabilities.storage === "values" || sample instanceof Uint8Array) return sample;
    return new Uint8Array(serialize(sample));
  }

  function write(sample: unknown, details: Partial<Omit<EntryWrite, "value">> = {}): EntryWrite {
    return { ttlMs: Number.POSITIVE_INFINITY, tags: [], ...details, value: value(sample) };
  }

  function assertEntry(entry: StoredEntry | undefined, sample: unknown, what = "the entry"): StoredEntry {
    assert.ok(entry !== undefined, `${what} is missing`);
    assertEqualValue(entry.value, value(sample), what);
    return entry;
  }

  return {
    ...parts,
    context,
    key: (name) => prefix + name,
    togetherKey: (name) => `${prefix}{together}${name}`,
    value,
    sampleOf: (stored) =>
      backend.capabilities.storage === "bytes" && stored instanceof Uint8Array ? deserialize(stored) : stored,
    write,
    async put(key, sample, details) {
      const result = await backend.set(key, write(sample, details), context);
      assert.equal(result.stored, true, "an unconditional write must be stored");
      return result.version;
    },
    assertEntry,
    async assertHolds(key, sample) {
      const entry = assertEntry(await backend.get(key, context), sample, "get");
      const [fromBatch] = await backend.getMulti([key], context);
      assertEntry(fromBatch, sample, "getMulti");
      if (backend.capabilities.local) assertEqualValue(backend.peek?.(key), value(sample), "peek");
      return entry;
    },
    async assertMiss(key, why = "nothing must be found") {
      assert.equal(await backend.get(key, context), undefined, `get: ${why}`);
      assert.deepEqual(await backend.getMulti([key], context), [undefined], `getMulti: ${why}`);
      if (backend.capabilities.local) assert.equal(backend.peek?.(key), undefined, `peek: ${why}`);
    },
  };
}

/** Asserts that a store gave back what it was given. Bytes may come as any view of the same bytes, such as a `Buffer`. */
function assertEqualValue(actual: unknown, expected: unknown, what: string): void {
  if (!(expected instanceof Uint8Array)) {
    assert.deepEqual(actual, expected, `${what}: the value changed`);
    return;
  }
  assert.ok(actual instanceof Uint8Array, `${what}: bytes must read back as a Uint8Array`);
  assert.ok(Buffer.compare(actual, expected) === 0, `${what}: the bytes changed`);
}

/** How a call ended, within the case's time: the kit's deadline reports what never settles. */
export async function outcomeOf<T>(call: () => MaybePromise<T>): Promise<PromiseSettledResult<Awaited<T>>> {
  const [outcome] = await Promise.allSettled([(async () => call())()]);
  return outcome as PromiseSettledResult<Awaited<T>>;
}
