import type { Clock } from "../foundation/clock.ts";
import type { ScheduledTask, Scheduler } from "../foundation/scheduler.ts";
import type { FreshnessTable } from "./freshness-table.ts";
import type { ShardStamp } from "./shard-stamp.ts";

/** Heads of shards, of moments after the question was sent. */
export interface ProbedHeads {
  /** In the order of the question. */
  readonly stamps: readonly ShardStamp[];
  readonly tagHead: number;
  /** Id of the data of tags, where it is not that of the stamps. */
  readonly tagEpoch?: string | undefined;
}

/** What the shared store is asked. Both reject when there is no answer, and must settle by themselves. */
export interface ProbedTier {
  /** Heads of shards. Also renews this node's lease, where `isMember`: else the two could be done in any order. */
  readonly heads: (shards: readonly number[], isMember: boolean) => Promise<ProbedHeads>;
  /** Takes this node's lease. */
  readonly join: () => Promise<void>;
}

/** What a cycle needs. */
export interface ProbeCycleParts {
  readonly table: FreshnessTable;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly maxStalenessMs: number;
  readonly tier: ProbedTier;
  /** Called with each answer, after the table has it. */
  readonly onProbed: (probe: FinishedProbe) => void;
}

/** What became of a probe. */
export interface FinishedProbe {
  /** How long the answer took, or its failure, in ms. */
  readonly durationMs: number;
  readonly isAnswered: boolean;
  /** Shards whose data is another than before. */
  readonly renewed: readonly number[];
  /** Whether tags' clock went back, or is another. */
  readonly isTagClockLost: boolean;
  /** Shards with changes that nobody told of yet; the place `shardCount` is the clock of tags. */
  readonly owed: readonly number[];
}

/** Probes in one bound of staleness, so that one may be lost. */
const PROBES_PER_BOUND = 3;

/** How long changes that a probe found may be on their way before what they concern counts as not proven: this part of the bound, at most that many ms. */
const SETTLE_RATIO = 0.05;
const MAX_SETTLE_MS = 50;

/** A hung store gets no more questions than this at a time. */
const MAX_RUNNING = 3;

/**
 * Asks the shared store for the heads of the shards that are read, three times in each bound of staleness, as long as somebody reads. Who reads nothing asks nothing.
 *
 * ```text
 * idle ──touch──▶ asking at once ──▶ waiting a third of the bound ──(something was read)──▶ asking …
 *   ▲                                     │
 *   └────────────(nothing was read)───────┘
 * ```
 */
export class ProbeCycle {
  readonly #parts: ProbeCycleParts;
  readonly #isRead: Uint8Array;
  #timer: ScheduledTask | undefined;
  readonly #settling = new Set<ScheduledTask>();
  #runningCount = 0;
  #isClosed = false;
  /** When somebody began to read, after a pause. */
  #begunAtMs = 0;
  #answeredAtMs = Number.NEGATIVE_INFINITY;
  /** When nobody had read for a third of the bound. */
  #pausedAtMs = Number.NEGATIVE_INFINITY;
  /** The last probe has no answer, or not yet. */
  #isOwed = false;
  #repairCount = 0;

  constructor(parts: ProbeCycleParts) {
    this.#parts = parts;
    this.#isRead = new Uint8Array(parts.table.shardCount);
  }

  /** Times that a shard had changes of which nobody told in time. */
  get repairCount(): number {
    return this.#repairCount;
  }

  /** How long ago, in ms, the last answered probe was sent. `undefined`: none was since somebody began to read, or nobody reads. */
  answerAgeMs(nowMs: number): number | undefined {
    return this.#timer === undefined || this.#answeredAtMs < this.#begunAtMs ? undefined : nowMs - this.#answeredAtMs;
  }

  /** For how long, in ms, readers have had no answer to a probe; 0 where nobody reads. */
  unansweredMs(nowMs: number): number {
    return this.#isWaiting(nowMs) ? nowMs - Math.max(this.#begunAtMs, this.#answeredAtMs) : 0;
  }

