import type { BackendCall } from "../backend/backend-call.ts";
import type { EntryWrite, StoredEntry, WriteCondition } from "../backend/stored-entry.ts";
import { type RetryPolicy, retryOptimistically, runCallerFunction } from "./optimistic-retry.ts";

/** What updating needs. */
export interface UpdatePorts extends RetryPolicy {
  readonly call: BackendCall;
  /** Turns a new value into a write; `entry` is what it replaces. `undefined`: the key ends up absent. */
  readonly toWrite: (value: unknown, entry: StoredEntry | undefined) => EntryWrite;
  /** Told in the same synchronous step as an accepted write is known. */
  readonly onWritten: (version: number) => void;
}

/**
 * Replaces a value by a function of it. `change` may run several times; `undefined` from it leaves the key as it is.
 *
 * @returns the value now there
 * @throws TransactionConflictError
 */
export function updateEntry<T>(
  key: string,
  change: (current: T | undefined) => T | Promise<T>,
  ports: UpdatePorts,
): Promise<T> {
  return retryOptimistically("update", ports, async () => {
    const entry = await ports.call("update", "read", (backend, context) => backend.get(key, context));
    const current = entry?.value as T | undefined;
    const value = await runCallerFunction(() => change(current), ports);
    if (value === undefined) return { value: current };
    const condition: WriteCondition =
      entry === undefined ? { kind: "absent" } : { kind: "version", version: entry.version };
    const write = { ...ports.toWrite(value, entry), condition };
    const result = await ports.call("update", "write", (backend, context) => backend.set(key, write, context));
    if (!result.stored) return undefined;
    ports.onWritten(result.version);
    return { value };
  }).then((outcome) => outcome.value as T);
}
