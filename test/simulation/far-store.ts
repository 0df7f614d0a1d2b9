import type { Backend } from "../../src/backend/backend.ts";
import type { ChangeListener } from "../../src/backend/change-feed.ts";
import type { LoadLease } from "../../src/backend/load-tier.ts";
import type { MailListener } from "../../src/backend/node-mail.ts";
import type { SharedTier, TierLease } from "../../src/backend/shared-tier.ts";
import type { StoredEntry } from "../../src/backend/stored-entry.ts";
import type { SharedStoreModel } from "./shared-store-model.ts";
import type { StoreLink } from "./store-link.ts";

/** What of a process its store needs to know. */
export interface FarStoreHost {
  /** Who hears of changes; `undefined`: the store does not tell. */
  readonly listeners: Set<ChangeListener> | undefined;
  /** Where letters to this process arrive. */
  readonly boxes: Set<MailListener>;
  /** Whether the server says who it is. */
  readonly isServerKnown: boolean;
  /** Names the process. */
  readonly nodeId: string;
  /** By how much the ends of entries are ahead of the server's clock: a store that knows the time here says them by it. */
  readonly wallLeadMs: () => number;
  /** Whether it knows. */
  readonly knowsTime: boolean;
}

/** A shared store of values with a tier. */
export interface FarStore extends Backend {
  readonly sharedTier: SharedTier;
}

/**
 * The shared store as one process has it: every call goes over its link. Keeps values.
 *
 * @param host what it tells of changes and letters, and how it knows the time
 */
export function createFarStore(
  link: StoreLink,
  store: SharedStoreModel,
  shardCount: number,
  { listeners, boxes, nodeId, isServerKnown, wallLeadMs, knowsTime }: FarStoreHost,
): FarStore {
  const isTold = listeners !== undefined;
  const local = (entry: StoredEntry | undefined): StoredEntry | undefined =>
    entry && { ...entry, expiresAt: entry.expiresAt + wallLeadMs() };
  const tier: SharedTier = {
    ...(isTold && {
      watchChanges: (listener: ChangeListener) => {
        listeners.add(listener);
        listener.onGap(true);
        return () => void listeners.delete(listener);
      },
    }),
    ...(knowsTime && { clockLeadMs: () => -wallLeadMs() }),
    renew: (key, renewal) => link.call("write", `renew ${key}`, (shared) => shared.renew(key, renewal)),
    shardCount,
    shardOf: (key) => store.shardOf(key),
    read: async (keys) => {
      const reads = await link.call("read", `read ${keys.join(" ")}`, (shared) => shared.read(keys));
      return reads.map(({ entry, stamp }) => ({ entry: local(entry), stamp }));
    },
    getOrLease: async (key, request) => {
      const lease = await link.call("read", `lease ${key}`, (shared) => shared.getOrLease(key, request, nodeId));
      return localLease(lease, local);
    },
    fill: (key, fill) => link.call("write", `fill ${key}`, (shared) => shared.fill(key, fill)),
    release: (key, token) => link.call("write", `release ${key}`, (shared) => shared.release(key, String(token))),
    invalidate: (keys) => link.call("write", `invalidate ${keys.join(" ")}`, (shared) => shared.invalidate(keys)),
    heads: (request) => link.call("read", "heads", (shared) => shared.heads(request)),
    openMail: (_, listener) => {
      boxes.add(listener);
      listener.onGap(true);
      return {
        send: (letter, to) => link.call("write", "mail", (shared) => shared.mail(letter, to)),
        close: () => void boxes.delete(listener),
      };
    },
    nodes: () => link.call("read", "nodes", (shared) => shared.nodes()),
    leave: (nodeId) => link.call("write", "leave", (shared) => shared.leave(nodeId)),
  };
  return {
    name: "model",
    capabilities: {
      storage: "values",
      local: false,
      conditionalWrites: true,
      counters: true,
      transactions: "any-keys",
      leases: false,
      tags: true,
      stale: true,
      scan: false,
      clear: true,
    },
    get epoch() {
      return isServerKnown ? store.serverName : "model";
    },
    close: () => undefined,
    get: async (key) => local(await link.call("read", `get ${key}`, (shared) => shared.entry(key))),
    getMulti: async (keys) => {
      const found = await link.call("read", `get ${keys.join(" ")}`, (shared) => keys.map((key) => shared.entry(key)));
      return found.map(local);
    },
    getStale: async (keys) => {
      const found = await link.call("read", `stale ${keys.join(" ")}`, (shared) => keys.map((key) => shared.kept(key)));
      return found.map(local);
    },
    set: (key, write) => link.call("write", `set ${key}`, (shared) => shared.set(key, write)),
    setMulti: (items) =>
      link.call("write", `set ${items.map(([key]) => key).join(" ")}`, (shared) =>
        items.map(([key, write]) => shared.set(key, write)),
      ),
    delete: (key) => link.call("write", `delete ${key}`, (shared) => shared.delete(key)),
    deleteMulti: (keys) =>
      link.call("write", `delete ${keys.join(" ")}`, (shared) => keys.filter((key) => shared.delete(key)).length),
    expire: (key, ttlMs) => link.call("write", `expire ${key}`, (shared) => shared.expire(key, ttlMs)),
    increment: (key, request) => link.call("write", `increment ${key}`, (shared) => shared.increment(key, request)),
    commit: (checks, writes) =>
      link.call("write", `commit ${checks.map(({ key }) => key).join(" ")}`, (shared) => shared.commit(checks, writes)),
    invalidateTags: (tags) => link.call("write", `tags ${tags.join(" ")}`, (shared) => shared.invalidateTags(tags)),
    stamp: () => link.call("read", "stamp", (shared) => shared.stamp()),
    clear: (path) => link.call("write", `clear ${path}`, (shared) => shared.clear(path)),
    loadTier: tier,
    sharedTier: tier,
  };
}

type Local = (entry: StoredEntry | undefined) => StoredEntry | undefined;

function localLease(lease: TierLease, local: Local): TierLease {
  if (lease.kind === "hit") return { ...lease, entry: local(lease.entry) as StoredEntry };
  return { ...lease, stale: local(lease.stale) } as LoadLease & TierLease;
}
