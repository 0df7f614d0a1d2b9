import type { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import { parseServerAddress } from "../server-address.ts";
import { type RedisClusterMap, type RedisClusterShard, readClusterSlots } from "./cluster-slots.ts";
import type { RedisHost } from "./redis-host.ts";
import { RedisNodeLink } from "./redis-node-link.ts";
import type { RedisSettings } from "./redis-settings.ts";
import { REDIS_SLOT_COUNT } from "./redis-slot.ts";

/** Shortest time between two questions for the map that nobody waits for. */
const REFRESH_PAUSE_MS = 100;
/** How old the map may be before it is asked for anew without a reason: replicas come and go without a MOVED. */
const MAP_AGE_MS = 30_000;
const LONELY_MAP_AGE_MS = 1_000;

/** What a topology is made of. */
export interface RedisClusterTopologyParts {
  readonly seeds: readonly string[];
  /** Whether replicas are read from, and so connected to. */
  readonly usesReplicas: boolean;
  readonly settings: RedisSettings;
  readonly host: RedisHost;
  readonly deadlines: DeadlineQueue;
}

/**
 * Who has which slot of a cluster, and the links to its nodes. The map is asked for at the start, after a MOVED, after a failure, and now
 * and then; questions are not asked more often than each 100 ms, and one at a time. A node that left the map is closed.
 */
export class RedisClusterTopology {
  readonly #parts: RedisClusterTopologyParts;
  readonly #primaries = new Map<string, RedisNodeLink>();
  readonly #replicas = new Map<string, RedisNodeLink>();
  #map: RedisClusterMap = { shardOfSlot: new Int16Array(REDIS_SLOT_COUNT).fill(-1), shards: [] };
  /** Slots that a MOVED told of since the map was read. */
  #moved = new Map<number, string>();
  #refreshing: Promise<void> | undefined;
  #refreshedAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(parts: RedisClusterTopologyParts) {
    this.#parts = parts;
  }

  /** The shards now. */
  get shards(): readonly RedisClusterShard[] {
    return this.#map.shards;
  }

  /** Address of the primary of a slot; `undefined` when nobody knows. */
  addressOfSlot(slot: number): string | undefined {
    return this.#moved.get(slot) ?? this.shardOfSlot(slot)?.primary;
  }

  /** The shard of a slot; `undefined` when nobody has it. */
  shardOfSlot(slot: number): RedisClusterShard | undefined {
    return this.#map.shards[this.#map.shardOfSlot[slot] ?? -1];
  }

  /** The link to a primary, or to whatever a redirection names. */
  primary(address: string): RedisNodeLink {
    return this.#link(this.#primaries, address, "primary");
  }

  /** The link to a replica, whose connections may read. */
  replica(address: string): RedisNodeLink {
    return this.#link(this.#replicas, address, "replica");
  }

  /** All links. */
  links(): RedisNodeLink[] {
    return [...this.#primaries.values(), ...this.#replicas.values()];
  }

  /** A server said who has a slot now: true at once for this slot; the whole map is asked for. */
  noteMoved(slot: number, address: string): void {
    this.#moved.set(slot, address);
    this.refreshSoon();
  }

  /** Asks for the map in the background, unless that was done a moment ago. */
  refreshSoon(): void {
    const sinceMs = this.#parts.host.clock.monotonicMs() - this.#refreshedAtMs;
    if (sinceMs >= REFRESH_PAUSE_MS) this.refresh().catch(ignore);
  }

  /** Asks for the map in the background when it is old; sooner while a shard has no replica, for one may be on its way back. */
  refreshWhenOld(hasReplicas: boolean): void {
    const sinceMs = this.#parts.host.clock.monotonicMs() - this.#refreshedAtMs;
    if (sinceMs >= (hasReplicas ? MAP_AGE_MS : LONELY_MAP_AGE_MS)) this.refresh().catch(ignore);
  }

  /** Asks for the map, of one node after another. @throws Error when none of them tells it */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#ask().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Ends all links. */
  close(error: unknown): void {
    this.#isClosed = true;
    for (const link of this.links()) link.pool.close(error);
  }

  async #ask(): Promise<void> {
    this.#refreshedAtMs = this.#parts.host.clock.monotonicMs();
    const failures: string[] = [];
    for (const address of this.#candidates()) {
      if (this.#isClosed) throw new Error("the client is closed");
      try {
        const link = this.primary(address);
        await link.pool.connect();
        const reply = await link.pool.ask(["CLUSTER", "SLOTS"]);
        this.#adopt(readClusterSlots(reply, hostOf(address)), address);
        return;
      } catch (error) {
        failures.push(`${address}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    throw new Error(`no node of the cluster told its slots (${failures.join("; ")})`);
  }

  /** Nodes that are connected first, then the others that are known, then those of the settings. */
  #candidates(): string[] {
    const known = [...this.#primaries.values()];
    const up = known.filter((link) => link.pool.isUp);
    const addresses = [...up, ...known].map((link) => link.address);
    return [...new Set([...addresses, ...this.#map.shards.flatMap((shard) => shard.replicas), ...this.#parts.seeds])];
  }

  #adopt(map: RedisClusterMap, askedAddress: string): void {
    if (map.shards.length === 0) throw new Error("it has no slots; is it part of a cluster?");
    this.#map = map;
    this.#moved = new Map();
    this.#refreshedAtMs = this.#parts.host.clock.monotonicMs();
    const primaries = new Set(map.shards.map((shard) => shard.primary));
    const replicas = new Set(map.shards.flatMap((shard) => shard.replicas));
    // The one that answered stays, also when it is a seed that calls itself something else: closing it would end this very connection.
    this.#closeOthers(this.#primaries, (address) => primaries.has(address) || address === askedAddress);
    this.#closeOthers(this.#replicas, (address) => replicas.has(address) && this.#parts.usesReplicas);
  }

  #closeOthers(links: Map<string, RedisNodeLink>, isKept: (address: string) => boolean): void {
    for (const [address, link] of links) {
      if (isKept(address)) continue;
      links.delete(address);
      link.pool.retire();
    }
  }

  #link(links: Map<string, RedisNodeLink>, address: string, role: "primary" | "replica"): RedisNodeLink {
    let link = links.get(address);
    if (link === undefined) {
      const { settings, host, deadlines } = this.#parts;
      const onDown = (): void => this.refreshSoon();
      link = new RedisNodeLink({ address, role, settings, host, deadlines, onDown });
      links.set(address, link);
      if (this.#isClosed) link.pool.close(new Error("the client is closed"));
    }
    return link;
  }
}

function hostOf(address: string): string {
  const parsed = parseServerAddress(address);
  return parsed.kind === "tcp" ? parsed.host : "localhost";
}

function ignore(): void {
  // The next call that fails asks again.
}
