import { backoffMs } from "../../foundation/backoff.ts";
import type { ScheduledTask } from "../../foundation/scheduler.ts";
import type { RedisChannelListener, RedisSubscription } from "./redis-client.ts";
import type { RedisHost } from "./redis-host.ts";
import type { OpenRedisLine, RedisLine } from "./redis-line.ts";
import type { RedisSettings } from "./redis-settings.ts";

/** How long is waited when the account may not subscribe: an operator has to change that. */
const REFUSED_PAUSE_MS = 60_000;

/** What a subscription is made of. */
export interface KeptSubscriptionParts {
  readonly channel: string;
  readonly listener: RedisChannelListener;
  readonly openLine: OpenRedisLine;
  readonly settings: Pick<RedisSettings, "readTimeoutMs" | "retryBackoff">;
  readonly host: RedisHost;
}

/** One line, from its dialling to its end. */
interface Attempt {
  line: RedisLine | undefined;
  /** Whether its server said something since the last beat. */
  hasHeard: boolean;
}

/**
 * A subscription that comes back: when its line is lost, another is opened after a pause.
 *
 * ```text
 * opening ──▶ open ──(lost · silent for two read deadlines · its server is no longer the right one)──▶ pause ──▶ opening
 * ```
 *
 * Each read deadline is a beat: the server is asked something, and one of which nothing was heard until the next beat is given up. So a link that is dead on one side is found,
 * which TCP would keep for hours.
 */
export class KeptSubscription implements RedisSubscription {
  readonly #parts: KeptSubscriptionParts;
  readonly #closing = new AbortController();
  #attempt: Attempt | undefined;
  #task: ScheduledTask | undefined;
  /** Grows until a line lives for a beat, so that a server that drops each line at once is not dialled without a pause. */
  #failureCount = 0;
  #isWarned = false;

  constructor(parts: KeptSubscriptionParts) {
    this.#parts = parts;
  }

  /** Begins. To be called once. */
  open(): void {
    void this.#open();
  }

  close(): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    this.#task?.cancel();
    this.#closing.abort(new Error("the subscription is closed"));
    attempt?.line?.close();
  }

  async #open(): Promise<void> {
    const { channel, listener, openLine } = this.#parts;
    const attempt: Attempt = { line: undefined, hasHeard: false };
    this.#attempt = attempt;
    const onMessage = (message: Buffer): void => {
      if (this.#attempt !== attempt) return;
      attempt.hasHeard = true;
      listener.onMessage(message);
    };
    try {
      const onLost = (error: unknown): void => this.#lose(attempt, error);
      const line = await openLine(channel, { onMessage, onLost }, this.#closing.signal);
      if (this.#attempt !== attempt) {
        line.close();
        return;
      }
      attempt.line = line;
      // What was published before it was there was not heard.
      listener.onGap();
      if (this.#attempt === attempt) this.#ask(attempt, line);
    } catch (error) {
      this.#lose(attempt, error);
    }
  }

  /** Asks the server, and looks at the next beat whether it said anything. */
  #ask(attempt: Attempt, line: RedisLine): void {
    const { host, settings } = this.#parts;
    attempt.hasHeard = false;
    line.ping().then(
      () => {
        attempt.hasHeard = true;
      },
      (error: unknown) => this.#lose(attempt, error),
    );
    // After the sockets had their turn: a process that stood still must not take what waits there for silence.
    const judge = (): void => host.scheduler.soon(() => this.#judge(attempt, line));
    this.#task = host.scheduler.after(settings.readTimeoutMs, judge);
  }

  #judge(attempt: Attempt, line: RedisLine): void {
    if (this.#attempt !== attempt) return;
    if (!attempt.hasHeard) this.#lose(attempt, new Error("no answer"));
    else if (!line.isCurrent()) this.#lose(attempt, new Error("the channel is heard elsewhere by now"));
    else {
      this.#failureCount = 0;
      this.#ask(attempt, line);
    }
  }

  #lose(attempt: Attempt, error: unknown): void {
    if (this.#attempt !== attempt) return;
    const { host, listener, settings } = this.#parts;
    this.#attempt = undefined;
    this.#task?.cancel();
    const wasOpen = attempt.line !== undefined;
    attempt.line?.close();
    const isRefused = error instanceof Error && error.message.startsWith("NOPERM");
    if (isRefused) this.#warn();
    const pauseMs = isRefused ? REFUSED_PAUSE_MS : backoffMs(this.#failureCount, settings.retryBackoff, host.random);
    this.#failureCount += 1;
    this.#task = host.scheduler.after(pauseMs, () => void this.#open());
    if (wasOpen) listener.onGap();
  }

  #warn(): void {
    if (this.#isWarned) return;
    this.#isWarned = true;
    const { channel, host } = this.#parts;
    const message = `The user may not subscribe to the channel ${channel}: changes by other processes are found by asking, later. Allow it +subscribe and &${channel}.`;
    host.onNotice?.({ kind: "warning", message });
  }
}
