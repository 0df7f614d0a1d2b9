import { backoffMs } from "../../foundation/backoff.ts";
import type { ScheduledTask } from "../../foundation/scheduler.ts";
import { type DialedRedis, dialRedis } from "./dial-redis.ts";
import type { NodeRedisClient } from "./node-redis-library.ts";
import type { RedisHost } from "./redis-host.ts";
import type { RedisSettings } from "./redis-settings.ts";

/** What a dialer is made of. */
export interface RedisDialerParts {
  readonly address: string;
  readonly role: "primary" | "replica";
  readonly settings: RedisSettings;
  readonly host: RedisHost;
  /** Asks a new connection's server what must hold; see `dial-redis.ts`. */
  readonly verify: (client: NodeRedisClient) => Promise<void>;
}

/** Who wants connections. */
export interface RedisDialerOwner {
  /** Takes a connection. */
  onDialed(dialed: DialedRedis): void;
  /** None could be opened; the pause before the next attempt has begun. */
  onDialFailed(error: unknown): void;
  /** The pause is over: asks for a connection if one is still needed. */
  onPauseOver(): void;
}

/**
 * Opens connections to one server, one at a time.
 *
 * - Idle: nothing is being opened. `dial` → dialing.
 * - Dialing: all who ask wait for the same connection. Opened → idle; failed → pausing.
 * - Pausing: after a failure, the longer the more there were in a row. Over, or `dial` before that → the owner may dial again.
 * - Closed: for good; what is being opened is given up.
 */
export class RedisDialer {
  readonly #parts: RedisDialerParts;
  readonly #owner: RedisDialerOwner;
  readonly #closing = new AbortController();
  #dialing: Promise<void> | undefined;
  #failureCount = 0;
  #pause: ScheduledTask | undefined;

  constructor(parts: RedisDialerParts, owner: RedisDialerOwner) {
    this.#parts = parts;
    this.#owner = owner;
  }

  get isDialing(): boolean {
    return this.#dialing !== undefined;
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Whether the last attempt failed and the next has not begun, or none will. */
  get isDown(): boolean {
    return this.#pause !== undefined || this.isClosed;
  }

  /** Opens a connection, or waits for the one that is being opened. @throws what opening it threw, or why it was closed */
  dial(): Promise<void> {
    if (this.isClosed) return Promise.reject(this.#closing.signal.reason);
    this.endPause();
    this.#dialing ??= this.#open().finally(() => {
      this.#dialing = undefined;
    });
    return this.#dialing;
  }

  /** Takes back the next attempt. */
  endPause(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
  }

  /** Gives up what is being opened, for good. */
  close(error: unknown): void {
    this.#closing.abort(error);
    this.#pause?.cancel();
  }

  async #open(): Promise<void> {
    const { address, role, settings, host, verify } = this.#parts;
    const { credentials, db, tls, dialTimeoutMs } = settings;
    const isReplica = role === "replica";
    try {
      const plan = { address, credentials, db, tls, dialTimeoutMs, isReplica, host, verify };
      const dialed = await dialRedis(plan, this.#closing.signal);
      // It may have gone between its last answer and now; nobody listened yet.
      if (!dialed.client.isReady) throw new Error("the connection was closed at once");
      this.#failureCount = 0;
      this.#owner.onDialed(dialed);
    } catch (error) {
      if (!this.isClosed) this.#onFailed(error);
      throw error;
    }
  }

  #onFailed(error: unknown): void {
    const { settings, host } = this.#parts;
    const pauseMs = backoffMs(this.#failureCount, settings.retryBackoff, host.random);
    this.#failureCount += 1;
    this.#pause = host.scheduler.after(pauseMs, () => {
      this.#pause = undefined;
      this.#owner.onPauseOver();
    });
    this.#owner.onDialFailed(error);
  }
}
