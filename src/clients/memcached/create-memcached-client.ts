import { waitWithin } from "../../foundation/deadline.ts";
import { formatServerAddress, parseServerAddress } from "../server-address.ts";
import { BatchReplies } from "./batch-replies.ts";
import { ConnectionPool } from "./connection-pool.ts";
import type {
  MemcachedAnswer,
  MemcachedBatchAnswer,
  MemcachedCallOptions,
  MemcachedClient,
  MemcachedHost,
} from "./memcached-client.ts";
import type { MemcachedSettings } from "./memcached-settings.ts";
import type { MetaRequest } from "./meta-message.ts";
import { type CallReceiver, type CallWork, PendingCall } from "./pending-call.ts";
import { StatsLines } from "./stats-lines.ts";

/**
 * A client of one Memcached server. Nothing is opened before {@link MemcachedClient.connect} or the first call.
 *
 * @throws TypeError for an address that is none, and for credentials with white space, which the protocol cannot carry
 */
export function createMemcachedClient(settings: MemcachedSettings, host: MemcachedHost): MemcachedClient {
  const address = formatServerAddress(parseServerAddress(settings.address));
  assertCredentials(settings.credentials);
  const pool = new ConnectionPool(settings, host);

  const begin = (work: CallWork, options: MemcachedCallOptions, receiver: CallReceiver): void => {
    const { signal } = options;
    const pending = new PendingCall(work, options, receiver);
    if (signal !== undefined) {
      if (signal.aborted) {
        pending.reject(signal.reason);
        return;
      }
      pending.listen(signal);
    }
    if (pending.keepIfWanted()) pool.submit(pending);
  };
  /** Makes the call's promise. The executor is the only closure that a call costs. */
  const call = <Answer>(work: CallWork, options: MemcachedCallOptions): Promise<Answer> =>
    new Promise<Answer>((resolve, reject) => begin(work, options, { resolve, reject }));

  return {
    address,
    get incarnation() {
      return pool.knowledge.incarnation;
    },
    get version() {
      return pool.knowledge.version;
    },
    get features() {
      return pool.knowledge.features;
    },
    get maxItemBytes() {
      return pool.knowledge.maxItemBytes;
    },
    connect: (signal) =>
      waitWithin(pool.open(), {
        signal,
        timeoutMs: Number.POSITIVE_INFINITY,
        onTimeout: () => undefined,
        scheduler: host.scheduler,
      }),
    close: () => pool.close(),
    send: (request: MetaRequest, options): Promise<MemcachedAnswer> => call(request, options),
    sendTo: begin,
    sendBatch: async (requests, options): Promise<MemcachedBatchAnswer> =>
      // Without requests there is no connection to name; nothing is sent, so nothing can fail.
      requests.length === 0 ? { replies: [], connection: 0 } : call(new BatchReplies(requests), options),
    stats: async (group, options): Promise<ReadonlyMap<string, string>> => call(new StatsLines(group), options),
    connections: () => pool.counts(),
  };
}

/** The protocol sends user and password as two words. */
function assertCredentials(credentials: MemcachedSettings["credentials"]): void {
  if (credentials === undefined) return;
  for (const word of ["username", "password"] as const) {
    if (credentials[word] === "" || /[\0- \x7f]/.test(credentials[word])) {
      throw new TypeError(
        `The ${word} for Memcached has white space or is empty; its authentication cannot carry that.`,
      );
    }
  }
}
