import type { Backend } from "../../../src/backend/backend.ts";
import type { PeerMailListener } from "../../../src/backend/peer-mail.ts";
import { settledAfterMs } from "../../../src/coherence/ack-waits.ts";
import { CoherenceFleet } from "../../../src/coherence/coherence-fleet.ts";
import { CoherenceNode } from "../../../src/coherence/coherence-node.ts";
import type { CoherenceTransport } from "../../../src/coherence/transport.ts";
import { isWithinNamespace, namespaceOf } from "../../../src/entry/namespace-path.ts";
import type { Clock } from "../../../src/foundation/clock.ts";
import { createSeededRandom, type RandomSource } from "../../../src/foundation/random-source.ts";
import type { Scheduler } from "../../../src/foundation/scheduler.ts";
import { createMemoryBackend, type MemoryBackend } from "../../../src/memory/memory-backend.ts";
import { createNearBackend } from "../../../src/tiers/near-backend.ts";
import { NearCopies } from "../../../src/tiers/near-copies.ts";
import { createOwnedBackend } from "../../../src/tiers/owners/owned-backend.ts";
import { fromOwnedKey } from "../../../src/tiers/owners/owned-keys.ts";
import { OwnerFleet } from "../../../src/tiers/owners/owner-fleet.ts";
import { type OwnerView, ownerOf } from "../../../src/tiers/owners/owner-view.ts";
import { ServerClock } from "../../../src/tiers/server-clock.ts";
import type { EventOwner, EventQueue } from "../event-queue.ts";
import type { MeshNetwork } from "../mesh/mesh-network.ts";
import { MeshNode } from "../mesh/mesh-node.ts";
import type { SimulationSettings } from "../schedule.ts";
import { STORE_WALL_MS } from "../shared-store-model.ts";
import { WholeCache } from "../whole-cache.ts";
import { ownedShardOf, pickOwners } from "./owned-shards-of.ts";
import { OwnerKnowledge } from "./owner-knowledge.ts";
import { type OwnerActs, watchShards, watchStore } from "./watched-owner.ts";

/** A silence of 150 ms ends a link. */
export const HEARTBEAT_MS: number = 60;

/** What a process of such a fleet is made of. */
export interface OwnerProcessParts {
  readonly seed: number;
  readonly place: number;
  /** Grows with each restart, of all places. */
  readonly life: number;
  readonly settings: SimulationSettings;
  readonly queue: EventQueue;
  readonly network: MeshNetwork;
  /** Is told what it does as an owner. */
  readonly acts: OwnerActs;
}

/** By which view a process went by, and since when. */
export interface SeenView {
  readonly id: string;
  readonly members: readonly string[];
  readonly fromMs: number;
}

/** One life of a process that keeps keys as an owner, with the real mesh, owners, copies and cache, on virtual time. */
export class OwnerProcess implements EventOwner {
  readonly name: string;
  readonly nodeId: string;
  readonly place: number;
  readonly life: number;
  isPaused: boolean = false;
  isDead: boolean = false;
  loaderCount: number = 0;
  readonly fleet: OwnerFleet;
  readonly node: CoherenceNode;
  readonly copies: NearCopies;
  readonly whole: WholeCache;
  /** Its views, the newest last. */
  readonly views: SeenView[] = [];
  readonly knowledge: OwnerKnowledge;
  readonly near: Backend;
  readonly #parts: OwnerProcessParts;
  readonly #memories: readonly MemoryBackend[];
  readonly #bootedAtMs: number;
  #pausedAtMs = 0;

