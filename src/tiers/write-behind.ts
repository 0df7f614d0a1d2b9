import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import { assertWanted } from "../backend/caller.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../backend/stored-entry.ts";
import type { UnwrittenNotice } from "../backend/unwritten-notice.ts";
import type { Clock } from "../foundation/clock.ts";
import { BackendUnavailableError } from "../foundation/errors.ts";
import type { RandomSource } from "../foundation/random-source.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import { BehindSender } from "./behind-sender.ts";
import { mapMaybe } from "./map-maybe.ts";
import type { NearIsolation } from "./near-copies.ts";
import { DELETION, type PendingChange, type PendingWrite, type SeenEntry } from "./pending-write.ts";
import { PreparedValue } from "./prepared-value.ts";
import { WriteQueue } from "./write-queue.ts";

/** What a store that writes behind is made of. */
export interface WriteBehindParts {
  /** The near copies with the shared store behind them. */
  readonly target: Backend;
  /** Where readers are told that an answer comes from, while its write waits. */
  readonly tierName: string;
  /** As of the near copies. */
  readonly isolation: NearIsolation;
  /** The bytes of a value, where the shared store keeps bytes. */
  readonly encode: ((value: unknown, storedKey: string) => Uint8Array | Promise<Uint8Array>) | undefined;
  /** Most writes that wait. */
  readonly maxPendingCount: number;
  /** Most bytes of keys and values that wait. */
  readonly maxPendingBytes: number;
  /** About how many bytes a value takes that is kept as it is. */
  readonly estimateBytes: (value: unknown) => number;
  /** How long the store has for a batch of writes, in ms. */
  readonly writeMs: number;
  /** How long `close` may take, in ms; the most of it is for what waits. */
  readonly closeMs: number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
  readonly onNotice: (notice: UnwrittenNotice) => void;
}

/** How much of the time to close the shared store has to itself. */
const CLOSE_SHARE = 0.2;
/** What a write that waits says of its version: it has none yet. */
const QUEUED: WriteResult = Object.freeze({ stored: true, version: 0 });

/**
 * Tiers of which the last one is written soon, and not before the call is over: plain writes and deletes are answered as soon as they are in the memory of this process.
 *
 * ```text
 * set, delete ─▶ bytes made ─▶ room in the queue? ── yes ─▶ done       queue ─▶ near copies' tier ─▶ shared store
 *                                       └ no ─▶ what waits for the key arrives ─▶ written through, awaited
 *
 * get ─▶ waits a write of the key? ── yes ─▶ its value        increment, CAS, commit, tags, clear … ─▶ what waits arrives ─▶ shared store
 *              └ no ─▶ near copies ─▶ shared store
 * ```
 *
 * It stands in front of the near copies: what waits is not in the shared store, so nothing can prove it, and it is no copy; the copy comes when it arrives, with its version. Whatever needs
 * the shared store's answer (a condition, a previous value, a counter, versions, everything about tags and namespaces, locks) lets what waits for its keys arrive first.
 *
 * Nothing that waits is dropped but by the end of the process; see `docs/guide/tiers.md` for what is lost then.
 */
export class WriteBehind {
  readonly #parts: WriteBehindParts;
  readonly #queue: WriteQueue;

