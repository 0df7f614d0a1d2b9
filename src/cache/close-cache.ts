import { waitWithin } from "../foundation/deadline.ts";
import { CacheClosedError } from "../foundation/errors.ts";
import type { CacheCore } from "./cache-core.ts";

const closing = new WeakMap<CacheCore, Promise<void>>();

/**
 * `Cache.close`: refuses new calls at once, lets what runs finish within the close deadline, gives up on the loads that
 * do not, then closes the store. Repeated calls share one closing.
 */
export function closeCache(core: CacheCore): Promise<void> {
  let done = closing.get(core);
  if (done === undefined) {
    done = closeOnce(core);
    closing.set(core, done);
  }
  return done;
}

async function closeOnce(core: CacheCore): Promise<void> {
  const { attachments = [], backend, clock, deadlines, events, lifecycle, loads, scheduler } = core;
  lifecycle.markClosed();
  const deadlineAtMs = clock.monotonicMs() + deadlines.closeMs;
  await loads.drain(deadlines.closeMs, scheduler);
  // Those who still wait for a loader learn that the cache is gone, and so do holders of locks.
  for (const load of [...loads.running]) load.giveUp(new CacheClosedError());
  for (const lock of [...core.heldLocks]) lock.abandon(new CacheClosedError());
  await lifecycle.drain(Math.max(0, deadlineAtMs - clock.monotonicMs()));
  // Called inside a promise, so that a store that throws is told of like one that rejects.
  const closed = new Promise<void>((resolve) => resolve(backend.close()));
  await waitWithin(closed, { timeoutMs: deadlines.closeMs, onTimeout: () => undefined, scheduler }).catch(
    (error: unknown) => {
      if (events.wants("error")) events.emit("error", { operation: "close", error });
    },
  );
  if (events.wants("close")) events.emit("close", {});
  const detached = Promise.allSettled(attachments.map((attachment) => attachment.close()));
  await waitWithin(detached, { timeoutMs: deadlines.closeMs, onTimeout: () => undefined, scheduler }).catch(
    () => undefined,
  );
  events.clear();
}
