import type { Clock } from "../foundation/clock.ts";
import type { ScheduledTask, Scheduler } from "../foundation/scheduler.ts";
import type { WorkTicket } from "./running-work.ts";
import { type RevalidatedCopy, UsedCopies, type UsedCopy } from "./used-copies.ts";

/** What is said of a copy: its entry is the one that was read, or is not for certain, or nobody could be asked. */
export type CopyVerdict = "unchanged" | "changed" | "unknown";

/** What the store is asked; see `Backend.revalidation`, which fits. */
export interface RevalidatedStore {
  /** Names what answers can be compared with. No I/O. */
  readonly life: string;
  /** Rejects when there is no answer, and must settle by itself. @returns a verdict for each entry, in their order */
  revalidate(
    entries: readonly (Pick<RevalidatedCopy, "version" | "expiresAt" | "tags"> & { readonly key: string })[],
    context: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly CopyVerdict[]>;
}

/** What a cycle needs. */
export interface RevalidationCycleParts {
  readonly store: RevalidatedStore;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly maxStalenessMs: number;
  /** To be called just before a question leaves, and when its answer was looked at. */
  readonly begin: (key: string) => WorkTicket;
  readonly end: (ticket: WorkTicket) => void;
  /** Whether nothing that was heard of since the ticket was made is newer than the copy. */
  readonly isStanding: (ticket: WorkTicket, copy: RevalidatedCopy) => boolean;
  /** Whether this is the copy that is there of a key. */
  readonly holds: (key: string, copy: RevalidatedCopy) => boolean;
  /** Ends the copy of a key, if it is this one. */
  readonly drop: (key: string, copy: RevalidatedCopy) => void;
  /** Called with each answer, and each failure. */
  readonly onLook: (look: FinishedLook) => void;
}

/** What became of a look. */
export interface FinishedLook {
  /** How long the answer took, or its failure, in ms. */
  readonly durationMs: number;
  readonly isAnswered: boolean;
  /** Copies that the store was asked about. */
  readonly askedCopies: number;
  /** Those that ended, because their entries are others. */
  readonly changedCopies: number;
}

/** Looks in one bound of staleness, so that one may be lost. */
const LOOKS_PER_BOUND = 3;

/** A copy is not asked about while its proof is younger than this part of the bound: below a third, for timers may fire early. */
const YOUNG_RATIO = 0.25;

/** A hung store gets no more questions than this at a time. */
const MAX_RUNNING = 3;

/**
 * Copies that one look asks about. As many cost this process some ms, three times in the bound; those beyond it lapse, and are read again as if nobody asked.
 */
export const MAX_ASKED_COPIES = 4_096;

/** Copies of which it is known that they were served. More than are asked about, so that the hottest of them can be. */
const MAX_LISTED_COPIES: number = 4 * MAX_ASKED_COPIES;

/** `life` of a copy that no question can prove. */
export const UNPROVABLE = 0;

/**
 * Asks a store without heads whether the copies that are read are current, three times in each bound of staleness, as long as somebody reads. Who reads nothing asks nothing.
 *
 * ```text
 * idle ──a copy is served──▶ look at once ──▶ waiting a third of the bound ──(some were served)──▶ look …
 *   ▲                                                  │
 *   └────────────────(none was served)─────────────────┘
 * look: the hottest of those that were served, whose proof is not young ─▶ question ─▶ unchanged, and nothing newer was heard of meanwhile: as good as read when the question was *sent*
 *                                                                                 ├▶ changed: the copy ends
 *                                                                                 └▶ unknown, or no answer: nothing is proven; it lapses by itself
 * ```
 *
 * A verdict compares with what a read returned in the same life of the store, see {@link RevalidatedStore.life}. Lives are counted here, and a copy has the number of the one in which its read
 * began and ended; {@link UNPROVABLE} where the two differ, and for what this process wrote.
 */
export class RevalidationCycle {
  readonly #parts: RevalidationCycleParts;
  readonly #used = new UsedCopies(MAX_LISTED_COPIES);
  #timer: ScheduledTask | undefined;
  #runningCount = 0;
  #isClosed = false;
  #life = "";
  #lifeNumber = UNPROVABLE;
  #answeredAtMs = Number.NEGATIVE_INFINITY;
  #begunAtMs = 0;

