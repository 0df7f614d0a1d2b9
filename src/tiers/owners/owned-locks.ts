import type { Clock } from "../../foundation/clock.ts";
import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";
import { type OwnerView, ownerOf } from "./owner-view.ts";

interface HeldLock {
  readonly shard: number;
  readonly lost: AbortController;
  /** Monotonic instant from which the lease is over in any case, in ms. */
  endsAtMs: number;
}

/** What the locks of a node's callers are made of. */
export interface OwnedLocksParts {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly scheduler: Pick<Scheduler, "after">;
  /** D, in ms. */
  readonly rightMs: number;
}

/** Of D: so long before its right is over this node ends its locks. Timers of a busy process are late, and its holders must have heard of it before the right is over. */
const EARLY_RATIO = 1 / 6;
/** Ended leases are looked for when there are so many more. */
const PURGE_COUNT = 64;

/**
 * The locks that callers of this node hold, or are asking for. A lock is at the owner of its shard, and is gone when that becomes another node; who holds it must know before
 * anybody else can have it.
 *
 * - This node is told of a change of the view before it grants the new one, and without its grant nobody acts by that: so a lock whose shard moves ends here first.
 * - Where others have given this node up without its notice, its own right lapses D after they did at the latest, and they own what was another's D + e after: so a lock ends before
 *   the right lapses, by a sixth of D. For as long, and e, the process may be late to notice; one that stands still for longer has the fencing token alone.
 *
 * Between the two sides of a cut nothing holds, as for all else.
 */
export class OwnedLocks {
  readonly #parts: OwnedLocksParts;
  readonly #held = new Map<string, HeldLock>();
  #view: OwnerView | undefined;
  /** Until when nobody can have given this node up, in ms. */
  #agreedUntilMs = Number.NEGATIVE_INFINITY;
  #timer: ScheduledTask | undefined;
  #purgeCount = PURGE_COUNT;

  constructor(parts: OwnedLocksParts) {
    this.#parts = parts;
  }

  /** How many are looked after. */
  get count(): number {
    return this.#held.size;
  }

  /** Looks after a lock from now on; to be called before it is asked for. @returns aborted when the lock may be another's */
  watch(shard: number, key: string, owner: string, ttlMs: number): AbortSignal {
    this.#purge();
    const lost = new AbortController();
    this.#held.set(nameOf(key, owner), { shard, lost, endsAtMs: this.#parts.clock.monotonicMs() + ttlMs });
    this.#arm();
    return lost.signal;
  }

  /** A lock ends later. @returns as {@link OwnedLocks.watch}; `undefined` for one that is not looked after */
  extend(key: string, owner: string, ttlMs: number): AbortSignal | undefined {
    const held = this.#held.get(nameOf(key, owner));
    if (held !== undefined) held.endsAtMs = this.#parts.clock.monotonicMs() + ttlMs;
    return held?.lost.signal;
  }

  /** A lock was given back, or not given. */
  forget(key: string, owner: string): void {
    this.#held.delete(nameOf(key, owner));
  }

  /** The view is another one: what has moved is lost. */
  noteView(view: OwnerView): void {
    const before = this.#view;
    this.#view = view;
    // Alone nobody has to agree; from now on somebody has.
    const untilMs = this.#parts.clock.monotonicMs() + this.#parts.rightMs;
    this.#agreedUntilMs = Math.min(this.#agreedUntilMs, untilMs);
    if (before !== undefined) this.#end(({ shard }) => ownerOf(before, shard) !== ownerOf(view, shard));
  }

  /** All members agree until then (monotonic, in ms). */
  noteAgreed(untilMs: number): void {
    const hasLapsed = this.#parts.clock.monotonicMs() > this.#agreedUntilMs;
    if (hasLapsed && this.#agreedUntilMs !== Number.NEGATIVE_INFINITY) this.endAll();
    this.#agreedUntilMs = Math.max(this.#agreedUntilMs, untilMs);
    this.#arm();
  }

  /** All of them may be others'. */
  endAll(): void {
    this.#end(() => true);
  }

  /** Ends the timer. Their holders are told by others. */
  close(): void {
    this.#timer?.cancel();
    this.#held.clear();
  }

  #end(isLost: (held: HeldLock) => boolean): void {
    for (const [name, held] of [...this.#held]) {
      if (!isLost(held)) continue;
      this.#held.delete(name);
      held.lost.abort();
    }
  }

  /** One timer, as long as there are locks and a right that can lapse. */
  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#held.size === 0 || !Number.isFinite(this.#agreedUntilMs)) return;
    this.#timer = this.#parts.scheduler.after(Math.max(0, this.#restMs()) + 1, () => this.#look());
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#restMs() < 0) this.endAll();
    else this.#arm();
  }

  /** Until the locks end, in ms, unless all agree again. */
  #restMs(): number {
    const { clock, rightMs } = this.#parts;
    return this.#agreedUntilMs - rightMs * EARLY_RATIO - clock.monotonicMs();
  }

  #purge(): void {
    if (this.#held.size < this.#purgeCount) return;
    const nowMs = this.#parts.clock.monotonicMs();
    for (const [name, { endsAtMs }] of this.#held) if (endsAtMs <= nowMs) this.#held.delete(name);
    this.#purgeCount = Math.max(PURGE_COUNT, this.#held.size * 2);
  }
}

function nameOf(key: string, owner: string): string {
  return `${owner} ${key}`;
}
