import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import type { MetaKey, MetaReply, MetaRequest } from "../../clients/memcached/meta-message.ts";
import { MARK_BYTES, type Mark, readMark, writeMark } from "./mark.ts";
import { casOf } from "./reply-cas.ts";

/** What is known of a mark's item. */
export interface MarkState {
  readonly mark: Mark;
  /** See `namespace-marks.ts`; means something in the root's item only. */
  readonly versionBase: number;
  /** The item's CAS number. */
  readonly cas: number;
}

/** Where a mark is kept, and the read of it that this turn's callers share. */
export interface MarkSlot {
  readonly key: MetaKey;
  readonly request: MetaRequest;
  /** @internal */ pending: Promise<MarkState | undefined> | undefined;
}

/** Length of a mark's item. */
const STATE_BYTES = MARK_BYTES + 8;
const READ_OPTIONS = { operation: "get", kind: "read" } as const;

/** A slot for the item of a key. */
export function createMarkSlot(key: MetaKey): MarkSlot {
  return { key, request: { kind: "get", key, flags: "c v" }, pending: undefined };
}

/**
 * The bytes of a mark's item.
 *
 * ```text
 * mark (8 bytes) · version base, float64
 * ```
 */
export function encodeMarkState(mark: Mark, versionBase: number): Buffer {
  const bytes = Buffer.allocUnsafe(STATE_BYTES);
  writeMark(bytes, 0, mark);
  bytes.writeDoubleBE(versionBase, MARK_BYTES);
  return bytes;
}

/** Reads the reply to a slot's request; `undefined` when the item is not there, or is nothing that this library wrote. */
export function decodeMarkState({ value, flags }: MetaReply): MarkState | undefined {
  if (value?.length !== STATE_BYTES) return undefined;
  return { mark: readMark(value, 0), versionBase: value.readDoubleBE(MARK_BYTES), cas: casOf(flags) };
}

interface WaitingRead {
  readonly slot: MarkSlot;
  readonly resolve: (state: MarkState | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads marks, each at most once for all callers of one turn of the event loop.
 *
 * The request is made when the turn's callbacks are done, so after everybody who shares it has asked: a mark that was read before a caller asked
 * could be one that a clear, confirmed in between, had ended.
 */
export class MarkReader {
  readonly #client: MemcachedClient;
  #waiting: WaitingRead[] = [];

  constructor(client: MemcachedClient) {
    this.#client = client;
  }

  /** The mark as it is after this call. Rejects with the client's errors. */
  read(slot: MarkSlot): Promise<MarkState | undefined> {
    if (slot.pending !== undefined) return slot.pending;
    const pending = new Promise<MarkState | undefined>((resolve, reject) => {
      // nextTick and not a microtask: the callers that one chunk of replies woke have all asked by then.
      if (this.#waiting.push({ slot, resolve, reject }) === 1) process.nextTick(() => this.#send());
    });
    // Somebody may have left before it fails; those who stay are told nevertheless.
    pending.catch(() => undefined);
    slot.pending = pending;
    return pending;
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { slot, resolve, reject } of waiting) {
      slot.pending = undefined;
      this.#client.send(slot.request, READ_OPTIONS).then(({ reply }) => resolve(decodeMarkState(reply)), reject);
    }
  }
}
