import type { EntryWrite } from "../backend/stored-entry.ts";

/** Told once: without an error when the write has arrived, with one when an attempt failed. */
export type ArrivalListener = (error?: unknown) => void;

/** A change of one key that its caller was told is done. */
export class PendingWrite {
  readonly key: string;
  /** `undefined`: the key is deleted. */
  write: EntryWrite | undefined;
  /** Monotonic instant at which the entry is over, in ms. */
  endsAtMs: number;
  /** What readers see of it; `undefined` where that is nothing. */
  seen: SeenEntry | undefined;
  #valueBytes: number;
  /** Whether it is sent by itself: what it was sent with has failed. */
  isAlone = false;
  #listeners: ArrivalListener[] = [];

  constructor(key: string, change: PendingChange) {
    this.key = key;
    this.write = change.write;
    this.endsAtMs = change.endsAtMs;
    this.seen = change.seen;
    this.#valueBytes = change.sizeBytes;
  }

  /** About how many bytes key and value take. */
  get sizeBytes(): number {
    return sizeOfChange(this.key, this.#valueBytes);
  }

  /** Takes the place of what has not left yet; whoever waits for that waits for this. */
  replace(change: PendingChange): void {
    this.write = change.write;
    this.endsAtMs = change.endsAtMs;
    this.seen = change.seen;
    this.#valueBytes = change.sizeBytes;
  }

  /** Whether what is written is over before it has arrived. Then its key is deleted, or what it replaced would be there again. */
  isOver(nowMs: number): boolean {
    return nowMs >= this.endsAtMs;
  }

  /** Calls back when it has arrived, or the next attempt failed. */
  onArrival(listener: ArrivalListener): void {
    this.#listeners.push(listener);
  }

  /** Tells those who wait. */
  settle(error?: unknown): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener(error);
  }
}

/** What readers in this process see of a write that waits. */
export interface SeenEntry {
  /** As the near store's isolation keeps it. */
  readonly kept: unknown;
  /** Wall-clock instant, ms since the epoch. */
  readonly expiresAt: number;
  readonly tags: readonly string[];
}

/** What a call does to a key. */
export interface PendingChange {
  readonly write: EntryWrite | undefined;
  readonly endsAtMs: number;
  readonly seen: SeenEntry | undefined;
  /** About how many bytes the value takes. */
  readonly sizeBytes: number;
}

/** The end of a key. */
export const DELETION: PendingChange = Object.freeze({
  write: undefined,
  endsAtMs: Number.POSITIVE_INFINITY,
  seen: undefined,
  sizeBytes: 0,
});

/** About how many bytes a key takes with a value that takes so many. */
export function sizeOfChange(key: string, valueBytes: number): number {
  return key.length * 2 + valueBytes;
}