  constructor(parts: OwnerProcessParts) {
    const { settings, queue, place, life, seed } = parts;
    this.#parts = parts;
    this.place = place;
    this.life = life;
    this.name = `process ${place}.${life}`;
    this.nodeId = `node-${life}`;
    const bootedAtMs = queue.nowMs - 1_000 * (place + 1);
    this.#bootedAtMs = bootedAtMs;
    this.knowledge = new OwnerKnowledge(settings.maxStalenessMs);
    const leadMs = settings.wallLeadsMs[place] ?? 0;
    const clock: Clock = {
      wallMs: () => STORE_WALL_MS + queue.nowMs + leadMs,
      monotonicMs: () => queue.nowMs - bootedAtMs,
    };
    const random = createSeededRandom(seed ^ (place * 1_000 + life));
    const scheduler = this.#scheduler();
    const owned = createMemory(1_000, { clock, scheduler, random });
    const memory = createMemory(settings.nearMaxKeys, { clock, scheduler, random });
    this.#memories = [owned, memory];
    const mesh = this.#createMesh(clock, scheduler, random);
    this.fleet = this.#createFleet(owned, mesh, leadMs, clock, scheduler);
    const quietMs = settledAfterMs(settings.maxStalenessMs);
    const far = createOwnedBackend({
      ...{ name: "owners", fleet: this.fleet, store: owned, shardOf: ownedShardOf, quietMs },
    });
    const serverClock = new ServerClock(clock);
    const isolation = { keep: (value: unknown) => value, seal: () => undefined, reveal: (value: unknown) => value };
    this.copies = new NearCopies({ near: memory, isolation, maxTtlMs: settings.nearTtlMs, serverClock });
    this.node = this.#createNode(far, quietMs, clock, scheduler);
    const coherence = new CoherenceFleet({
      ...{ nodeId: this.nodeId, node: this.node, clock, scheduler, maxStalenessMs: settings.maxStalenessMs },
      transports: [fedByOwners(mesh, far)],
      listNodes: () => far.sharedTier?.nodes({}) ?? Promise.resolve({ nodes: [], ageMs: 0 }),
    });
    this.near = createNearBackend({
      ...{ far, copies: this.copies, node: this.node, serverClock, near: memory, fleet: coherence },
      keepsWrites: true,
    });
    this.whole = new WholeCache({
      ...{ backend: this.near, clock, random, scheduler },
      deadlineMs: settings.cacheDeadlineMs,
    });
  }

  /** Who is there, as it sees it. */
  get view(): OwnerView | undefined {
    return this.fleet.view;
  }

  /** Since when its view is what it is now; infinity: it has none. */
  get viewSinceMs(): number {
    return this.views.at(-1)?.fromMs ?? Number.POSITIVE_INFINITY;
  }

  /** Who owns a shard by its view. */
  ownerIdOf(shard: number): string | undefined {
    const { view } = this.fleet;
    return view && ownerOf(view, shard);
  }

  open(): Promise<void> {
    return this.whole.open();
  }

  /** It stands still from now on. */
  pause(): void {
    this.isPaused = true;
    this.#pausedAtMs = this.#parts.queue.nowMs;
  }

