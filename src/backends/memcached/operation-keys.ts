import { OP_ID_WINDOW_MS } from "../../backend/counter.ts";
import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import type { MetaReply, MetaRequest } from "../../clients/memcached/meta-message.ts";
import type { Clock } from "../../foundation/clock.ts";
import type { CountedOperation } from "./counted-operation.ts";
import { exptimeSeconds } from "./exptime.ts";
import { reservedKey } from "./reserved-key.ts";
import type { ServerCall } from "./server-call.ts";

/** Length of an operation's item. */
const OPERATION_BYTES = 24;

/**
 * Operations with an id that counters have counted, each under a key of its own.
 *
 * ```text
 * result i64 · version float64 · countedAt float64
 * ```
 *
 * An operation stands in the counter's item first, written in the same step as its result. Only then is it written here, and only when it is here may
 * it leave the item. Whoever looks for one reads the item first and these keys after it: then there is no moment at which it is in neither.
 */
export class OperationKeys {
  readonly #client: MemcachedClient;
  readonly #clock: Pick<Clock, "wallMs">;

  constructor(client: MemcachedClient, clock: Pick<Clock, "wallMs">) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Reads one. */
  request(key: string, digest: string): MetaRequest {
    return { kind: "get", key: reservedKey("o", digest + key), flags: "v" };
  }

  /** What a reply to {@link OperationKeys.request} says. */
  operationIn({ value }: MetaReply, digest: string): CountedOperation | undefined {
    if (value?.length !== OPERATION_BYTES) return undefined;
    const countedAt = value.readDoubleBE(16);
    return { digest, result: value.readBigInt64BE(0), version: value.readDoubleBE(8), countedAt };
  }

  /** Writes those that are not forgotten yet. @param itemVersion version of the item that they were read from */
  async keep(
    key: string,
    operations: readonly CountedOperation[],
    itemVersion: number,
    call: ServerCall,
  ): Promise<void> {
    const nowMs = this.#clock.wallMs();
    const requests: MetaRequest[] = [];
    for (const { digest, result, version, countedAt } of operations) {
      const remainingMs = countedAt + OP_ID_WINDOW_MS - nowMs;
      if (remainingMs <= 0) continue;
      const value = Buffer.allocUnsafe(OPERATION_BYTES);
      value.writeBigInt64BE(result, 0);
      value.writeDoubleBE(version === 0 ? itemVersion : version, 8);
      value.writeDoubleBE(countedAt, 16);
      // Where it is, it says the same; `ME` leaves it alone.
      const flags = `ME T${exptimeSeconds(remainingMs, nowMs)}`;
      requests.push({ kind: "set", key: reservedKey("o", digest + key), value, flags });
    }
    if (requests.length > 0) await call.batch(this.#client, requests, call.write);
  }
}
