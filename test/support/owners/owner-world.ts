import type { Backend } from "../../../src/backend/backend.ts";
import type { LetterTraces, PeerMail, PeerMailListener, PeerSearch } from "../../../src/backend/peer-mail.ts";
import type { EntryWrite } from "../../../src/backend/stored-entry.ts";
import { settledAfterMs } from "../../../src/coherence/ack-waits.ts";
import type { TracerSlot } from "../../../src/events/call-tracer.ts";
import type { Clock } from "../../../src/foundation/clock.ts";
import { systemRandom } from "../../../src/foundation/random-source.ts";
import type { ScheduledTask, Scheduler } from "../../../src/foundation/scheduler.ts";
import { createMemoryBackend, type MemoryBackend } from "../../../src/memory/memory-backend.ts";
import { hashRoutingPart, type KeyHash } from "../../../src/sharding/key-hash.ts";
import { createRendezvousPicker } from "../../../src/sharding/rendezvous-picker.ts";
import { createFakeTime, type FakeTime } from "../../../src/testing/fake-clock.ts";
import { createOwnedBackend } from "../../../src/tiers/owners/owned-backend.ts";
import { OwnerFleet } from "../../../src/tiers/owners/owner-fleet.ts";
import { OWNED_SHARD_COUNT, ownerOf } from "../../../src/tiers/owners/owner-view.ts";

/** D of the nodes, in ms. */
export const BOUND_MS = 1_000;
/** D + e, in ms. */
export const QUIET_MS: number = settledAfterMs(BOUND_MS);

/** Where the time of nodes comes from. */
export interface OwnerWorldHost {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly delayMs: number;
  /** D, in ms. */
  readonly boundMs?: number;
}

/** A node of a world. */
export interface OwnerNode {
  readonly id: string;
  readonly fleet: OwnerFleet;
  readonly backend: Backend;
  readonly store: MemoryBackend;
  /** Who traces its questions and answers. */
  readonly tracing: TracerSlot;
}

interface Mailbox {
  readonly listener: PeerMailListener;
  readonly linked: Set<string>;
  isStopped: boolean;
  readonly waiting: (() => void)[];
}

/** The timers of a node, which can be late. */
class HeldTimers implements Scheduler {
  readonly #scheduler: Scheduler;
  readonly #due: (() => void)[] = [];
  isHeld = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  after(ms: number, run: () => void, keepsAlive?: boolean): ScheduledTask {
    let isCancelled = false;
    const fire = (): void => {
      if (isCancelled) return;
      if (this.isHeld) this.#due.push(fire);
      else run();
    };
    const task = this.#scheduler.after(ms, fire, keepsAlive);
    return {
      cancel: () => {
        isCancelled = true;
        task.cancel();
      },
    };
  }

  soon(run: () => void): void {
    this.#scheduler.soon(run);
  }

  release(): void {
    this.isHeld = false;
    for (const fire of this.#due.splice(0)) fire();
  }
}

/** Nodes in one process, the links between them, and the time. */
export class OwnerWorld {
  readonly time: FakeTime = createFakeTime();
  readonly #host: OwnerWorldHost;
  readonly #boxes = new Map<string, Mailbox>();
  readonly #open: OwnerNode[] = [];
  readonly #timers = new Map<string, HeldTimers>();
  /** How far nodes are that look for others. */
  search: PeerSearch = "over";
  /** Looks at each letter on its way; `false` loses it. */
  onLetter: (from: string, to: string, letter: Buffer) => boolean = () => true;

  /** @param host the time of the nodes, and how long letters are on their way; by default `time`, and 1 ms */
  constructor(host?: OwnerWorldHost) {
    this.#host = host ?? { clock: this.time.clock, scheduler: this.time.scheduler, delayMs: 1 };
  }

