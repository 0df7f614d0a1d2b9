import { type BackoffBounds, backoffMs } from "./backoff.ts";
import type { Clock } from "./clock.ts";
import type { RandomSource } from "./random-source.ts";

/**
 * Where a breaker stands.
 *
 * | state | meaning | leaves it when |
 * |---|---|---|
 * | `closed` | calls pass | enough of them failed: `open` |
 * | `open` | no call passes | its pause is over and somebody wants to call: `half-open` |
 * | `half-open` | one call passes, as a probe | the probe succeeds: `closed`; fails: `open`, with a longer pause |
 */
export type BreakerState = "closed" | "open" | "half-open";

/** When a breaker opens, and for how long. */
export interface BreakerSettings {
  /** Failures in a row that open it. Default: 5. */
  readonly failureCount?: number | undefined;
  /** Share of failed calls within `windowMs` that opens it as well, from four times `failureCount` calls on. Default: 0.5. */
  readonly failureRatio?: number | undefined;
  /** Over how long the share is taken, in ms. Default: 10,000. */
  readonly windowMs?: number | undefined;
  /** Shortest pause before a probe, in ms; each failed probe doubles the longest, with jitter. Default: 500. */
  readonly minOpenMs?: number | undefined;
  /** Longest pause, in ms. Default: 30,000. */
  readonly maxOpenMs?: number | undefined;
}

/** What a breaker is made of. */
export interface CircuitBreakerOptions extends BreakerSettings {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly random: RandomSource;
  /** Told of every change, after it. Must not throw. */
  readonly onChange?: ((state: BreakerState) => void) | undefined;
}

/** How many calls the ratio needs, in failures that would open it: a ratio of few calls says nothing. */
const RATIO_CALLS_PER_FAILURE = 4;

/**
 * Stops calls to something that does not answer, and lets one through from time to time to see whether it does again. Counts only what it is
 * told; which errors are failures is the caller's to say. Starts no timer: an open breaker looks at the clock when it is asked. O(1).
 *
 * A pass names the period in which its call began. What is told of an earlier period changes nothing: a call that began before the
 * breaker opened and fails afterwards is no verdict on the probe.
 *
 * Source: M. Nygard, "Release It!", the pattern Circuit Breaker.
 */
export class CircuitBreaker {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #random: RandomSource;
  readonly #onChange: ((state: BreakerState) => void) | undefined;
  readonly #failureCount: number;
  readonly #failureRatio: number;
  readonly #windowMs: number;
  readonly #openBounds: BackoffBounds;
  #state: BreakerState = "closed";
  #period = 0;
  #failuresInRow = 0;
  #windowStartedAt: number;
  #windowCalls = 0;
  #windowFailures = 0;
  #failedProbes = 0;
  #openUntil = 0;
  #probeGivenUpAt = 0;

  constructor(options: CircuitBreakerOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#onChange = options.onChange;
    this.#failureCount = options.failureCount ?? 5;
    this.#failureRatio = options.failureRatio ?? 0.5;
    this.#windowMs = options.windowMs ?? 10_000;
    this.#openBounds = { minMs: options.minOpenMs ?? 500, maxMs: options.maxOpenMs ?? 30_000 };
    this.#windowStartedAt = options.clock.monotonicMs();
  }

  /** Where it stands. An open breaker whose pause is over is still `open` until somebody enters. */
  get state(): BreakerState {
    return this.#state;
  }

  /** When the next probe may pass, in monotonic ms; of interest while it is open. */
  get openUntil(): number {
    return this.#openUntil;
  }

  /** Asks to make a call. @returns a pass to report the outcome with, or `undefined` when nothing may be called now */
  enter(): number | undefined {
    if (this.#state === "closed") return this.#period;
    const nowMs = this.#clock.monotonicMs();
    // A probe that nobody reports on must not keep the breaker half open for ever.
    if (nowMs < (this.#state === "open" ? this.#openUntil : this.#probeGivenUpAt)) return undefined;
    this.#probeGivenUpAt = nowMs + this.#openBounds.maxMs;
    this.#change("half-open");
    return this.#period;
  }

  /** The call was answered; an error that the other side gave as an answer is one. */
  succeeded(pass: number): void {
    if (pass !== this.#period) return;
    this.#failuresInRow = 0;
    if (this.#state === "half-open") this.#close();
    else this.#count(0);
  }

  /** The call was not answered. */
  failed(pass: number): void {
    if (pass !== this.#period) return;
    if (this.#state === "half-open") {
      this.#failedProbes += 1;
      this.#open();
      return;
    }
    this.#failuresInRow += 1;
    this.#count(1);
    if (this.#failuresInRow >= this.#failureCount || this.#isRatioReached()) this.#open();
  }

  /** The caller left before there was an answer: no verdict. The next one may probe. */
  abandoned(pass: number): void {
    if (pass === this.#period && this.#state === "half-open") this.#probeGivenUpAt = this.#clock.monotonicMs();
  }

  #count(failures: 0 | 1): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#windowStartedAt >= this.#windowMs) {
      this.#windowStartedAt = nowMs;
      this.#windowCalls = 0;
      this.#windowFailures = 0;
    }
    this.#windowCalls += 1;
    this.#windowFailures += failures;
  }

  #isRatioReached(): boolean {
    if (this.#windowCalls < RATIO_CALLS_PER_FAILURE * this.#failureCount) return false;
    return this.#windowFailures >= this.#failureRatio * this.#windowCalls;
  }

  #open(): void {
    this.#openUntil = this.#clock.monotonicMs() + backoffMs(this.#failedProbes, this.#openBounds, this.#random);
    this.#change("open");
  }

  #close(): void {
    this.#failedProbes = 0;
    this.#windowCalls = 0;
    this.#windowFailures = 0;
    this.#windowStartedAt = this.#clock.monotonicMs();
    this.#change("closed");
  }

  #change(state: BreakerState): void {
    const isNew = this.#state !== state;
    this.#period += 1;
    this.#state = state;
    this.#failuresInRow = 0;
    if (isNew) this.#onChange?.(state);
  }
}
