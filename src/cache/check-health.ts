import type { BackendReport, NodeReport } from "../backend/backend-report.ts";
import { waitUnlessAborted } from "../foundation/deadline.ts";
import type { CacheCore } from "./cache-core.ts";
import type { CacheHealth, HealthCheck, HealthStatus } from "./health.ts";

/** `Cache.health`: asks the store, and each of its servers where it knows them, within the health deadline. Never rejects. */
export async function checkHealth(core: CacheCore, signal: AbortSignal | undefined): Promise<CacheHealth> {
  const checks = await checkStore(core, signal);
  return { status: sumUp(checks), checks };
}

/**
 * Not the worst: a store that spreads keys over servers still serves those of the servers that answer. So it is down only when none does.
 */
function sumUp(checks: readonly HealthCheck[]): HealthStatus {
  if (checks.every(({ status }) => status === "up")) return "up";
  return checks.every(({ status }) => status === "down") ? "down" : "degraded";
}

async function checkStore(core: CacheCore, signal: AbortSignal | undefined): Promise<readonly HealthCheck[]> {
  const { backend, clock, deadlines, lifecycle, scheduler } = core;
  const { name } = backend;
  const startedAtMs = clock.monotonicMs();
  const latencyMs = (): number => clock.monotonicMs() - startedAtMs;
  if (lifecycle.isClosed) return [{ name, status: "down", latencyMs: 0, message: "The cache is closed." }];
  const controller = new AbortController();
  const { healthMs } = deadlines;
  const late = new Error(`no answer within ${healthMs} ms`);
  const limit = createLimit();
  // A store of several servers is told first, and says in this turn which of them answered; one that says nothing did not.
  const timer = scheduler.after(
    healthMs,
    () => {
      controller.abort(late);
      scheduler.soon(() => limit.reject(late));
    },
    true,
  );
  try {
    const report = await waitUnlessAborted(Promise.race([ask(core, controller.signal), limit.promise]), signal);
    if (report === undefined || report.nodes.length === 0) return [{ name, status: "up", latencyMs: latencyMs() }];
    return report.nodes.map((node) => checkOfNode(name, node));
  } catch (error) {
    controller.abort(error);
    const message = error instanceof Error ? error.message : "The store failed.";
    return [{ name, status: "down", latencyMs: latencyMs(), message }];
  } finally {
    timer.cancel();
  }
}

/** A promise that only ever rejects, when it is told to. */
function createLimit(): { readonly promise: Promise<never>; readonly reject: (error: unknown) => void } {
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<never>((_, rejectPromise) => {
    reject = rejectPromise;
  });
  promise.catch(() => undefined);
  return { promise, reject };
}

/** The report where the store gives one; else nothing, after a `ping` that was answered. */
async function ask({ backend, lifecycle }: CacheCore, signal: AbortSignal): Promise<BackendReport | undefined> {
  if (!lifecycle.isReadyNow()) await lifecycle.connected(signal);
  if (backend.report !== undefined) return backend.report({ signal });
  await backend.ping?.({ signal });
  return undefined;
}

function checkOfNode(name: string, { node, status, latencyMs, warnings, message }: NodeReport): HealthCheck {
  const check = { name: `${name}/${node}`, status, latencyMs };
  const said = message === undefined ? warnings : [message, ...warnings];
  return said.length === 0 ? check : { ...check, message: said.join(" ") };
}
