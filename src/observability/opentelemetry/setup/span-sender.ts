import { type BackoffBounds, backoffMs } from "../../../foundation/backoff.ts";
import { type RandomSource, systemRandom } from "../../../foundation/random-source.ts";
import { type Scheduler, systemScheduler } from "../../../foundation/scheduler.ts";
import type { SpanPost } from "./span-post.ts";

/** Where spans are sent, and how. */
export interface SpanSenderOptions {
  readonly post: SpanPost;
  /** Told of the first failure after a success, or ever. */
  readonly onOutage: (reason: string) => void;
  /** Default: the platform's. */
  readonly scheduler?: Scheduler | undefined;
  readonly random?: RandomSource | undefined;
}

/** A request may take so long, with all its repetitions, in ms: the default of OTLP. What is not taken until then is dropped. */
const TIMEOUT_MS = 10_000;
const PAUSES: BackoffBounds = { minMs: 500, maxMs: 4_000 };
/** Posts spans to a receiver, again while it is away, and not for long. Whoever ends spans never waits for it. */
export class SpanSender {
  readonly #options: SpanSenderOptions;
  readonly #scheduler: Scheduler;
  readonly #random: RandomSource;
  /** Ends what is on its way. */
  readonly #abort = new AbortController();
  /** Ends pauses early. */
  readonly #wakes = new Set<() => void>();
  #isClosing = false;
  #isOut = false;

  constructor(options: SpanSenderOptions) {
    const { scheduler = systemScheduler, random = systemRandom } = options;
    this.#options = options;
    this.#scheduler = scheduler;
    this.#random = random;
  }

  /** Sends a body. Rejects when the receiver did not take it; then it is lost, and the first loss in a row is told. */
  async send(body: Uint8Array | string): Promise<void> {
    const limit = new AbortController();
    const task = this.#scheduler.after(TIMEOUT_MS, () => limit.abort(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    const signal = AbortSignal.any([limit.signal, this.#abort.signal]);
    try {
      await this.#sendUntil(body, signal);
      this.#isOut = false;
    } catch (error) {
      this.#noteOutage(error);
      throw error;
    } finally {
      task.cancel();
    }
  }

  /** There is no time for pauses any more: what waits for one is sent once more at once, and lost if that fails. */
  hurry(): void {
    this.#isClosing = true;
    for (const wake of [...this.#wakes]) wake();
  }

  /** Ends what is on its way, and frees what is held. */
  close(): void {
    this.hurry();
    this.#abort.abort(new Error("the cache was closed"));
    this.#options.post.close();
  }

  async #sendUntil(body: Uint8Array | string, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const failure = await this.#options.post.post(body, signal);
      if (failure === undefined) return;
      if (!failure.mayHelp || this.#isClosing) throw failure.error;
      await this.#pause(failure.pauseMs ?? backoffMs(attempt, PAUSES, this.#random), signal);
    }
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        task.cancel();
        this.#wakes.delete(wake);
        reject(signal.reason);
      };
      const wake = (): void => {
        task.cancel();
        this.#wakes.delete(wake);
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      const task = this.#scheduler.after(ms, wake);
      this.#wakes.add(wake);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  #noteOutage(error: unknown): void {
    if (this.#isOut) return;
    this.#isOut = true;
    this.#options.onOutage(error instanceof Error ? error.message : String(error));
  }
}
