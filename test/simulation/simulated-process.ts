import type { Backend } from "../../src/backend/backend.ts";
import type { ChangeListener, StoreChange } from "../../src/backend/change-feed.ts";
import type { MailListener } from "../../src/backend/node-mail.ts";
import { settledAfterMs } from "../../src/coherence/ack-waits.ts";
import { CoherenceFleet } from "../../src/coherence/coherence-fleet.ts";
import type { CoherenceMessage } from "../../src/coherence/coherence-message.ts";
import { CoherenceNode } from "../../src/coherence/coherence-node.ts";
import type { StoredCopies } from "../../src/coherence/stored-copies.ts";
import type { CoherenceTransport, TransportListener } from "../../src/coherence/transport.ts";
import { isWithinNamespace, namespaceOf } from "../../src/entry/namespace-path.ts";
import type { Clock } from "../../src/foundation/clock.ts";
import { createSeededRandom, type RandomSource } from "../../src/foundation/random-source.ts";
import type { ScheduledTask, Scheduler } from "../../src/foundation/scheduler.ts";
import { createMemoryBackend, type MemoryBackend } from "../../src/memory/memory-backend.ts";
import { MiddleReader } from "../../src/tiers/middle-reader.ts";
import { createNearBackend } from "../../src/tiers/near-backend.ts";
import { NearCopies } from "../../src/tiers/near-copies.ts";
import { ServerClock } from "../../src/tiers/server-clock.ts";
import { MailTransport } from "../../src/transports/mail-transport.ts";
import type { EventOwner, EventQueue } from "./event-queue.ts";
import { createFarStore, type FarStore } from "./far-store.ts";
import { nothingSeen, type SeenPeriods } from "./judge.ts";
import type { KeyHistory } from "./key-history.ts";
import type { MeshNetwork } from "./mesh/mesh-network.ts";
import { MeshNode } from "./mesh/mesh-node.ts";
import { createModelTier, type MiddleModel } from "./middle-model.ts";
import { wordOf } from "./mixed-random.ts";
import type { SimulationSettings } from "./schedule.ts";
import { type SharedStoreModel, STORE_WALL_MS } from "./shared-store-model.ts";
import { StoreLink } from "./store-link.ts";
import { WholeCache } from "./whole-cache.ts";

/** Short, so that it is full now and then. */
const LOG_LENGTH = 16;

/** What a process is made of. */
export interface SimulatedProcessParts {
  readonly seed: number;
  readonly place: number;
  /** Grows with each restart of the place. */
  readonly life: number;
  readonly settings: SimulationSettings;
  readonly queue: EventQueue;
  readonly store: SharedStoreModel;
  readonly history: KeyHistory;
  /** What joins processes; only used where the settings want a mesh. */
  readonly network: MeshNetwork;
  /** What lies between; `undefined`: nothing. */
  readonly middle: MiddleModel | undefined;
  /** The processes that live now. */
  readonly others: () => readonly SimulatedProcess[];
  /** Is told what happens, for people. */
  readonly onEvent?: ((text: string) => void) | undefined;
}

/** Rarer than D, so that it is not heartbeats that tell of lost messages in time. */
export const HEARTBEAT_MS: number = 150;

/** One life of a process: the real near store with the real memory store for its copies, on virtual time. */
export class SimulatedProcess implements EventOwner {
  readonly name: string;
  readonly place: number;
  readonly link: StoreLink;
  readonly near: Backend;
  readonly node: CoherenceNode;
  readonly copies: NearCopies;
  readonly seen: SeenPeriods = nothingSeen();
  isPaused: boolean = false;
  isDead: boolean = false;
  wallLeadMs: number;
  /** Timers of the coherence node that are set now. */
  readonly nodeTimers: Set<ScheduledTask> = new Set();
  /** Names this life in the table of nodes. */
  readonly nodeId: string;
  readonly #memory: MemoryBackend;
  readonly #listeners: Set<ChangeListener> = new Set();
  readonly #boxes: Set<MailListener> = new Set();
  /** Tells the lives of a place apart. */
  readonly life: number;
  /** The cache over `near`, where the settings want one. */
  readonly whole: WholeCache | undefined;
  loaderCount: number = 0;
  readonly #parts: SimulatedProcessParts;
  #peerListener: TransportListener | undefined;