  constructor(parts: RevalidationCycleParts) {
    this.#parts = parts;
  }

  /** The number of the store's life now. */
  lifeNumber(): number {
    const { life } = this.#parts.store;
    if (life !== this.#life || this.#lifeNumber === UNPROVABLE) {
      this.#life = life;
      this.#lifeNumber += 1;
    }
    return this.#lifeNumber;
  }

  /** How long ago, in ms, the last answered question was sent. `undefined`: none was since somebody began to read, or nobody reads. */
  answerAgeMs(nowMs: number): number | undefined {
    return this.#timer === undefined || this.#answeredAtMs < this.#begunAtMs ? undefined : nowMs - this.#answeredAtMs;
  }

  /** A copy is served. */
  touch(key: string, copy: RevalidatedCopy): void {
    this.#used.note(key, copy);
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#begunAtMs = this.#parts.clock.monotonicMs();
    this.#lookAfter(0);
  }

  /** Looks as soon as the turn is over, beyond the rhythm: something may have been missed. Nothing where nobody reads. */
  hurry(): void {
    if (this.#timer === undefined || this.#isClosed) return;
    this.#timer.cancel();
    this.#lookAfter(0);
  }

  /** Ends it. Answers that still come are not looked at. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #lookAfter(delayMs: number): void {
    this.#timer = this.#parts.scheduler.after(delayMs, () => this.#look());
  }

  #look(): void {
    if (this.#used.count === 0) {
      this.#timer = undefined;
      return;
    }
    const { clock, maxStalenessMs, holds } = this.#parts;
    this.#lookAfter(maxStalenessMs / LOOKS_PER_BOUND);
    if (this.#runningCount >= MAX_RUNNING) return;
    const life = this.lifeNumber();
    const youngFromMs = clock.monotonicMs() - maxStalenessMs * YOUNG_RATIO;
    const asked = this.#used.takeHottest(MAX_ASKED_COPIES, ({ key, copy }) => {
      if (copy.life !== life || !holds(key, copy)) return "never";
      return copy.readAtMs > youngFromMs ? "later" : "now";
    });
    if (asked.length > 0) void this.#ask(asked, life);
  }

  async #ask(asked: readonly UsedCopy[], life: number): Promise<void> {
    const { store, clock, begin, end, onLook } = this.#parts;
    const entries = asked.map(({ key, copy: { version, expiresAt, tags } }) => ({ key, version, expiresAt, tags }));
    const sentAtMs = clock.monotonicMs();
    const tickets = asked.map(({ key }) => begin(key));
    let verdicts: readonly CopyVerdict[] | undefined;
    this.#runningCount += 1;
    try {
      const answer: unknown = await store.revalidate(entries, {});
      // Stores may be anybody's.
      if (Array.isArray(answer)) verdicts = answer as readonly CopyVerdict[];
    } catch {
      // Who asks tells of the failure. What cannot be proven lapses by itself.
    }
    this.#runningCount -= 1;
    let changedCopies = 0;
    if (verdicts !== undefined && !this.#isClosed && this.lifeNumber() === life) {
      changedCopies = this.#apply(asked, tickets, verdicts);
    }
    for (const ticket of tickets) end(ticket);
    if (this.#isClosed) return;
    const isAnswered = verdicts?.some((verdict) => verdict !== "unknown") === true;
    if (isAnswered) this.#answeredAtMs = Math.max(this.#answeredAtMs, sentAtMs);
    onLook({ durationMs: clock.monotonicMs() - sentAtMs, isAnswered, askedCopies: asked.length, changedCopies });
  }

  /** @returns how many copies ended */
  #apply(asked: readonly UsedCopy[], tickets: readonly WorkTicket[], verdicts: readonly CopyVerdict[]): number {
    const { isStanding, drop } = this.#parts;
    let changedCopies = 0;
    for (const [index, { key, copy }] of asked.entries()) {
      const ticket = tickets[index] as WorkTicket;
      const verdict = verdicts[index];
      if (verdict === "changed") {
        drop(key, copy);
        changedCopies += 1;
      } else if (verdict === "unchanged" && isStanding(ticket, copy) && ticket.sentAtMs > copy.readAtMs) {
        copy.readAtMs = ticket.sentAtMs;
      }
    }
    return changedCopies;
  }
}
