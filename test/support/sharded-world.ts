import type { Backend, OperationContext } from "../../src/backend/backend.ts";
import type { BackendNotice } from "../../src/backend/backend-notice.ts";
import type { BackendCapabilities } from "../../src/backend/capabilities.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import { BackendUnavailableError } from "../../src/foundation/errors.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { createShardedBackend, type ShardedBackend } from "../../src/sharding/sharded-backend.ts";
import type { ShardedBackendOptions } from "../../src/sharding/sharding-options.ts";
import { createFakeTime, type FakeTime } from "../../src/testing/fake-clock.ts";
import { createMapBackend, type MapBackend } from "../../src/testing/map-backend/map-backend.ts";

/** One process's way to one server. */
export interface Link {
  readonly map: MapBackend;
  readonly backend: Backend;
  /** False: every call fails at once, and changes nothing. */
  isUp: boolean;
  /** Calls that arrived, by operation. */
  readonly calls: Record<string, number>;
}

/** A process with its sharded store. */
export interface WorldProcess {
  readonly store: ShardedBackend;
  readonly links: ReadonlyMap<string, Link>;
  readonly notices: BackendNotice[];
  /** A way to a server that is not one of its nodes yet. */
  link(name: string): Link;
}

/** Servers that outlive processes, and the time that all of them share. */
export interface ShardedWorld {
  readonly time: FakeTime;
  /** The data of a server, past every link. */
  server(name: string): MapBackend;
  /** Starts a process over servers, by default all that were named at the start. Connects unless told otherwise. */
  start(options?: ProcessOptions): Promise<WorldProcess>;
}

/** How a process is started. */
export interface ProcessOptions extends Partial<Omit<ShardedBackendOptions, "nodes">> {
  readonly servers?: readonly string[];
  readonly down?: readonly string[];
  readonly connects?: boolean;
  /** Changes how a node is reached, before it is used. */
  readonly equip?: (link: Link) => void;
}

/** Makes servers. They share their time with all processes. */
export function createShardedWorld(
  servers: readonly string[],
  capabilities: Partial<Omit<BackendCapabilities, "storage" | "local">> = {},
): ShardedWorld {
  const time = createFakeTime();
  const maps = new Map<string, MapBackend>();
  function server(name: string): MapBackend {
    const found =
      maps.get(name) ?? createMapBackend({ name, async: true, storage: "bytes", clock: time.clock, capabilities });
    maps.set(name, found);
    return found;
  }

  async function start({ servers: own = servers, down = [], connects = true, equip, ...options }: ProcessOptions = {}) {
    const links = new Map<string, Link>();
    const notices: BackendNotice[] = [];
    const link = (name: string): Link => {
      const created = createLink(server(name).openSecond());
      equip?.(created);
      links.set(name, created);
      return created;
    };
    const nodes = own.map((name) => ({ name, backend: link(name).backend }));
    for (const name of down) (links.get(name) as Link).isUp = false;
    const host = { clock: time.clock, scheduler: time.scheduler, random: createSeededRandom(11) };
    const breaker = { failureCount: 2, minOpenMs: 100, maxOpenMs: 400 };
    // Few points: balance is tested elsewhere, and every process builds its ring anew.
    const replicas = (options.algorithm ?? "consistent") === "consistent" ? { replicas: 64 } : {};
    const store = createShardedBackend(
      { breaker, ...replicas, ...options, nodes },
      { ...host, onNotice: (notice) => void notices.push(notice) },
    );
    if (connects) await store.connect?.({});
    return { store, links, notices, link };
  }

  return { time, server, start };
}

function createLink(map: MapBackend): Link {
  const calls: Record<string, number> = {};
  const wrapped: Record<string, unknown> = {};
  const link: Link = { map, backend: wrapped as unknown as Backend, isUp: true, calls };
  for (const [member, value] of Object.entries(map)) {
    const isCall = typeof value === "function" && !["usage", "close", "scan"].includes(member);
    wrapped[member] = isCall
      ? async (...given: unknown[]): Promise<unknown> => {
          calls[member] = (calls[member] ?? 0) + 1;
          if (!link.isUp) throw new BackendUnavailableError(map.name, member, `${map.name} is down.`);
          return (value as (...parameters: unknown[]) => unknown)(...given);
        }
      : value;
  }
  return link;
}

/** Nothing to say with a call. */
export const NO_CONTEXT: OperationContext = {};

/** A write of a text as bytes, for ever and without tags unless said otherwise. */
export function textWrite(text: string, details: Partial<Omit<EntryWrite, "value">> = {}): EntryWrite {
  return { value: new TextEncoder().encode(text), ttlMs: Number.POSITIVE_INFINITY, tags: [], ...details };
}

/** What a store has under a key, as text. */
export async function readText(store: Backend, key: string): Promise<string | undefined> {
  const entry = await store.get(key, NO_CONTEXT);
  return entry === undefined ? undefined : new TextDecoder().decode(entry.value as Uint8Array);
}

/** Keys `k0`, `k1` … that live at a node, as many as asked for. */
export function keysAt(store: ShardedBackend, node: string, count: number, prefix = "k"): string[] {
  const keys: string[] = [];
  for (let index = 0; keys.length < count; index += 1) {
    if (store.nodeOf(`${prefix}${index}`) === node) keys.push(`${prefix}${index}`);
  }
  return keys;
}
