import process from "node:process";
import type { ScheduledTask } from "../../src/foundation/scheduler.ts";
import { mixedRandom } from "./mixed-random.ts";

/** What an event is for the process that it happens to. Replies and messages may arrive in one chunk. */
export type EventKind = "timer" | "reply" | "feed" | "operation" | "world";

/** A process, as far as events are concerned. */
export interface EventOwner {
  isPaused: boolean;
  isDead: boolean;
}

interface QueuedEvent extends ScheduledTask {
  readonly atMs: number;
  readonly rank: number;
  readonly number: number;
  readonly kind: EventKind;
  readonly owner: EventOwner | undefined;
  readonly run: () => void;
  isCancelled: boolean;
}

/** Taken once, so that a runner's fake timers cannot hold a run. */
const platformNextTick = process.nextTick;

/** More events than any schedule has: something schedules itself without end. */
const MAX_EVENTS = 200_000;

/**
 * Virtual time. Events run in the order of their instants, those of one instant in a seeded order; between two events all promises settle that can
 * (`process.nextTick` asked for by a microtask runs when no microtask is left, and nothing in a run waits for anything else of the platform), so a seed repeats a run. Two events of one process at one
 * instant are now and then one chunk of a socket: then the second runs before what awaited the first goes on.
 */
export class EventQueue {
  readonly #seed: number;
  readonly #chunkRatio: number;
  readonly #heap: QueuedEvent[] = [];
  readonly #held = new Map<EventOwner, QueuedEvent[]>();
  #nowMs = 0;
  #lastNumber = 0;
  #eventCount = 0;

  /** @param chunkRatio how often two events of one process at one instant are one chunk */
  constructor(seed: number, chunkRatio: number) {
    this.#seed = seed;
    this.#chunkRatio = chunkRatio;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  /**
   * Lets something happen at an instant, or now if that is over.
   *
   * @param rank its place among those of the instant, in [0, 1); equal ones keep their order. Default: by chance
   */
  at(atMs: number, kind: EventKind, owner: EventOwner | undefined, run: () => void, rank?: number): ScheduledTask {
    this.#lastNumber += 1;
    const event: QueuedEvent = {
      atMs: Math.max(atMs, this.#nowMs),
      rank: rank ?? mixedRandom(this.#seed, this.#lastNumber),
      number: this.#lastNumber,
      kind,
      owner,
      run,
      isCancelled: false,
      cancel: () => {
        event.isCancelled = true;
      },
    };
    this.#push(event);
    return event;
  }

  /** Lets happen what was held while a process was paused: each kind in its order, the kinds in any. */
  resume(owner: EventOwner): void {
    const held = this.#held.get(owner) ?? [];
    this.#held.delete(owner);
    owner.isPaused = false;
    const rankOf = (kind: EventKind): number => mixedRandom(this.#seed, this.#lastNumber, kind.length);
    held.sort((left, right) => rankOf(left.kind) - rankOf(right.kind));
    for (const [index, event] of held.entries()) {
      if (event.isCancelled) continue;
      // One behind the other in one instant.
      const moved: QueuedEvent = {
        ...event,
        atMs: this.#nowMs,
        rank: index / held.length,
        cancel: () => {
          moved.isCancelled = true;
        },
      };
      // Through every move: who is paused again before it comes to it is held twice.
      event.cancel = () => moved.cancel();
      this.#push(moved);
    }
  }

  /** Runs what happens up to an instant. `onError` is told what an event throws. */
  async runUntil(untilMs: number, onError: (error: unknown) => void): Promise<void> {
    await settlePromises();
    for (let event = this.#next(untilMs); event !== undefined; event = this.#next(untilMs)) {
      this.#nowMs = Math.max(this.#nowMs, event.atMs);
      let hasRun = this.#run(event, onError);
      while (this.#isChunk(event)) {
        const second = this.#pop() as QueuedEvent;
        if (this.#run(second, onError)) hasRun = true;
      }
      // Most timers are deadlines that were met: nothing happens then.
      if (hasRun) await settlePromises();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** @returns whether something happened */
  #run(event: QueuedEvent, onError: (error: unknown) => void): boolean {
    const { owner } = event;
    if (event.isCancelled || owner?.isDead === true) return false;
    if (owner?.isPaused === true) {
      const held = this.#held.get(owner);
      if (held === undefined) this.#held.set(owner, [event]);
      else held.push(event);
      return false;
    }
    this.#eventCount += 1;
    if (this.#eventCount > MAX_EVENTS) throw new RangeError("Something schedules itself without end.");
    try {
      event.run();
    } catch (error) {
      onError(error);
    }
    return true;
  }

  #isChunk(event: QueuedEvent): boolean {
    const next = this.#heap[0];
    if (next === undefined || next.atMs > this.#nowMs || next.owner !== event.owner || next.owner === undefined)
      return false;
    const isSocket = (kind: EventKind): boolean => kind === "reply" || kind === "feed";
    return isSocket(event.kind) && isSocket(next.kind) && mixedRandom(this.#seed, next.number, 7) < this.#chunkRatio;
  }

  #next(untilMs: number): QueuedEvent | undefined {
    const first = this.#heap[0];
    return first === undefined || first.atMs > untilMs ? undefined : this.#pop();
  }

  #push(event: QueuedEvent): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as QueuedEvent)) break;
      heap[at] = heap[parent] as QueuedEvent;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): QueuedEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as QueuedEvent, heap[child] as QueuedEvent)) child += 1;
      if (!isBefore(heap[child] as QueuedEvent, last)) break;
      heap[at] = heap[child] as QueuedEvent;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(left: QueuedEvent, right: QueuedEvent): boolean {
  if (left.atMs !== right.atMs) return left.atMs < right.atMs;
  return left.rank !== right.rank ? left.rank < right.rank : left.number < right.number;
}

function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    platformNextTick(resolve);
  });
}
