import type { Cache } from "../cache/cache.ts";
import type { CacheHealth } from "../cache/health.ts";

/** How long an answer is given again: probes of many watchers are one question to the stores. */
const MAX_AGE_MS = 500;

/** What a probe needs. */
export interface HealthProbePorts {
  readonly cache: Cache;
  /** How long an answer is waited for, in ms; longer than the cache's own deadline. */
  readonly timeoutMs: number;
  /** Monotonic clock in ms. */
  readonly now: () => number;
}

/**
 * Asks a cache how it is, for any number of watchers at once: one question at a time, an answer serves half a second. A question that
 * hangs is never asked a second time beside it; its watchers are told `down` after the deadline, and so are those who come later.
 */
export class HealthProbe {
  readonly #ports: HealthProbePorts;
  #running: Promise<CacheHealth> | undefined;
  #startedAtMs = 0;
  #last: { readonly health: CacheHealth; readonly answeredAtMs: number } | undefined;

  constructor(ports: HealthProbePorts) {
    this.#ports = ports;
  }

  /** The health, at most half a second old. Never rejects; answers within the deadline. */
  async check(): Promise<CacheHealth> {
    const { now, timeoutMs } = this.#ports;
    if (this.#last !== undefined && now() - this.#last.answeredAtMs < MAX_AGE_MS) return this.#last.health;
    this.#running ??= this.#ask();
    const leftMs = this.#startedAtMs + timeoutMs - now();
    return withinMs(this.#running, Math.max(0, leftMs), () => late(timeoutMs));
  }

  async #ask(): Promise<CacheHealth> {
    const { cache, now } = this.#ports;
    this.#startedAtMs = now();
    try {
      const health = await cache.health();
      this.#last = { health, answeredAtMs: now() };
      return health;
    } catch {
      return late(this.#ports.timeoutMs);
    } finally {
      this.#running = undefined;
    }
  }
}

function late(timeoutMs: number): CacheHealth {
  const check = { name: "cache", status: "down", latencyMs: timeoutMs } as const;
  return { status: "down", checks: [{ ...check, message: `No answer within ${timeoutMs} ms.` }] };
}

function withinMs<T>(promise: Promise<T>, timeoutMs: number, onTimeout: () => T): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => resolve(onTimeout()), timeoutMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
