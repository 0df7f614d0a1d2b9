import type { CacheTransport } from "../../coherence/transport.ts";
import { systemClock } from "../../foundation/clock.ts";
import { ConfigError } from "../../foundation/errors.ts";
import { systemScheduler } from "../../foundation/scheduler.ts";
import { MailTransport } from "../mail-transport.ts";
import { openChannelMail } from "./channel-mail.ts";

/** How threads find each other. */
export interface WorkerTransportOptions {
  /** Caches with the same name hear each other, in whatever threads of the process they are. Default: `"caches"`. Range: a text of 1 to 256 characters. */
  readonly channel?: string | undefined;
}

const DEFAULT_CHANNEL = "caches";
const MAX_CHANNEL_LENGTH = 256;

/**
 * Caches in worker threads of one process tell each other what they change, over a BroadcastChannel, which needs no wiring: each thread makes its own, with the same name. For caches of one
 * thread it does as well.
 *
 * Opens nothing before the cache is used; keeps no thread alive. A thread that ends without closing its cache is known as a peer for half a minute more, and nothing else is wrong.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID` for a name that is none
 *
 * @example
 * ```ts
 * import { createCache, workerTransport } from "gocachex";
 *
 * const cache = createCache({
 *   hierarchical: true,
 *   l1: { backend: "memory" },
 *   l2: { backend: "memcached", memcached: { servers: ["127.0.0.1:11211"] } },
 *   transport: workerTransport({ channel: "shop" }),
 * });
 * await cache.close();
 * ```
 */
export function workerTransport({ channel = DEFAULT_CHANNEL }: WorkerTransportOptions = {}): CacheTransport {
  if (typeof channel !== "string" || channel === "" || channel.length > MAX_CHANNEL_LENGTH) {
    const message = `channel must be a text of 1 to ${MAX_CHANNEL_LENGTH} characters.`;
    throw new ConfigError("GCX_CONFIG_INVALID", "transport.channel", message);
  }
  return {
    name: "worker",
    join: (nodeId) =>
      new MailTransport({
        ...{ name: "worker", storeName: channel, nodeId, clock: systemClock, scheduler: systemScheduler },
        store: { openMail: (id, listener) => openChannelMail(channel, id, listener, systemScheduler) },
      }),
  };
}