  /** A node that is linked to all others. Its time has to pass until it acts. */
  start(id: string, linked: readonly string[] = [...this.#boxes.keys()], isOpen = true): OwnerNode {
    const { clock, boundMs = BOUND_MS } = this.#host;
    const scheduler = new HeldTimers(this.#host.scheduler);
    this.#timers.set(id, scheduler);
    const store = createMemoryBackend(
      { maxSizeBytes: 10_000_000, maxKeys: 10_000, evictionPolicy: "lru", cleanupIntervalMs: 60_000, copy: false },
      { clock, scheduler, random: systemRandom, onRemoval: () => undefined },
    );
    const tracing: TracerSlot = { current: undefined };
    const fleet = new OwnerFleet({
      ...{ name: "owners", nodeId: id, store, shardOf, clock, scheduler, pickOwners, tracing },
      rightMs: boundMs,
      quietMs: settledAfterMs(boundMs),
      openMail: (listener) => this.#join(id, listener, linked),
    });
    const backend = createOwnedBackend({ name: "owners", fleet, store, shardOf, quietMs: settledAfterMs(boundMs) });
    const node = { id, fleet, backend, store, tracing };
    this.#open.push(node);
    if (isOpen) fleet.open();
    return node;
  }

  /** Nodes that have nothing to wait for. */
  async startAll(...ids: readonly string[]): Promise<OwnerNode[]> {
    this.search = "dialing";
    const nodes = ids.map((id) => this.start(id));
    this.search = "over";
    await this.pass(30);
    return nodes;
  }

  /** Nodes that look for others are so far from now on, and are told. */
  goOnTo(search: PeerSearch): void {
    this.search = search;
    for (const { listener } of this.#boxes.values()) listener.onPeers();
  }

  /** Lets time pass, and everything happen that is due. */
  async pass(ms: number): Promise<void> {
    for (let rest = ms; rest > 0; rest -= 5) await this.time.advanceAsync(Math.min(5, rest));
  }

  /** Runs a call to its end while time passes. */
  async run<T>(call: Promise<T>, limitMs = 20_000): Promise<T> {
    let isOver = false;
    const done = call.finally(() => {
      isOver = true;
    });
    done.catch(() => undefined);
    for (let passedMs = 0; !isOver && passedMs < limitMs; passedMs += 5) await this.time.advanceAsync(5);
    if (!isOver) throw new Error("The call does not end.");
    return done;
  }

  /** Cuts or makes the link of two nodes; each of `sides` notices. */
  link(first: string, second: string, isUp: boolean, sides: readonly string[] = [first, second]): void {
    for (const [own, other] of [
      [first, second],
      [second, first],
    ] as const) {
      const box = this.#boxes.get(own);
      if (box === undefined || !sides.includes(own)) continue;
      if (isUp) box.linked.add(other);
      else box.linked.delete(other);
      box.listener.onPeers();
    }
  }

  /** Cuts a node from all others. */
  cut(id: string): void {
    for (const other of this.#boxes.keys()) if (other !== id) this.link(id, other, false);
  }

  /** A node that stands still: letters wait for it, and it sends none. Its time goes on, as seen from where it wakes up; `holdsTimers`: and its timers are late. */
  stop(id: string, holdsTimers = false): void {
    (this.#boxes.get(id) as Mailbox).isStopped = true;
    if (holdsTimers) (this.#timers.get(id) as HeldTimers).isHeld = true;
  }

  /** What is due to a node happens now. */
  releaseTimers(id: string): void {
    this.#timers.get(id)?.release();
  }

  /** It goes on, with all that waits for it. */
  goOn(id: string): void {
    const box = this.#boxes.get(id) as Mailbox;
    box.isStopped = false;
    for (const deliver of box.waiting.splice(0)) deliver();
  }

  /** The process of a node is gone. */
  kill(node: OwnerNode): void {
    this.cut(node.id);
    this.#boxes.delete(node.id);
    node.fleet.close();
  }

  /** Sends bytes as they are. */
  inject(from: string, to: string, letter: Buffer): void {
    this.#boxes.get(to)?.listener.onLetter(letter, from);
  }

  /** Ends all nodes. */
  close(): void {
    for (const { fleet } of this.#open) fleet.close();
  }

  #join(nodeId: string, listener: PeerMailListener, linked: readonly string[]): PeerMail {
    const box: Mailbox = { listener, linked: new Set(linked), isStopped: false, waiting: [] };
    this.#boxes.set(nodeId, box);
    for (const other of linked) {
      this.#boxes.get(other)?.linked.add(nodeId);
      this.#boxes.get(other)?.listener.onPeers();
    }
    return {
      nodeId,
      maxLetterBytes: 4_194_304,
      peers: () => [...box.linked],
      search: () => this.search,
      send: async (letter, to, traces) => {
        if (!box.linked.has(to)) throw new Error("no link");
        if (!this.onLetter(nodeId, to, Buffer.from(letter)) || box.isStopped) return;
        this.#host.scheduler.after(this.#host.delayMs, () => this.#deliver(Buffer.from(letter), nodeId, to, traces));
      },
      close: () => undefined,
    };
  }

  #deliver(letter: Buffer, from: string, to: string, traces: LetterTraces | undefined): void {
    const box = this.#boxes.get(to);
    if (box === undefined) return;
    const arrive = (): void => {
      if (box.linked.has(from)) box.listener.onLetter(letter, from, traces);
    };
    if (box.isStopped) box.waiting.push(arrive);
    else arrive();
  }
}

/** A key that a node owns, as one of the world's nodes sees it. */
export function keyOwnedBy(owner: string, { fleet }: OwnerNode, prefix = "key"): string {
  for (let index = 0; index < 100_000; index += 1) {
    const key = `${prefix}:${index}`;
    if (fleet.view !== undefined && ownerOf(fleet.view, shardOf(key)) === owner) return key;
  }
  throw new Error(`Nothing is owned by ${owner}.`);
}

/** A write of a text. */
export function textWrite(text: string, more: Partial<EntryWrite> = {}): EntryWrite {
  return { value: Buffer.from(text), ttlMs: Number.POSITIVE_INFINITY, tags: [], ...more };
}

/** The text of what was read. */
export function textOf(entry: { readonly value: unknown } | undefined): string | undefined {
  return entry === undefined ? undefined : Buffer.from(entry.value as Uint8Array).toString();
}

const scratch: KeyHash = { high: 0, low: 0 };

function shardOf(key: string): number {
  hashRoutingPart(key, scratch);
  return (scratch.low >>> 0) % OWNED_SHARD_COUNT;
}

function pickOwners(members: readonly string[], shardCount: number): Uint16Array {
  const picker = createRendezvousPicker(members.map((name) => ({ name, weight: 1 })));
  return Uint16Array.from({ length: shardCount }, (_, shard) => picker.pick(`shard ${shard}`));
}
