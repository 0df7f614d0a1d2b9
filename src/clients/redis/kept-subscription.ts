import { backoffMs } from "../../foundation/backoff.ts";
import type { ScheduledTask } from "../../foundation/scheduler.ts";
import type { RedisChannelListener, RedisSubscription } from "./redis-client.ts";
import type { RedisHost } from "./redis-host.ts";
import type { OpenRedisLine, RedisLine } from "./redis-line.ts";
import type { RedisSettings } from "./redis-settings.ts";

/** Errors of a server, or an account, that does not allow it. */
const REFUSAL = /^(NOPERM|ERR unknown command|ERR This instance has cluster support disabled)/;
/** How long is waited then: an operator has to change that. */
const REFUSED_PAUSE_MS = 60_000;

/** What a subscription is made of. */
export interface KeptSubscriptionParts {
  readonly channels: readonly string[];
  readonly listener: RedisChannelListener;
  readonly openLine: OpenRedisLine;
  readonly settings: Pick<RedisSettings, "readTimeoutMs" | "retryBackoff">;
  readonly host: RedisHost;
  /** The server or the account does not allow it; tried again after a minute. Default: a warning says so. */
  readonly onRefused?: ((error: Error) => void) | undefined;
  /** A channel is not heard over the line any more. */
  readonly onMoved?: ((channel: string) => void) | undefined;
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
  /** Set when it is to end: then it does not come back. */
  #onLost: (() => void) | undefined;

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

  /**
   * Ends it when all is heard that its server has said so far; at the next beat at the latest. Another one must hear the channels already.
   *
   * @param onEnded called when it is over, unless it is closed before
   */
  retire(onEnded: () => void): void {
    const attempt = this.#attempt;
    this.#task?.cancel();
    const end = (): void => {
      if (this.#attempt !== attempt) return;
      this.close();
      onEnded();
    };
    if (attempt?.line === undefined) {
      end();
      return;
    }
    // What is lost from here on ends it, and is told to nobody.
    this.#onLost = end;
    this.#task = this.#parts.host.scheduler.after(this.#parts.settings.readTimeoutMs, end);
    attempt.line.ping().then(end, end);
  }

  async #open(): Promise<void> {
    const { channels, listener, openLine } = this.#parts;
    const attempt: Attempt = { line: undefined, hasHeard: false };
    this.#attempt = attempt;
    const onMessage = (message: Buffer): void => {
      if (this.#attempt !== attempt) return;
      attempt.hasHeard = true;
      listener.onMessage(message);
    };
    try {
      const onLost = (error: unknown): void => this.#lose(attempt, error);
      const onMoved = (channel: string): void => {
        if (this.#attempt === attempt) this.#parts.onMoved?.(channel);
      };
      const line = await openLine(channels, { onMessage, onLost, onMoved }, this.#closing.signal);
      if (this.#attempt !== attempt) {
        line.close();
        return;
      }
      attempt.line = line;
      // What was published before it was there was not heard.
      listener.onGap(true);
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
    if (this.#onLost !== undefined) {
      this.#onLost();
      return;
    }
    const { host, listener, settings } = this.#parts;
    this.#attempt = undefined;
    this.#task?.cancel();
    const wasOpen = attempt.line !== undefined;
    attempt.line?.close();
    const isRefused = error instanceof Error && REFUSAL.test(error.message);
    if (isRefused) (this.#parts.onRefused ?? this.#warn)(error);
    const pauseMs = isRefused ? REFUSED_PAUSE_MS : backoffMs(this.#failureCount, settings.retryBackoff, host.random);
    this.#failureCount += 1;
    this.#task = host.scheduler.after(pauseMs, () => void this.#open());
    if (wasOpen) listener.onGap(false);
  }

  readonly #warn = (): void => {
    if (this.#isWarned) return;
    this.#isWarned = true;
    const { channels, host } = this.#parts;
    const message = `The user may not subscribe to ${channels.join(" and ")}: what other processes tell is found by asking, later. Allow it +subscribe and ${channels.map((channel) => `&${channel}`).join(" ")}.`;
    host.onNotice?.({ kind: "warning", message });
  };
}
