import type { LeaseOutcome, LeaseRequest } from "../backend/lease.ts";
import { pause, waitWithin } from "../foundation/deadline.ts";
import { LockNotAcquiredError } from "../foundation/errors.ts";
import type { RandomSource } from "../foundation/random-source.ts";
import { createLock, type GrantedLease, type Lock, type LockPorts } from "./lock.ts";
import type { LockPlace, LockQueue } from "./lock-queue.ts";

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
 * A caller that leaves while the store is granting the lease leaves at once; the lease is given back when it comes.
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
      const granted = place.isFirst ? await tryAcquire(request, owner, ports) : undefined;
      if (granted?.kind === "held") return hold(granted.lease, ports);
      const remainingMs = untilMs - ports.clock.monotonicMs();
      if (remainingMs <= 0) throw new LockNotAcquiredError(ports.clock.monotonicMs() - startedAtMs);
      const retryAfterMs = granted?.kind === "busy" ? granted.remainingMs : Number.POSITIVE_INFINITY;
      await waitForTurn(place, Math.min(retryAfterMs, remainingMs), request.signal, ports);
    }
  } finally {
    place.leave();
  }
}

type Attempt =
  | { readonly kind: "held"; readonly lease: GrantedLease }
  | { readonly kind: "busy"; readonly remainingMs: number };

async function tryAcquire(request: LockRequest, owner: string, ports: AcquirePorts): Promise<Attempt> {
  const { storedKey, ttlMs, signal } = request;
  const sentAtMs = ports.clock.monotonicMs();
  const outcome = await leaveAtOnce(sendAcquire(request, owner, ports), signal, ports, (late) => {
    if (late.kind === "held") void giveBack({ storedKey, owner, token: late.token, ttlMs, sentAtMs }, ports);
  });
  if (outcome.kind === "held")
    return { kind: "held", lease: { storedKey, owner, token: outcome.token, ttlMs, sentAtMs, lost: outcome.lost } };
  return { kind: "busy", remainingMs: outcome.kind === "busy" ? Math.min(outcome.remainingMs, LONGEST_POLL_MS) : 0 };
}

async function sendAcquire(
  { storedKey, ttlMs }: LockRequest,
  owner: string,
  ports: AcquirePorts,
): Promise<LeaseOutcome> {
  const lease: LeaseRequest = { kind: "acquire", key: storedKey, owner, ttlMs };
  return ports.call("lock", "write", (backend, context) => backend.lease!(lease, context));
}

/** Waits for an answer unless the signal ends the wait; an answer that comes later goes to `onLate`. */
async function leaveAtOnce(
  answer: Promise<LeaseOutcome>,
  signal: AbortSignal | undefined,
  ports: AcquirePorts,
  onLate: (late: LeaseOutcome) => void,
): Promise<LeaseOutcome> {
  const limits = {
    signal,
    timeoutMs: Number.POSITIVE_INFINITY,
    onTimeout: () => undefined,
    scheduler: ports.scheduler,
  };
  try {
    return await waitWithin(answer, limits);
  } catch (error) {
    if (signal?.aborted) answer.then(onLate, () => undefined);
    throw error;
  }
}

function hold(lease: GrantedLease, ports: AcquirePorts): Lock {
  return createLock(lease, { ...ports, onEnded: () => ports.queue.wake(lease.storedKey) });
}

/** Best effort: a lease that cannot be given back ends by itself. */
async function giveBack(lease: GrantedLease, ports: AcquirePorts): Promise<void> {
  await hold(lease, ports)
    .release()
    .catch(() => undefined);
}

/** Ends after the limit, on a wake-up, or by rejecting when the signal is aborted. */
function waitForTurn(
  place: LockPlace,
  limitMs: number,
  signal: AbortSignal | undefined,
  ports: AcquirePorts,
): Promise<void> {
  return place.waitForTurn(async (wake) => {
    const either = signal === undefined ? wake : AbortSignal.any([wake, signal]);
    await pause(Math.max(1, limitMs), ports.scheduler, either).catch((reason: unknown) => {
      if (signal?.aborted) throw reason;
    });
  });
}

function createOwnerId(random: RandomSource): string {
  let id = "";
  for (let part = 0; part < 4; part += 1) id += Math.floor(random.next() * 0x1_0000_0000).toString(36);
  return id;
}
