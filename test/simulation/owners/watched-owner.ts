import type { MemoryBackend } from "../../../src/memory/memory-backend.ts";
import type { OwnedShards } from "../../../src/tiers/owners/owned-shards.ts";
import type { OwnedStore } from "../../../src/tiers/owners/owned-store.ts";
import type { OwnerProcess } from "./owner-process.ts";

/** Is told what nodes do as owners, in the step in which they do it. */
export interface OwnerActs {
  /** A shard came to a process, empty. */
  began(process: OwnerProcess, shard: number): void;
  /** A shard is a process's no more, or it begins anew with it. */
  dropped(process: OwnerProcess, shard: number): void;
  /** Something in the store of a process changed. `leadMs`: by how much the ends of its entries are ahead. */
  changed(process: OwnerProcess, store: MemoryBackend, leadMs: number): void;
  /** A key was deleted, whether or not there was anything. */
  deleted(key: string): void;
  /** A process died. */
  ended(process: OwnerProcess): void;
}

/** A store that tells of each change, and of each delete before it. `onDelete` is told keys as the store has them. */
export function watchStore(
  store: MemoryBackend,
  { onChange, onDelete }: { readonly onChange: () => void; readonly onDelete: (ownedKey: string) => void },
): OwnedStore {
  const told = <T>(result: T): T => {
    onChange();
    return result;
  };
  return {
    connect: () => store.connect(),
    close: () => store.close(),
    get: (key) => store.get(key),
    getStale: (keys) => store.getStale(keys),
    set: (key, write) => told(store.set(key, write)),
    delete: (key) => {
      onDelete(key);
      return told(store.delete(key));
    },
    expire: (key, ttlMs) => told(store.expire(key, ttlMs)),
    commit: (checks, writes) => told(store.commit(checks, writes)),
    lease: (request) => store.lease(request),
    invalidateTags: (tags) => told(store.invalidateTags(tags)),
    stamp: () => store.stamp(),
    raiseVersions: (version) => store.raiseVersions(version),
    scan: (prefix, context) => store.scan(prefix, context),
    clear: (path) => told(store.clear(path)),
    usage: (path) => store.usage(path),
  };
}

/** Tells of the lives of shards. */
export function watchShards(
  shards: OwnedShards,
  { onBegin, onDrop }: { readonly onBegin: (shard: number) => void; readonly onDrop: (shard: number) => void },
): void {
  const begin = shards.begin.bind(shards);
  const drop = shards.drop.bind(shards);
  shards.begin = (shard) => {
    begin(shard);
    onBegin(shard);
  };
  shards.drop = (shard, hasMoved) => {
    onDrop(shard);
    drop(shard, hasMoved);
  };
}
