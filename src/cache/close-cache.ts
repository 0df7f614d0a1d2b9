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
  const { backend, clock, deadlines, events, lifecycle, loads, scheduler } = core;
  lifecycle.markClosed();
  const deadlineAtMs = clock.monotonicMs() + deadlines.closeMs;
  await loads.drain(deadlines.closeMs, scheduler);
  // Those who still wait for a loader learn that the cache is gone.
  for (const load of [...loads.running]) load.giveUp(new CacheClosedError());
  await lifecycle.drain(Math.max(0, deadlineAtMs - clock.monotonicMs()));
  const closed = Promise.resolve(backend.close());
  await waitWithin(closed, { timeoutMs: deadlines.closeMs, onTimeout: () => undefined, scheduler }).catch(
    (error: unknown) => {
      if (events.wants("error")) events.emit("error", { operation: "close", error });
    },
  );
  if (events.wants("close")) events.emit("close", {});
  events.clear();
}