  /** It goes on. */
  resume(): void {
    const { queue } = this.#parts;
    if (this.isPaused) this.knowledge.noteStandstill(queue.nowMs - this.#pausedAtMs, queue.nowMs);
    queue.resume(this);
  }

  /** To be called after whatever may have changed its view. */
  noteView(): void {
    const { view } = this.fleet;
    if (view === undefined || this.views.at(-1)?.id === view.id) return;
    this.views.push({ id: view.id, members: view.members, fromMs: this.#parts.queue.nowMs });
  }

  /** Ends it at once. `isSilent`: with its host, so that nobody hears of it. */
  kill(isSilent: boolean): void {
    this.isDead = true;
    this.#parts.acts.ended(this);
    this.#parts.network.kill(this, isSilent);
    this.node.close();
    for (const memory of this.#memories) memory.close();
  }

  /** Checks the bookkeeping of its stores. */
  checkInvariants(): void {
    for (const memory of this.#memories) memory.checkInvariants();
  }

  #createMesh(clock: Clock, scheduler: Scheduler, random: RandomSource): MeshNode {
    const { settings, place, network } = this.#parts;
    const { nodeCount, maxQueuedCount } = settings;
    // Letters wait beside messages, and are many.
    const room = Math.max(maxQueuedCount, 16);
    return new MeshNode({
      ...{ nodeId: this.nodeId, owner: this, place, nodeCount, network, maxQueuedCount: room },
      heartbeatMs: HEARTBEAT_MS,
      longestDelayMs: Math.max(settings.usualDelayMs, settings.rareDelayMs),
      ...{ clock, scheduler, random },
    });
  }

  #createFleet(owned: MemoryBackend, mesh: MeshNode, leadMs: number, clock: Clock, scheduler: Scheduler): OwnerFleet {
    const { settings, acts } = this.#parts;
    const { maxStalenessMs } = settings;
    const fleet = new OwnerFleet({
      ...{ name: "owners", nodeId: this.nodeId, clock, scheduler, pickOwners, shardOf: ownedShardOf },
      store: watchStore(owned, {
        onChange: () => acts.changed(this, owned, leadMs),
        onDelete: (ownedKey) => acts.deleted(fromOwnedKey(ownedKey)),
      }),
      rightMs: maxStalenessMs,
      quietMs: settledAfterMs(maxStalenessMs),
      openMail: (listener) => mesh.openMail(this.#watchPeers(listener)),
    });
    watchShards(fleet.shards, {
      onBegin: (shard) => acts.began(this, shard),
      onDrop: (shard) => acts.dropped(this, shard),
    });
    return fleet;
  }

  #watchPeers(listener: PeerMailListener): PeerMailListener {
    return {
      onGap: (isHearing) => listener.onGap(isHearing),
      onLetter: (letter, from) => {
        this.noteView();
        this.#noteAgreed();
        listener.onLetter(letter, from);
        // What it drops because of a grant is judged by what it knew before.
        this.knowledge.noteLetter(letter, from, this.view?.id, (monotonicMs) => monotonicMs + this.#bootedAtMs);
        this.#noteAgreed();
      },
      onPeers: () => {
        listener.onPeers();
        this.noteView();
      },
    };
  }

  #noteAgreed(): void {
    if (this.fleet.settledForMs !== undefined) this.knowledge.noteAgreed(this.#parts.queue.nowMs);
  }

  #createNode(far: Backend, leaseMs: number, clock: Clock, scheduler: Scheduler): CoherenceNode {
    const { maxStalenessMs } = this.#parts.settings;
    const tier = far.sharedTier as NonNullable<Backend["sharedTier"]>;
    const self = { id: this.nodeId, info: "", leaseMs };
    return new CoherenceNode({
      ...{ shardCount: tier.shardCount, shardOf: ownedShardOf, maxStalenessMs, clock, scheduler, sink: this.copies },
      isWithin: (key, path) => isWithinNamespace(namespaceOf(key), path),
      tier: {
        heads: (shards, isMember) => tier.heads({ shards, node: isMember ? self : undefined }, {}),
        join: async () => {
          await tier.heads({ shards: [], node: self }, {});
        },
      },
    });
  }

  #scheduler(): Scheduler {
    const { queue } = this.#parts;
    return {
      after: (delayMs, task) => queue.at(queue.nowMs + delayMs, "timer", this, task),
      soon: (task) => void queue.at(queue.nowMs, "timer", this, task),
    };
  }
}

function createMemory(
  maxKeys: number,
  host: { readonly clock: Clock; readonly scheduler: Scheduler; readonly random: RandomSource },
): MemoryBackend {
  const bounds = { maxKeys, maxSizeBytes: Number.POSITIVE_INFINITY, evictionPolicy: "lru" } as const;
  return createMemoryBackend(
    { ...bounds, cleanupIntervalMs: Number.POSITIVE_INFINITY, copy: false },
    { ...host, onRemoval: () => undefined },
  );
}

/** As `src/create-owners.ts` does it. */
function fedByOwners(mesh: MeshNode, { sharedTier }: Backend): CoherenceTransport {
  return {
    name: mesh.name,
    isFedByStore: true,
    open(listener) {
      sharedTier?.watchChanges?.({
        onChange: (change) => listener.onMessage(change, undefined),
        onGap: () => listener.onGap(),
      });
      return mesh.open(listener);
    },
    broadcast: (message) => mesh.broadcast(message),
    send: (nodeId, message) => mesh.send(nodeId, message),
    peers: () => mesh.peers(),
    close: () => mesh.close(),
  };
}
