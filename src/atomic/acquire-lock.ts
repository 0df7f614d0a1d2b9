import type { LeaseOutcome, LeaseRequest } from "../backend/lease.ts";
import { pause } from "../foundation/deadline.ts";
import { LockNotAcquiredError } from "../foundation/errors.ts";
import type { RandomSource } from "../foundation/random-source.ts";
import { createLock, type Lock, type LockPorts } from "./lock.ts";
import type { LockQueue } from "./lock-queue.ts";

/** Longest pause between two tries against a holder in another process. */
const LONGEST_POLL_MS = 250;

/** A lock to be taken. */
export interface LockRequest {
  readonly storedKey: string;
  readonly ttlMs: number;
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What taking a lock needs. */
export interface AcquirePorts extends Omit<LockPorts, "onEnded"> {
  readonly queue: LockQueue;
  readonly random: RandomSource;
}

/**
 * Takes a lease. Waiters of this process stand in line, first come first served, and are woken by a release in this
 * process; against holders elsewhere the first in line tries again when the lease can have ended, at the latest after 250 ms.
 *
 * @throws LockNotAcquiredError, or the signal's reason
 */
export async function acquireLock(request: LockRequest, ports: AcquirePorts): Promise<Lock> {
  const startedAtMs = ports.clock.monotonicMs();
  const untilMs = startedAtMs + request.waitMs;
  const owner = createOwnerId(ports.random);
  const place = ports.queue.join(request.storedKey);
  try {
    for (;;) {
      request.signal?.throwIfAborted();
      const nowMs = ports.clock.monotonicMs();
      let retryAfterMs = LONGEST_POLL_MS;
      if (place.isFirst) {
        const outcome = await tryAcquire(request, owner, ports);
        if (outcome.kind === "held") return await keepOrReturn(request, owner, outcome.token, nowMs, ports);
        if (outcome.kind === "busy") retryAfterMs = Math.min(outcome.remainingMs, LONGEST_POLL_MS);
      }
      const remainingMs = untilMs - ports.clock.monotonicMs();
      if (remainingMs <= 0) throw new LockNotAcquiredError(ports.clock.monotonicMs() - startedAtMs);
      const limitMs = place.isFirst ? Math.max(1, Math.min(retryAfterMs, remainingMs)) : remainingMs;
      await place.waitForTurn((wake) => pauseUntil(limitMs, wake, request.signal, ports));
    }
  } finally {
    place.leave();
  }
}

async function tryAcquire(request: LockRequest, owner: string, ports: AcquirePorts): Promise<LeaseOutcome> {
  const lease: LeaseRequest = { kind: "acquire", key: request.storedKey, owner, ttlMs: request.ttlMs };
  return ports.call("lock", "write", (backend, context) => backend.lease!(lease, context));
}

/** A caller that left while the store was granting the lease must not leave it behind. */
async function keepOrReturn(
  request: LockRequest,
  owner: string,
  token: number,
  sentAtMs: number,
  ports: AcquirePorts,
): Promise<Lock> {
  const { storedKey, ttlMs, signal } = request;
  const onEnded = (): void => ports.queue.wake(storedKey);
  const lock = createLock({ storedKey, owner, token, ttlMs, sentAtMs }, { ...ports, onEnded });
  if (!signal?.aborted) return lock;
  await lock.release();
  throw signal.reason;
}

/** Ends after the limit, on a wake-up, or by rejecting when the signal is aborted. */
async function pauseUntil(
  limitMs: number,
  wake: AbortSignal,
  signal: AbortSignal | undefined,
  ports: AcquirePorts,
): Promise<void> {
  const either = signal === undefined ? wake : AbortSignal.any([wake, signal]);
  await pause(limitMs, ports.scheduler, either).catch((reason: unknown) => {
    if (signal?.aborted) throw reason;
  });
}

function createOwnerId(random: RandomSource): string {
  let id = "";
  for (let part = 0; part < 4; part += 1) id += Math.floor(random.next() * 0x1_0000_0000).toString(36);
  return id;
}