  constructor(parts: SimulatedProcessParts) {
    this.#parts = parts;
    const { settings, queue, store, place, life, seed } = parts;
    this.name = `process ${place}.${life}`;
    this.nodeId = this.name;
    this.place = place;
    this.life = life;
    this.wallLeadMs = settings.wallLeadsMs[place] ?? 0;
    const bootedAtMs = queue.nowMs - 1_000 * (place + 1);
    const clock: Clock = {
      wallMs: () => STORE_WALL_MS + queue.nowMs + this.wallLeadMs,
      monotonicMs: () => queue.nowMs - bootedAtMs,
    };
    const number = place * 1_000 + life;
    const { onEvent } = parts;
    const onLinkEvent = onEvent && ((text: string) => onEvent(`${this.name} ${text}`));
    this.link = new StoreLink({ ...parts, number, owner: this, onEvent: onLinkEvent });
    const isTold = settings.feed !== "writers" && settings.feed !== "mesh";
    const knowsTime = settings.isWhole || settings.middle !== "none";
    const far = createFarStore(this.link, store, settings.shardCount, {
      listeners: isTold ? this.#listeners : undefined,
      boxes: this.#boxes,
      nodeId: this.nodeId,
      isServerKnown: settings.isServerKnown,
      wallLeadMs: () => (knowsTime ? this.wallLeadMs : 0),
      knowsTime,
    });
    const scheduler = this.#scheduler(queue, this.nodeTimers);
    const random = createSeededRandom(seed ^ number);
    const host = { clock, scheduler: this.#scheduler(queue, undefined), random, onRemoval: () => undefined };
    this.#memory = createMemoryBackend(
      {
        maxKeys: settings.nearMaxKeys,
        maxSizeBytes: Number.POSITIVE_INFINITY,
        evictionPolicy: "lru",
        cleanupIntervalMs: Number.POSITIVE_INFINITY,
        copy: false,
      },
      host,
    );
    const serverClock = new ServerClock(clock);
    const isolation = { keep: (value: unknown) => value, seal: () => undefined, reveal: (value: unknown) => value };
    this.copies = new NearCopies({ near: this.#memory, isolation, maxTtlMs: settings.nearTtlMs, serverClock });
    this.node = this.#createNode(far, clock, scheduler);
    const { sharedTier } = far;
    const fleet = new CoherenceFleet({
      nodeId: this.nodeId,
      node: this.node,
      transports: this.#transports(far, clock, random),
      clock,
      scheduler,
      maxStalenessMs: settings.maxStalenessMs,
      listNodes: () => sharedTier.nodes({}),
      leave: () => sharedTier.leave(this.nodeId, {}),
    });
    const near = this.#memory;
    const { copies, node } = this;
    const { middle: model } = parts;
    const tier =
      model &&
      createModelTier({
        ...{ model, seed, number, settings, queue, clock, random },
        ...{ writeDelayMs: () => this.link.middleDelayMs() },
        ...{ owner: this, scheduler: this.#scheduler(queue, undefined), onEvent: onLinkEvent },
      });
    const clockLeadMs = sharedTier.clockLeadMs?.bind(sharedTier);
    this.near = createNearBackend({
      ...{ far, copies, node, serverClock, near, fleet },
      keepsWrites: true,
      middle:
        tier &&
        new MiddleReader({
          tiers: [tier],
          stored: node.stored as StoredCopies,
          copies,
          serverClock,
          clock,
          clockLeadMs,
          epoch: () => far.epoch,
        }),
    });
    this.whole = settings.isWhole
      ? new WholeCache({
          ...{ backend: this.near, clock, random, scheduler: this.#scheduler(queue, undefined) },
          deadlineMs: settings.cacheDeadlineMs,
        })
      : undefined;
  }

  /** Begins to listen, and takes its place in the table of nodes. */
  async open(): Promise<void> {
    if (this.whole === undefined) await this.near.connect?.({});
    else await this.whole.open();
  }

  #createNode(far: FarStore, clock: Clock, scheduler: Scheduler): CoherenceNode {
    const { settings, store } = this.#parts;
    const { maxStalenessMs, shardCount } = settings;
    const self = { id: this.nodeId, info: "", leaseMs: settledAfterMs(maxStalenessMs) };
    // As `src/create-tiers.ts` does it.
    return new CoherenceNode({
      shardCount,
      shardOf: (key) => store.shardOf(key),
      isWithin: (key, path) => isWithinNamespace(namespaceOf(key), path),
      maxStalenessMs,
      clock,
      scheduler,
      sink: this.copies,
      logLength: settings.middle === "none" ? 0 : LOG_LENGTH,
      tier: {
        heads: (shards, isMember) => far.sharedTier.heads({ shards, node: isMember ? self : undefined }, {}),
        join: async () => {
          await far.sharedTier.heads({ shards: [], node: self }, {});
        },
      },
    });
  }

  #transports(far: FarStore, clock: Clock, random: RandomSource): readonly CoherenceTransport[] {
    const { settings, queue, place, network } = this.#parts;
    const { nodeId } = this;
    const scheduler = this.#scheduler(queue, undefined);
    const feed = new MailTransport({
      ...{ name: "redis", storeName: far.name, store: far.sharedTier, nodeId, clock, scheduler },
    });
    const { nodeCount, maxQueuedCount } = settings;
    const mesh = (): CoherenceTransport =>
      new MeshNode({
        heartbeatMs: HEARTBEAT_MS,
        longestDelayMs: Math.max(settings.usualDelayMs, settings.rareDelayMs),
        ...{ nodeId, owner: this, place, nodeCount, network, maxQueuedCount },
        clock,
        scheduler,
        random,
      });
    switch (settings.feed) {
      case "writers":
        return [this.#peers()];
      case "both":
        return [feed, this.#peers()];
      case "mesh":
        return [mesh()];
      case "mesh-and-store":
        return [feed, mesh()];
      default:
        return [feed];
    }
  }

  /** The way to the other processes. */
  #peers(): CoherenceTransport {
    const { others } = this.#parts;
    const { nodeId } = this;
    const tell = (other: SimulatedProcess, message: CoherenceMessage): void => {
      other.#hear(message, nodeId);
    };
    return {
      name: "peers",
      isFedByStore: false,
      open: (listener) => {
        this.#peerListener = listener;
        listener.onGap();
      },
      broadcast: (message) => {
        for (const other of others()) if (other !== this) tell(other, message);
      },
      send: (to, message) => {
        for (const other of others()) if (other.nodeId === to) tell(other, message);
      },
      peers: () => [],
      close: () => undefined,
    };
  }

  /** The store tells of a change. */
  hearStore(change: StoreChange): void {
    if (this.#listeners.size === 0) return;
    this.link.deliver(wordOfChange(change), () => {
      this.#parts.onEvent?.(`${this.name} hears ${JSON.stringify(change)}`);
      for (const listener of this.#listeners) listener.onChange(change);
    });
  }

  /** Another process, or this one, has sent a letter here. */
  hearLetter(letter: Uint8Array): void {
    if (this.#boxes.size === 0) return;
    const bytes = Buffer.from(letter);
    const word = wordOf(bytes.toString("latin1")) ^ Math.round(this.#parts.queue.nowMs);
    this.link.deliver(word, () => {
      for (const box of this.#boxes) box.onLetter(bytes);
    });
  }

  /** The subscription and the links to others are lost, or are there again. */
  noteGap(isHearing: boolean): void {
    for (const listener of this.#listeners) listener.onGap(isHearing);
    for (const box of this.#boxes) box.onGap(isHearing);
    this.#peerListener?.onGap();
  }

  #hear(message: CoherenceMessage, from: string): void {
    const word = wordOf(JSON.stringify(message) + from) ^ Math.round(this.#parts.queue.nowMs);
    this.link.deliver(word, () => {
      this.#parts.onEvent?.(`${this.name} hears ${JSON.stringify(message)} from ${from}`);
      this.#peerListener?.onMessage(message, from);
    });
  }

  /** Ends it at once, as a signal would. `isSilent`: with its host, so that nobody hears of it. */
  kill(isSilent: boolean): void {
    this.isDead = true;
    this.#parts.network.kill(this, isSilent);
    this.node.close();
    this.#memory.close();
  }

  /** Checks the bookkeeping of the memory store. */
  checkInvariants(): void {
    this.#memory.checkInvariants();
  }

  #scheduler(queue: EventQueue, timers: Set<ScheduledTask> | undefined): Scheduler {
    const after = (delayMs: number, task: () => void): ScheduledTask => {
      const event = queue.at(queue.nowMs + delayMs, "timer", this, () => {
        timers?.delete(timer);
        task();
      });
      const timer: ScheduledTask = {
        cancel: () => {
          timers?.delete(timer);
          event.cancel();
        },
      };
      timers?.add(timer);
      return timer;
    };
    return { after, soon: (task) => void after(0, task) };
  }
}

/** Tells changes apart, for the chance of their messages. */
function wordOfChange(change: StoreChange): number {
  switch (change.kind) {
    case "change":
      return wordOf(change.key) ^ (change.version ?? 0);
    case "tags":
      return wordOf(change.tags.join(" ")) ^ (change.number ?? 0);
    case "clear":
      return wordOf(change.path) ^ (change.heads[0]?.version ?? 0);
    default:
      return 0;
  }
}
