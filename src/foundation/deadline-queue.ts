import type { Clock } from "./clock.ts";
import type { ScheduledTask, Scheduler } from "./scheduler.ts";

/** How late a deadline may be told, beyond what the platform's timers add. */
const TICK_MS = 5;
/** Buckets of the wheel; deadlines further away wait for another round. */
const BUCKET_COUNT = 1_024;

/** Something that has a deadline. Belongs to one queue at a time. */
export interface DeadlineEntry {
  /** Called once, when the deadline passed and the entry was not removed before. Must not throw. */
  onDeadline(): void;
}

/** Place of an entry in a queue; see {@link DeadlineQueue.add}. */
export interface DeadlineTicket {
  /** @internal */ entry: DeadlineEntry | undefined;
  /** @internal */ dueTick: number;
  /** @internal */ previous: DeadlineTicket;
  /** @internal */ next: DeadlineTicket;
}

/** What a queue is made with. */
export interface DeadlineQueueOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly scheduler: Pick<Scheduler, "after">;
  /**
   * Whether what waits keeps the process alive, so that it cannot end with a caller unanswered. Default false: the sockets of requests
   * do.
   */
  readonly keepsAlive?: boolean | undefined;
}

/**
 * Deadlines of many requests with one timer among them: a wheel of buckets, each a doubly linked list. `add` and `remove` are O(1); a
 * tick costs what is due in it. A deadline is told at most one tick (5 ms) and the platform's own delay late, never early.
 *
 * The timer runs only while something waits.
 *
 * Source: G. Varghese, T. Lauck, "Hashed and Hierarchical Timing Wheels", 1987 (scheme 6, with entries that skip rounds).
 */
export class DeadlineQueue {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #scheduler: Pick<Scheduler, "after">;
  readonly #keepsAlive: boolean;
  readonly #buckets: DeadlineTicket[] = Array.from({ length: BUCKET_COUNT }, createRing);
  #count = 0;
  /** The last tick that was worked off. */
  #tick = 0;
  #timer: ScheduledTask | undefined;

  constructor({ clock, scheduler, keepsAlive = false }: DeadlineQueueOptions) {
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#keepsAlive = keepsAlive;
  }

  /** How many deadlines wait. */
  get count(): number {
    return this.#count;
  }

  /** Lets an entry be told after `delayMs`; at the next tick when that is 0 or less. `Infinity` is not for here. */
  add(entry: DeadlineEntry, delayMs: number): DeadlineTicket {
    const nowMs = this.#clock.monotonicMs();
    // Nothing waited, so no tick between then and now has anything in it.
    if (this.#count === 0) this.#tick = Math.floor(nowMs / TICK_MS);
    const dueTick = Math.max(this.#tick + 1, Math.ceil((nowMs + delayMs) / TICK_MS));
    const head = this.#buckets[dueTick % BUCKET_COUNT] as DeadlineTicket;
    const ticket: DeadlineTicket = { entry, dueTick, previous: head.previous, next: head };
    head.previous.next = ticket;
    head.previous = ticket;
    this.#count += 1;
    if (this.#timer === undefined) this.#wake();
    return ticket;
  }

  /** Takes a deadline back. Without effect once it was told or taken back. */
  remove(ticket: DeadlineTicket): void {
    if (ticket.entry === undefined) return;
    unlink(ticket);
    this.#count -= 1;
    if (this.#count === 0) this.#stop();
  }

  /** Forgets all deadlines and stops the timer. */
  clear(): void {
    for (const head of this.#buckets) while (head.next !== head) unlink(head.next);
    this.#count = 0;
    this.#stop();
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #wake(): void {
    this.#timer = this.#scheduler.after(TICK_MS, () => this.#advance(), this.#keepsAlive);
  }

  #advance(): void {
    this.#timer = undefined;
    const nowTick = Math.floor(this.#clock.monotonicMs() / TICK_MS);
    // After a pause of a whole round every bucket is looked at once, and no more.
    const from = Math.max(this.#tick + 1, nowTick - BUCKET_COUNT + 1);
    this.#tick = Math.max(this.#tick, nowTick);
    for (let tick = from; tick <= nowTick; tick += 1) this.#expireBucket(tick % BUCKET_COUNT, nowTick);
    if (this.#count > 0 && this.#timer === undefined) this.#wake();
  }

  #expireBucket(bucket: number, nowTick: number): void {
    const head = this.#buckets[bucket] as DeadlineTicket;
    // What a callback adds goes to later buckets, or to the end of this one with a later tick.
    const last = head.previous;
    let ticket = head.next;
    while (ticket !== head) {
      const { next, entry } = ticket;
      const isLast = ticket === last;
      if (ticket.dueTick <= nowTick && entry !== undefined) {
        unlink(ticket);
        this.#count -= 1;
        entry.onDeadline();
      }
      // The callback may have removed what was next; an unlinked ticket leads nowhere, so the bucket is begun anew.
      if (isLast) return;
      ticket = next.entry === undefined && next !== head ? head.next : next;
    }
  }
}

function createRing(): DeadlineTicket {
  const head = { entry: undefined, dueTick: 0 } as DeadlineTicket;
  head.previous = head;
  head.next = head;
  return head;
}

function unlink(ticket: DeadlineTicket): void {
  ticket.previous.next = ticket.next;
  ticket.next.previous = ticket.previous;
  ticket.previous = ticket;
  ticket.next = ticket;
  ticket.entry = undefined;
}
