import { type BackoffBounds, backoffMs } from "../foundation/backoff.ts";
import type { Clock } from "../foundation/clock.ts";
import type { RandomSource } from "../foundation/random-source.ts";
import type { ScheduledTask, Scheduler } from "../foundation/scheduler.ts";
import { type ArrivalListener, DELETION, type PendingChange, PendingWrite, sizeOfChange } from "./pending-write.ts";

/** What became of one write of a batch. */
export type WriteFate =
  /** It arrived; `error`: and was refused for good, so that its key was given up. */
  | { readonly kind: "arrived" }
  /** It may be tried again. */
  | { readonly kind: "failed"; readonly error: unknown }
  /** It will never be accepted. */
  | { readonly kind: "refused"; readonly error: unknown };

/** What a queue is made of. */
export interface WriteQueueParts {
  /** Most writes that wait or are on their way. */
  readonly maxCount: number;
  /** Most bytes of their keys and values. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
  /** Sends writes of different keys; fates in their order. Must not reject. */
  readonly send: (batch: readonly PendingWrite[]) => Promise<readonly WriteFate[]>;
  /** Told of writes that will not arrive. */
  readonly onRefused: (write: PendingWrite, error: unknown) => void;
}

/**
 * Writes that leave together: at most enough to make the round trip cheap. Half as many after an attempt of which nothing arrived, for large values on a slow link would otherwise be late
 * again and again; twice as many after one of which something did.
 */
const BATCH_COUNTS = { min: 16, max: 500 } as const;
/** Pauses while the store takes nothing: short enough that a store which is back is used at once, long enough not to hammer one that is coming up. */
const PAUSES: BackoffBounds = { minMs: 20, maxMs: 1_000 };

/**
 * Writes that wait for a store, at most one for each key that has not left and one that has.
 *
 * ```text
 * add ─▶ queued ──── leaves with others ───▶ on its way ──▶ arrived
 *          ▲ │ later write of the key           │ failed
 *          └─┘ takes its place                  └─▶ queued again at the end, or dropped where a later write of its key is queued
 * ```
 *
 * One batch is on its way at a time and has each key once, so the writes of a key arrive in their order. What has left is never changed: a later write of its key waits behind it. A batch
 * that fails as a whole is followed by a pause that grows; where a part of it arrived, as when one of several servers is down, the rest goes to the end of the queue, so that it does not
 * keep others from leaving.
 */
