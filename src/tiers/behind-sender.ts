import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import type { EntryWrite } from "../backend/stored-entry.ts";
import type { Clock } from "../foundation/clock.ts";
import { waitUnlessAborted } from "../foundation/deadline.ts";
import { BackendError, OutcomeUnknownError } from "../foundation/errors.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import type { PendingWrite } from "./pending-write.ts";
import type { WriteFate } from "./write-queue.ts";

/** What sends writes that waited. */
export interface BehindSenderParts {
  readonly target: Backend;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** How long the store has for a batch, in ms. */
  readonly writeMs: number;
}

const ARRIVED: WriteFate = { kind: "arrived" };

/**
 * Sends writes of different keys: new ones as one batch of writes and one of deletes, those that have failed before each by itself, so that what keeps one from being written keeps no other.
 * (Stores with a network put the calls of one turn of the event loop into one round trip.) A write has what is left of its TTL since its caller was told that it is done.
 */
export class BehindSender {
  readonly #parts: BehindSenderParts;

  constructor(parts: BehindSenderParts) {
    this.#parts = parts;
  }

  /** Never rejects. @returns what became of each, in their order */
  async send(batch: readonly PendingWrite[]): Promise<readonly WriteFate[]> {
    const { target, clock, scheduler, writeMs } = this.#parts;
    const controller = new AbortController();
    const late = (): void => controller.abort(new OutcomeUnknownError(target.name, "set"));
    const timer = scheduler.after(writeMs, late, true);
    const context = { signal: controller.signal };
    const nowMs = clock.monotonicMs();
    const sets: (readonly [string, EntryWrite])[] = [];
    const deletes: string[] = [];
    const alone = new Map<PendingWrite, Promise<WriteFate>>();
    for (const pending of batch) {
      const write = writeOf(pending, nowMs);
      if (pending.isAlone)
        alone.set(
          pending,
          this.#attempt(() => this.#sendOne(pending.key, write, context), context),
        );
      else if (write === undefined) deletes.push(pending.key);
      else sets.push([pending.key, write]);
    }
    const setting = sets.length > 0 && this.#attempt(() => target.setMulti(sets, context), context);
    const deleting = deletes.length > 0 && this.#attempt(() => target.deleteMulti(deletes, context), context);
    try {
      const together = { set: await setting, delete: await deleting };
      const written = new Set(sets.map(([key]) => key));
      const fateOf = (pending: PendingWrite): WriteFate | Promise<WriteFate> => {
        const own = alone.get(pending);
        if (own !== undefined) return own;
        // Which of several a store refuses, each shows by itself.
        const shared = (written.has(pending.key) ? together.set : together.delete) as WriteFate;
        return shared.kind === "refused" && batch.length > 1 ? { ...shared, kind: "failed" } : shared;
      };
      return await Promise.all(batch.map(fateOf));
    } finally {
      timer.cancel();
    }
  }

  #sendOne(key: string, write: EntryWrite | undefined, context: OperationContext): MaybePromise<unknown> {
    const { target } = this.#parts;
    return write === undefined ? target.delete(key, context) : target.set(key, write, context);
  }

  async #attempt(run: () => MaybePromise<unknown>, { signal }: OperationContext): Promise<WriteFate> {
    try {
      // Called inside a promise, so that a store that throws rejects.
      await waitUnlessAborted(new Promise((resolve) => resolve(run())), signal);
      return ARRIVED;
    } catch (error) {
      // Failures of the store pass; what is no failure of the store lies in the write.
      return { kind: error instanceof BackendError ? "failed" : "refused", error };
    }
  }
}

/** What is sent now; `undefined`: a delete. */
function writeOf(pending: PendingWrite, nowMs: number): EntryWrite | undefined {
  const { write, endsAtMs } = pending;
  if (write === undefined || pending.isOver(nowMs)) return undefined;
  return endsAtMs === Number.POSITIVE_INFINITY ? write : { ...write, ttlMs: endsAtMs - nowMs };
}
