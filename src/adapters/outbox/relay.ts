import { backoffMs } from "../../foundation/backoff.ts";
import type { ScheduledTask } from "../../foundation/scheduler.ts";
import type { PassPorts, PassResult } from "./relay-pass.ts";

/** How much a poll interval varies, so that relays that began together do not look together for ever. */
const POLL_JITTER_RATIO = 0.1;

/** What a relay does again and again. Both may reject. */
export interface RelayWork {
  /** Takes and applies what is due. */
  pass(): Promise<PassResult>;
  /** Ms until a row that was taken before is due again; `undefined` when there is none. */
  nextDueMs(): Promise<number | undefined>;
}

/** How long to wait, and whether the pass before achieved nothing for a failure. */
interface Pause {
  readonly ms: number;
  readonly isFruitless: boolean;
}

/**
 * Runs passes one after the other until it is stopped: at once when it is notified, else after the poll interval, or when a failed row is due again.
 * After a pass that achieved nothing for a failure, it pauses, longer each time; a notification does not shorten that pause, or an
 * application that goes on committing would keep a sick store, or database, busy with attempts.
 */
export class Relay {
  readonly #ports: PassPorts;
  readonly #work: RelayWork;
  #isStopped = false;
  #isNotified = false;
  #isHeedful = true;
  /** Whether rows of ours may wait to be tried again, sooner than the next poll. */
  #hasRetries = false;
  #wake: (() => void) | undefined;

  constructor(ports: PassPorts, work: RelayWork) {
    this.#ports = ports;
    this.#work = work;
  }

  /** Looks at once, or right after the pass that is running: that one may have looked before the commit. */
  notify(): void {
    this.#isNotified = true;
    if (this.#isHeedful) this.#wake?.();
  }

  /** Ends the loop after the pass that is running. */
  stop(): void {
    this.#isStopped = true;
    this.#wake?.();
  }

  /** The loop. Resolves when it was stopped; never rejects. */
  async run(): Promise<void> {
    let failureCount = 0;
    while (!this.#isStopped) {
      // Before the pass: a notification during it is about a commit that it may have missed.
      this.#isNotified = false;
      const pause = await this.#runOnce(failureCount);
      if (pause === undefined) return;
      failureCount = pause.isFruitless ? failureCount + 1 : 0;
      await this.#sleep(pause.ms, !pause.isFruitless);
    }
  }

  /** @returns `undefined` when there is nothing left to wait for */
  async #runOnce(failureCount: number): Promise<Pause | undefined> {
    const { options, events, counters } = this.#ports;
    const bounds = { minMs: options.minRetryDelayMs, maxMs: options.maxRetryDelayMs };
    const pauseMs = Math.ceil(backoffMs(failureCount, bounds, options.random));
    try {
      const { appliedCount, parkedCount, retryInMs, isCacheClosed } = await this.#work.pass();
      if (isCacheClosed) return undefined;
      const hasFailed = retryInMs !== Number.POSITIVE_INFINITY;
      this.#hasRetries ||= hasFailed;
      if (hasFailed && appliedCount + parkedCount === 0) return { ms: pauseMs, isFruitless: true };
      return { ms: await this.#untilNextLookMs(), isFruitless: false };
    } catch (error) {
      if (this.#isStopped) return undefined;
      counters.failureCount += 1;
      events.emit("failure", { stage: "claim", error, rowCount: 0, retryInMs: pauseMs });
      return { ms: pauseMs, isFruitless: true };
    }
  }

  /**
   * The poll interval, or less while failed rows wait. The database says how long, after each pass until none is left: its clock decides what is due, a timer here
   * is not exact, and a notification in between would have made us forget them until the next poll.
   */
  async #untilNextLookMs(): Promise<number> {
    const { random, pollIntervalMs, minRetryDelayMs } = this.#ports.options;
    const pollMs = pollIntervalMs * (1 + (2 * random.next() - 1) * POLL_JITTER_RATIO);
    if (!this.#hasRetries || this.#isStopped) return pollMs;
    const nextDueMs = await this.#work.nextDueMs();
    this.#hasRetries = nextDueMs !== undefined;
    // What is due now and was not taken is in somebody else's hands.
    return nextDueMs === undefined ? pollMs : Math.min(pollMs, Math.max(nextDueMs, minRetryDelayMs));
  }

  #sleep(delayMs: number, isHeedful: boolean): Promise<void> {
    if (this.#isStopped || (isHeedful && this.#isNotified)) return Promise.resolve();
    return new Promise((resolve) => {
      let timer: ScheduledTask | undefined;
      this.#isHeedful = isHeedful;
      this.#wake = () => {
        timer?.cancel();
        this.#wake = undefined;
        this.#isHeedful = true;
        resolve();
      };
      // Keeps the process alive: a relay that is a process's only task is no reason for it to end.
      timer = this.#ports.options.scheduler.after(delayMs, () => this.#wake?.(), true);
    });
  }
}