  /** A copy of this shard is used. */
  touch(shard: number): void {
    this.#isRead[shard] = 1;
    if (this.#timer !== undefined || this.#isClosed) return;
    const nowMs = this.#parts.clock.monotonicMs();
    if (!this.#isWaiting(nowMs)) this.#begunAtMs = nowMs;
    this.#begin();
  }

  /** Whether readers wait for a proof. One reader whose reads fail late pauses between them, and would begin anew each time. */
  #isWaiting(nowMs: number): boolean {
    if (this.#timer !== undefined) return true;
    return this.#isOwed && nowMs - this.#pausedAtMs <= this.#parts.maxStalenessMs;
  }

  /** Asks as soon as the turn is over, beyond the rhythm: something may have been missed. Nothing where nobody reads. */
  hurry(): void {
    if (this.#timer === undefined || this.#isClosed) return;
    this.#timer.cancel();
    this.#begin();
  }

  /** Ends it. Answers that still come are not looked at. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const task of this.#settling) task.cancel();
    this.#settling.clear();
  }

  #begin(): void {
    // Not in the step of a read: all that are read in this turn are asked for together.
    this.#timer = this.#parts.scheduler.after(0, () => this.#beat());
  }

  #beat(): void {
    const shards: number[] = [];
    for (const [shard, isRead] of this.#isRead.entries()) if (isRead === 1) shards.push(shard);
    if (shards.length === 0) {
      this.#timer = undefined;
      this.#pausedAtMs = this.#parts.clock.monotonicMs();
      return;
    }
    this.#isRead.fill(0);
    this.#timer = this.#parts.scheduler.after(this.#parts.maxStalenessMs / PROBES_PER_BOUND, () => this.#beat());
    if (this.#runningCount < MAX_RUNNING) void this.#probe(shards);
  }

  async #probe(shards: readonly number[]): Promise<void> {
    const { table, clock, tier, onProbed } = this.#parts;
    this.#runningCount += 1;
    this.#isOwed = true;
    let answer: ProbedHeads | undefined;
    let sentAtMs = clock.monotonicMs();
    let seenAtSend: readonly number[] = [];
    let tagsSeenAtSend = 0;
    try {
      const isMember = table.isMember(sentAtMs);
      if (!isMember) {
        await tier.join();
        table.renewMembership(sentAtMs);
        sentAtMs = clock.monotonicMs();
      }
      seenAtSend = shards.map((shard) => table.seenOf(shard));
      tagsSeenAtSend = table.seenOf(table.shardCount);
      answer = await tier.heads(shards, isMember);
      if (isMember) table.renewMembership(sentAtMs);
    } catch {
      // Who asks tells of the failure. What cannot be proven lapses by itself.
    } finally {
      this.#runningCount -= 1;
    }
    if (this.#isClosed) return;
    if (answer === undefined) {
      onProbed({
        durationMs: clock.monotonicMs() - sentAtMs,
        isAnswered: false,
        renewed: [],
        isTagClockLost: false,
        owed: [],
      });
      return;
    }
    this.#answeredAtMs = Math.max(this.#answeredAtMs, sentAtMs);
    this.#isOwed = false;
    const { owed, renewed } = table.applyHeads(answer.stamps, seenAtSend, sentAtMs);
    const tags = table.applyTagHead(answer.tagHead, tagsSeenAtSend, sentAtMs, answer.tagEpoch);
    const all = tags === "owed" ? [...owed, table.shardCount] : owed;
    if (all.length > 0) this.#settleLater(all);
    onProbed({
      durationMs: clock.monotonicMs() - sentAtMs,
      isAnswered: true,
      renewed,
      isTagClockLost: tags === "lost",
      owed: all,
    });
  }

  #settleLater(shards: readonly number[]): void {
    const { scheduler, maxStalenessMs, table } = this.#parts;
    const delayMs = Math.min(MAX_SETTLE_MS, maxStalenessMs * SETTLE_RATIO);
    const task = scheduler.after(delayMs, () => {
      this.#settling.delete(task);
      for (const shard of shards) if (table.settle(shard)) this.#repairCount += 1;
    });
    this.#settling.add(task);
  }
}
