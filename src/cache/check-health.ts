import type { Backend } from "../backend/backend.ts";
import type { BackendReport, NodeReport } from "../backend/backend-report.ts";
import { waitUnlessAborted } from "../foundation/deadline.ts";
import type { CacheCore } from "./cache-core.ts";
import type { CacheHealth, HealthCheck, HealthStatus } from "./health.ts";

/** `Cache.health`: asks the store, and each of its servers where it knows them, within the health deadline. Never rejects. */
export async function checkHealth(core: CacheCore, signal: AbortSignal | undefined): Promise<CacheHealth> {
  const checks = await checkStore(core, signal);
  const status = sumUp(checks);
  if (core.lifecycle.isClosed) return { status, checks };
  const more = [checkCopies(core.backend), checkPendingWrites(core.backend)].filter((check) => check !== undefined);
  // What works without copies is slower, not down.
  const isDegraded = status === "up" && more.some((check) => check.status !== "up");
  return { status: isDegraded ? "degraded" : status, checks: [...checks, ...more] };
}

/** Whether what waits to be written behind gets through. Without I/O. */
function checkPendingWrites(backend: Backend): HealthCheck | undefined {
  const pending = backend.pendingWrites?.();
  if (pending === undefined) return undefined;
  const name = `${backend.name} pending writes`;
  const { count, failingForMs } = pending;
  if (failingForMs === 0) return { name, status: "up", latencyMs: 0 };
  const message = `${count} writes wait; the store has taken none for ${Math.round(failingForMs)} ms. They are lost if this process ends before it does.`;
  return { name, status: "degraded", latencyMs: 0, message };
}

/** Whether copies in this process can be proven current, and every process that keeps some be told of changes. Without I/O. */
function checkCopies(backend: Backend): HealthCheck | undefined {
  const status = backend.coherence?.();
  if (status === undefined) return undefined;
  const name = `${backend.nearTier ?? "near"} copies`;
  const messages: string[] = [];
  if (!status.isProvable) {
    messages.push(
      `The store has not answered for more than ${status.maxStalenessMs} ms whether copies in this process are current, so reads go to the store.`,
    );
  }
  const lost = status.peers.filter(({ state }) => state === "lost");
  if (lost.length > 0) {
    const addresses = lost.map(({ address }) => address).join(", ");
    messages.push(
      `Not reachable: ${addresses}. What changes is seen there within ${status.maxStalenessMs} ms; a write with ack "all" waits as long.`,
    );
  }
  if (messages.length === 0) return { name, status: "up", latencyMs: 0 };
  return { name, status: "degraded", latencyMs: 0, message: messages.join(" ") };
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
