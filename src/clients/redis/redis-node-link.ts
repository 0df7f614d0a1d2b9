import type { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import type { NodeRedisClient } from "./node-redis-library.ts";
import type { RedisNodeFeatures } from "./redis-client.ts";
import type { RedisHost } from "./redis-host.ts";
import { RedisNodePool } from "./redis-node-pool.ts";
import type { RedisSettings } from "./redis-settings.ts";
import { probeServer, readOffset } from "./server-probe.ts";

/** How old a measurement of a server's clock may be before it is made anew. Clocks drift by less than a millisecond in this time. */
const CLOCK_REFRESH_MS = 30_000;

/** What a link is made of. */
export interface RedisNodeLinkParts {
  readonly address: string;
  readonly role: "primary" | "replica";
  readonly settings: RedisSettings;
  readonly host: RedisHost;
  readonly deadlines: DeadlineQueue;
  /** Asks a new connection's server what must hold besides answering, for example its role. */
  readonly verify?: ((client: NodeRedisClient) => Promise<void>) | undefined;
  /** The last connection went away, or none could be opened. */
  readonly onDown?: ((error: unknown) => void) | undefined;
}

/** A server: its pool, and what is known of it. */
export class RedisNodeLink {
  readonly address: string;
  readonly pool: RedisNodePool;
  /** What it said of itself at the last connection. */
  features: RedisNodeFeatures | undefined;
  /** How long its first answer took at the last connection, smoothed with those before. `Infinity` before the first. */
  latencyMs: number = Number.POSITIVE_INFINITY;

  readonly #host: RedisHost;
  #offsetMs = 0;
  #measuredAtMs = 0;
  #isMeasuring = false;

  constructor(parts: RedisNodeLinkParts) {
    const { address, verify, host } = parts;
    this.address = address;
    this.#host = host;
    this.pool = new RedisNodePool({
      ...parts,
      verify: async (client) => {
        await verify?.(client);
        const { features, latencyMs, clockOffsetMs } = await probeServer(client, address, host);
        this.features = features;
        this.#noteLatency(latencyMs);
        if (clockOffsetMs !== undefined) this.#noteOffset(clockOffsetMs);
      },
    });
  }

  /** Milliseconds that the server's wall clock is ahead of ours, as last measured; measured anew in the background when that is old. */
  clockOffsetMs(): number {
    this.refresh();
    return this.#offsetMs;
  }

  /** Measures clock and latency anew in the background, when the last measurement is old. */
  refresh(): void {
    const { clock } = this.#host;
    if (this.#isMeasuring || !this.pool.isUp || clock.monotonicMs() - this.#measuredAtMs < CLOCK_REFRESH_MS) return;
    this.#isMeasuring = true;
    const sentAtMs = clock.monotonicMs();
    const sentAtWallMs = clock.wallMs();
    this.pool.ask(["TIME"]).then(
      (reply) => {
        this.#isMeasuring = false;
        const tookMs = clock.monotonicMs() - sentAtMs;
        this.#noteLatency(tookMs);
        const offsetMs = readOffset(reply, sentAtWallMs + tookMs / 2);
        if (offsetMs !== undefined) this.#noteOffset(offsetMs);
      },
      () => {
        // The connection is gone, and the next one measures; or the account may not ask, and will not the next time.
        this.#isMeasuring = false;
        this.#measuredAtMs = clock.monotonicMs();
      },
    );
  }

  #noteLatency(latencyMs: number): void {
    this.latencyMs = this.latencyMs === Number.POSITIVE_INFINITY ? latencyMs : 0.7 * this.latencyMs + 0.3 * latencyMs;
  }

  #noteOffset(offsetMs: number): void {
    this.#offsetMs = offsetMs;
    this.#measuredAtMs = this.#host.clock.monotonicMs();
  }
}
