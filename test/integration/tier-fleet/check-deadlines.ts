import type { TierViolation } from "./check-staleness.ts";
import { actorOf } from "./key-history.ts";
import type { Actor, StallEvent, TierHistory } from "./tier-event.ts";

/** How long calls may take. */
export interface CallBounds {
  /** Deadline of one call of the store, in ms. */
  readonly deadlineMs: number;
  /** D + e, in ms. */
  readonly boundMs: number;
  /** For timers and processors that are late, in ms. */
  readonly slackMs: number;
}

interface Call extends Actor {
  readonly how: string;
  readonly from: number;
  readonly to: number;
}

/** Calls that took longer than their deadline, without the time in which their process did not run. */
export function findLate(history: TierHistory, bounds: CallBounds): readonly TierViolation[] {
  const stalls = new Map<string, StallEvent[]>();
  for (const stall of history.stalls) {
    const own = stalls.get(actorOf(stall));
    if (own === undefined) stalls.set(actorOf(stall), [stall]);
    else own.push(stall);
  }
  const confirmed = history.changes.filter(
    ({ how, to }) => how !== "wipe" && how !== "load" && to < Number.POSITIVE_INFINITY,
  );
  const acknowledged = confirmed.map((call) => ({ ...call, how: call.isCoherent ? "set, acknowledged" : call.how }));
  const calls: readonly Call[] = [...history.reads, ...history.failures, ...acknowledged];
  return calls.flatMap((call) => {
    const allowedMs = allowedOf(call.how, bounds);
    const tookMs = (call.to - call.from) / 1_000;
    if (tookMs <= allowedMs) return [];
    const ranMs = tookMs - stalledMs(call, stalls.get(actorOf(call)) ?? []);
    if (ranMs <= allowedMs) return [];
    const text = `${call.how} of process ${actorOf(call)} took ${tookMs.toFixed(1)} ms at ${(call.from / 1_000).toFixed(3)}, of which it ran ${ranMs.toFixed(1)}; ${allowedMs.toFixed(1)} are allowed`;
    return [{ rule: "deadline", key: "", at: call.from, text }];
  });
}

function allowedOf(how: string, { deadlineMs, boundMs, slackMs }: CallBounds): number {
  switch (how) {
    // A read, the wait for another's load, and the write.
    case "getOrSet":
      return 3 * deadlineMs + slackMs;
    case "set, acknowledged":
      // The nodes are asked for after the commit.
      return deadlineMs + 2 * boundMs + slackMs;
    // With an id it is repeated up to four times.
    case "increment":
      return 4 * deadlineMs + slackMs;
    default:
      return deadlineMs + slackMs;
  }
}

function stalledMs({ from, to }: Call, stalls: readonly StallEvent[]): number {
  let micros = 0;
  for (const stall of stalls) micros += Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from));
  return micros / 1_000;
}
