import { waitWithin } from "../foundation/deadline.ts";
import type { CacheCore } from "./cache-core.ts";
import type { CacheHealth, HealthCheck } from "./health.ts";

/** `Cache.health`: asks the store, within the health deadline. Never rejects. */
export async function checkHealth(core: CacheCore, signal: AbortSignal | undefined): Promise<CacheHealth> {
  const check = await checkStore(core, signal);
  return { status: check.status, checks: [check] };
}

async function checkStore(core: CacheCore, signal: AbortSignal | undefined): Promise<HealthCheck> {
  const { backend, clock, deadlines, lifecycle, scheduler } = core;
  const startedAtMs = clock.monotonicMs();
  const latencyMs = (): number => clock.monotonicMs() - startedAtMs;
  if (lifecycle.isClosed) return { name: backend.name, status: "down", latencyMs: 0, message: "The cache is closed." };
  const controller = new AbortController();
  try {
    const timeoutMs = deadlines.healthMs;
    const onTimeout = (): unknown => new Error(`no answer within ${timeoutMs} ms`);
    await waitWithin(ask(core, controller.signal), { signal, timeoutMs, onTimeout, scheduler });
    return { name: backend.name, status: "up", latencyMs: latencyMs() };
  } catch (error) {
    controller.abort(error);
    const message = error instanceof Error ? error.message : "The store failed.";
    return { name: backend.name, status: "down", latencyMs: latencyMs(), message };
  }
}

async function ask(core: CacheCore, signal: AbortSignal): Promise<void> {
  if (!core.lifecycle.isReadyNow()) await core.lifecycle.connected(signal);
  await core.backend.ping?.({ signal });
}