export class WriteQueue {
  readonly #parts: WriteQueueParts;
  /** In the order in which they leave. */
  readonly #queued = new Map<string, PendingWrite>();
  readonly #leaving = new Map<string, PendingWrite>();
  /** Of all writes that wait or are on their way. */
  #sizeBytes = 0;
  #isRunning = false;
  #isStopped = false;
  #failedAttempts = 0;
  #batchCount: number = BATCH_COUNTS.max;
  #failingSinceMs: number | undefined;
  #lastError: unknown;
  #pause: { readonly timer: ScheduledTask; readonly resume: () => void } | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(parts: WriteQueueParts) {
    this.#parts = parts;
  }

  /** How many writes wait or are on their way. */
  get count(): number {
    return this.#queued.size + this.#leaving.size;
  }

  /** About how many bytes those take. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** For how long every attempt has failed, in ms; 0 when the last one did not. */
  get failingForMs(): number {
    return this.#failingSinceMs === undefined ? 0 : this.#parts.clock.monotonicMs() - this.#failingSinceMs;
  }

  /** What the last failed attempt failed with; `undefined` when none did since the store last took something. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** The newest write of a key that has not arrived. */
  find(key: string): PendingWrite | undefined {
    return this.#queued.get(key) ?? this.#leaving.get(key);
  }

  /** Takes a change, if there is room: in the place of an earlier one of the key that has not left, there is unless it is larger. */
  tryAdd(key: string, change: PendingChange): boolean {
    if (this.#isStopped) return false;
    const { maxCount, maxBytes } = this.#parts;
    const queued = this.#queued.get(key);
    const growthBytes = sizeOfChange(key, change.sizeBytes) - (queued?.sizeBytes ?? 0);
    if (growthBytes > 0 && this.#sizeBytes + growthBytes > maxBytes) return false;
    if (queued === undefined && this.count >= maxCount) return false;
    this.#sizeBytes += growthBytes;
    if (queued !== undefined) {
      queued.replace(change);
      return true;
    }
    this.#queued.set(key, new PendingWrite(key, change));
    this.#run();
    return true;
  }

  /** Resolves when what waits now for these keys, or for all, has arrived. Rejects with what an attempt failed with. O(waiting writes) for all. */
  arrivalOf(keys: readonly string[] | undefined): Promise<void> {
    const waiting =
      keys === undefined
        ? [...this.#leaving.values(), ...this.#queued.values()]
        : keys.map((key) => this.find(key)).filter((write) => write !== undefined);
    if (waiting.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      let missingCount = waiting.length;
      const listener: ArrivalListener = (error) => {
        missingCount -= 1;
        if (error !== undefined) reject(error);
        else if (missingCount === 0) resolve();
      };
      for (const write of waiting) write.onArrival(listener);
    });
  }

  /** Sends what waits, now and again, until all has arrived or the time is over; then nothing is sent any more. @returns what has not arrived */
  async drain(timeoutMs: number): Promise<readonly PendingWrite[]> {
    if (this.count > 0) {
      const { scheduler } = this.#parts;
      await new Promise<void>((resolve) => {
        const timer = scheduler.after(timeoutMs, resolve, true);
        this.#onEmpty = () => {
          timer.cancel();
          resolve();
        };
        this.#resume();
      });
    }
    this.#isStopped = true;
    const left = [...this.#leaving.values(), ...this.#queued.values()];
    this.#queued.clear();
    this.#sizeBytes = 0;
    for (const write of this.#leaving.values()) this.#sizeBytes += write.sizeBytes;
    this.#resume();
    for (const write of left) write.settle(this.#lastError ?? new Error("The cache was closed."));
    return left;
  }

  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    // What is written in the same turn of the event loop leaves together.
    this.#parts.scheduler.soon(() => void this.#sendAll());
  }

  async #sendAll(): Promise<void> {
    while (this.#queued.size > 0) {
      const batch = this.#take();
      const fates = await this.#parts.send(batch);
      const failedCount = this.#settle(batch, fates);
      if (failedCount < batch.length) {
        this.#failedAttempts = 0;
        this.#batchCount = Math.min(BATCH_COUNTS.max, this.#batchCount * 2);
      } else {
        this.#batchCount = Math.max(BATCH_COUNTS.min, Math.floor(this.#batchCount / 2));
        await this.#waitBeforeNextAttempt();
      }
    }
    this.#isRunning = false;
    if (this.#leaving.size === 0) this.#onEmpty?.();
  }

  /** The oldest writes. None of their keys is on its way: the batch before has settled. */
  #take(): readonly PendingWrite[] {
    const batch: PendingWrite[] = [];
    for (const [key, write] of this.#queued) {
      if (batch.length === this.#batchCount) break;
      batch.push(write);
      this.#queued.delete(key);
      this.#leaving.set(key, write);
    }
    return batch;
  }

  /** @returns how many failed */
  #settle(batch: readonly PendingWrite[], fates: readonly WriteFate[]): number {
    let failedCount = 0;
    for (const [index, write] of batch.entries()) {
      const fate = fates[index] as WriteFate;
      this.#leaving.delete(write.key);
      this.#sizeBytes -= write.sizeBytes;
      if (fate.kind === "arrived") {
        write.settle();
        continue;
      }
      if (fate.kind === "failed") failedCount += 1;
      this.#settleUnwritten(write, fate);
    }
    const last = fates.findLast(({ kind }) => kind === "failed") as { readonly error: unknown } | undefined;
    this.#lastError = last?.error;
    if (failedCount < batch.length) this.#failingSinceMs = undefined;
    else this.#failingSinceMs ??= this.#parts.clock.monotonicMs();
    return failedCount;
  }

  #settleUnwritten(write: PendingWrite, { kind, error }: Exclude<WriteFate, { kind: "arrived" }>): void {
    const isRefused = kind === "refused";
    // Once it has stopped, `drain` has told of it, and a store that is closing refuses whatever is on its way.
    if (isRefused && !this.#isStopped) this.#parts.onRefused(write, error);
    // A later write of the key is there: it says all that is to be said.
    const isReplaced = this.#queued.has(write.key) || this.#isStopped;
    const isDelete = write.write === undefined;
    if (!isReplaced && !(isRefused && isDelete)) {
      write.isAlone = true;
      // What the refused value was to replace must not be read again.
      if (isRefused) write.replace(DELETION);
      this.#queued.set(write.key, write);
      this.#sizeBytes += write.sizeBytes;
    }
    write.settle(error);
  }

  async #waitBeforeNextAttempt(): Promise<void> {
    if (this.#isStopped) return;
    const pauseMs = backoffMs(this.#failedAttempts, PAUSES, this.#parts.random);
    this.#failedAttempts += 1;
    await new Promise<void>((resume) => {
      // Keeps the process alive: what callers were told is done must not end with it in silence.
      this.#pause = { timer: this.#parts.scheduler.after(pauseMs, resume, true), resume };
    });
    this.#pause = undefined;
  }

  /** Ends a pause. */
  #resume(): void {
    this.#pause?.timer.cancel();
    this.#pause?.resume();
  }
}