  constructor(parts: WriteBehindParts) {
    this.#parts = parts;
    const { clock, scheduler, random, target, writeMs } = parts;
    const sender = new BehindSender({ target, clock, scheduler, writeMs });
    this.#queue = new WriteQueue({
      ...{ clock, scheduler, random, maxCount: parts.maxPendingCount, maxBytes: parts.maxPendingBytes },
      send: (batch) => sender.send(batch),
      onRefused: (write, error) => this.#tell("refused", [write], error),
    });
  }

  get queue(): WriteQueue {
    return this.#queue;
  }

  /** What this process has told its callers of a key, while the store has not got it; `undefined`: nothing waits. */
  find(key: string): { readonly entry: StoredEntry | undefined } | undefined {
    const pending = this.#queue.find(key);
    if (pending === undefined) return undefined;
    const { clock, isolation, tierName: tier } = this.#parts;
    const { seen } = pending;
    if (seen === undefined || pending.isOver(clock.monotonicMs())) return { entry: undefined };
    const { kept, expiresAt, tags } = seen;
    return { entry: { value: isolation.reveal(kept), version: 0, expiresAt, tags, tier } };
  }

  /** At once where the bytes are there at once, so that calls of one turn keep their order. */
  set(key: string, write: EntryWrite, context: OperationContext): MaybePromise<WriteResult> {
    return mapMaybe(this.#prepare(key, write, context), (change) => {
      assertWanted(context);
      if (change !== undefined && this.#queue.tryAdd(key, change)) return QUEUED;
      return this.#setThrough(key, change?.write ?? write, context);
    });
  }

  async setMulti(
    items: ReadonlyArray<readonly [key: string, write: EntryWrite]>,
    context: OperationContext,
  ): Promise<readonly WriteResult[]> {
    const { target } = this.#parts;
    const changes = await Promise.all(items.map(([key, write]) => this.#prepare(key, write, context)));
    assertWanted(context);
    const results: WriteResult[] = new Array(items.length).fill(QUEUED);
    const left: number[] = [];
    for (const [index, [key]] of items.entries()) {
      const change = changes[index];
      if (change === undefined || !this.#queue.tryAdd(key, change)) left.push(index);
    }
    if (left.length === 0) return results;
    const through = left.map((index) => {
      const [key, write] = items[index] as readonly [string, EntryWrite];
      return [key, changes[index]?.write ?? write] as const;
    });
    await this.arrival(
      through.map(([key]) => key),
      "set",
      context,
    );
    const written = await target.setMulti(through, context);
    for (const [at, index] of left.entries()) results[index] = written[at] as WriteResult;
    return results;
  }

  /** @returns whether an entry was there, as far as this process knows without asking */
  delete(key: string, context: OperationContext): MaybePromise<boolean> {
    const isKnown = this.#isKnown(key);
    return context.isCommitAwaited !== true && this.#queue.tryAdd(key, DELETION)
      ? isKnown
      : this.#deleteThrough(key, context);
  }

  async deleteMulti(keys: readonly string[], context: OperationContext): Promise<number> {
    const { target } = this.#parts;
    let knownCount = 0;
    const left: string[] = [];
    for (const key of keys) {
      const isKnown = this.#isKnown(key);
      if (context.isCommitAwaited === true || !this.#queue.tryAdd(key, DELETION)) left.push(key);
      else if (isKnown) knownCount += 1;
    }
    if (left.length === 0) return knownCount;
    await this.arrival(left, "delete", context);
    return knownCount + (await target.deleteMulti(left, context));
  }

  /**
   * Resolves when what waits for these keys, or for all, is in the store; at once when nothing does.
   *
   * @throws BackendUnavailableError when an attempt fails: what was to follow has not been sent
   */
  async arrival(keys: readonly string[] | undefined, operation: string, context: OperationContext): Promise<void> {
    if (this.#queue.count === 0) return;
    try {
      await this.#queue.arrivalOf(keys);
    } catch (cause) {
      const { name } = this.#parts.target;
      const message = `${name}: "${operation}" was not sent: writes before it wait, and the store does not take them.`;
      throw new BackendUnavailableError(name, operation, message, { cause });
    }
    assertWanted(context);
  }

  async close(): Promise<void> {
    const { target, closeMs } = this.#parts;
    const left = await this.#queue.drain(closeMs * (1 - CLOSE_SHARE));
    if (left.length > 0) this.#tell("closed", left, this.#queue.lastError);
    await target.close();
  }

  async #setThrough(key: string, write: EntryWrite, context: OperationContext): Promise<WriteResult> {
    await this.arrival([key], "set", context);
    return this.#parts.target.set(key, write, context);
  }

  async #deleteThrough(key: string, context: OperationContext): Promise<boolean> {
    await this.arrival([key], "delete", context);
    return this.#parts.target.delete(key, context);
  }

  /** What a write becomes in the queue; `undefined`: it is one that needs the store's answer, or cannot be kept here. */
  #prepare(key: string, write: EntryWrite, context: OperationContext): MaybePromise<PendingChange | undefined> {
    if (context.isCommitAwaited === true || !isPlain(write)) return undefined;
    const { isolation, encode } = this.#parts;
    let kept: unknown;
    try {
      kept = isolation.keep(write.value);
    } catch {
      // Such a value has no copy here; the shared store may take it all the same.
      return undefined;
    }
    if (encode === undefined) {
      isolation.seal(kept);
      const value = isolation.reveal(kept);
      return this.#toChange(write, kept, value, this.#sizeOf(value));
    }
    // They are the codec's own, and begun in the same step, so that both are the value as it is now.
    return mapMaybe(encode(write.value, key), (bytes) => {
      isolation.seal(kept);
      // Once as bytes, and once about as large to be read here.
      return this.#toChange(write, kept, new PreparedValue(kept, bytes), 2 * bytes.byteLength);
    });
  }

  #sizeOf(value: unknown): number {
    return value instanceof Uint8Array ? value.byteLength : this.#parts.estimateBytes(value);
  }

  #toChange(write: EntryWrite, kept: unknown, value: unknown, sizeBytes: number): PendingChange {
    const { clock } = this.#parts;
    const seen: SeenEntry = { kept, expiresAt: clock.wallMs() + write.ttlMs, tags: write.tags };
    return { write: { ...write, value }, endsAtMs: clock.monotonicMs() + write.ttlMs, seen, sizeBytes };
  }

  #isKnown(key: string): boolean {
    const pending = this.find(key);
    return pending === undefined ? this.#parts.target.peek?.(key) !== undefined : pending.entry !== undefined;
  }

  #tell(reason: UnwrittenNotice["reason"], writes: readonly PendingWrite[], error: unknown): void {
    const deleteCount = writes.filter(({ write }) => write === undefined).length;
    this.#parts.onNotice({ kind: "unwritten", reason, setCount: writes.length - deleteCount, deleteCount, error });
  }
}

/** Whether nothing about a write needs the store's answer, or what only the store can do. */
function isPlain({ condition, returnPrevious, tagsUnchangedSince, staleMs, slidingTtlMs }: EntryWrite): boolean {
  if (condition !== undefined || returnPrevious === true) return false;
  return tagsUnchangedSince === undefined && staleMs === undefined && slidingTtlMs === undefined;
}
