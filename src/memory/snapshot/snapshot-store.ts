import type { EntryWrite, StoredEntry, WriteResult } from "../../backend/stored-entry.ts";
import { type NamespacePath, ROOT_NAMESPACE, storedPrefix } from "../../entry/namespace-path.ts";
import type { MemoryBackend } from "../memory-backend.ts";

/** What dumping and loading need of a store in this process. Every answer but the listing is synchronous. */
export interface SnapshotStore {
  /** The stored keys of the live entries of a namespace and of those inside it, in slices with turns of the event loop between them. */
  listKeys(namespace: NamespacePath, signal: AbortSignal | undefined): AsyncIterable<readonly string[]>;
  /** The live entry of a key. Not counted as a use: a dump would level what the policy has learned. */
  read(storedKey: string): StoredEntry | undefined;
  /** A version larger than all so far. */
  stamp(): number;
  /** Writes an entry under its conditions. */
  write(storedKey: string, write: EntryWrite): WriteResult;
  /** Removes an entry if it still has this version. */
  removeVersion(storedKey: string, version: number): void;
}

/** The part of a memory store that is used. */
export interface SnapshotBackend extends Pick<MemoryBackend, "scan" | "inspect" | "set" | "stamp" | "commit"> {}

/** A memory store as dumping and loading see it. */
export function snapshotStoreOf(backend: SnapshotBackend): SnapshotStore {
  return {
    listKeys: (namespace, signal) => listNamespace(backend, namespace, signal),
    read: (key) => backend.inspect(key),
    stamp: () => backend.stamp(),
    write: (key, write) => backend.set(key, write),
    removeVersion(key, version) {
      backend.commit([{ key, version }], [{ key, write: undefined }]);
    },
  };
}

/** The keys of a namespace and those of the namespaces inside it have prefixes of their own. */
async function* listNamespace(
  backend: SnapshotBackend,
  namespace: NamespacePath,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly string[], void, undefined> {
  if (namespace === ROOT_NAMESPACE) {
    yield* backend.scan("", { signal });
    return;
  }
  const own = storedPrefix(namespace);
  yield* backend.scan(own, { signal });
  yield* backend.scan(`${own.slice(0, -1)}/`, { signal });
}
