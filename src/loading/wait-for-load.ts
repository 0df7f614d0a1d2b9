import { onAbort } from "../foundation/abort-listener.ts";
import type { Clock } from "../foundation/clock.ts";
import type { ScheduledTask, Scheduler } from "../foundation/scheduler.ts";
import { type StalePolicy, standingAt } from "./entry-standing.ts";
import type { Load, StandIn } from "./load.ts";
import { decideWait, type WaitEvent } from "./load-decision.ts";
import { waitInside } from "./loader-chain.ts";

/** How a caller waits for a load. */
export interface WaitPolicy extends StalePolicy {
  readonly signal: AbortSignal | undefined;
  /** From now; `Infinity`: no limit of the caller's own. */
  readonly hardTimeoutMs: number;
  /** From now, until what stands in is taken; `Infinity`: never. */
  readonly softTimeoutMs: number;
  /** Whether the call wants nothing but a new value. */
  readonly isForced: boolean;
  /** Monotonic instant of the call. */
  readonly beganAtMs: number;
  /** What the caller has found itself that can stand in. */
  readonly found: StandIn | undefined;
}

/** What a wait needs from around it. */
export interface WaitPorts {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Told when something else than the load's value is returned. */
  readonly onStandIn: (event: WaitEvent, standIn: StandIn) => void;
}

/**
 * Waits for a load as its caller wants to: for its value, or, where the caller allows it, for what can stand in when the load is slow or fails.
 *
 * @throws LoaderError `GCX_LOADER_REENTRANT` when a loader waits for itself; else rejects with the load's error or the signal's reason
 */
export function waitForLoad(load: Load, policy: WaitPolicy, ports: WaitPorts): Promise<unknown> {
  const canStandIn = !policy.isForced && (policy.graceMs > 0 || policy.revalidateMs > 0);
  return waitInside(load, () =>
    canStandIn ? new StandInWait(load, policy, ports).result : load.wait(policy, ports.clock.monotonicMs()),
  );
}

/** One caller who takes what stands in. */
class StandInWait {
  readonly result: Promise<unknown>;
  readonly #load: Load;
  readonly #policy: WaitPolicy;
  readonly #ports: WaitPorts;
  readonly #leaver = new AbortController();
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;
  #softTimer: ScheduledTask | undefined;
  #isLate = false;
  /** Whether the caller has its answer. */
  #isOver = false;
  #stopListening: (() => void)[] = [];

  constructor(load: Load, policy: WaitPolicy, ports: WaitPorts) {
    this.#load = load;
    this.#policy = policy;
    this.#ports = ports;
    if (policy.found !== undefined) load.admit(policy.found);
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#start();
  }

  #start(): void {
    if (this.#takeStandIn("offered")) return;
    const { signal, hardTimeoutMs } = this.#policy;
    if (signal?.aborted) this.#leave(signal.reason);
    else this.#listen();
    // Its own place among those who wait, so that the load ends when the last of them leaves.
    this.#load.wait({ signal: this.#leaver.signal, hardTimeoutMs }, this.#ports.clock.monotonicMs()).then(
      (value) => this.#end(() => this.#resolve(value)),
      (error: unknown) => {
        if (!this.#takeStandIn("failed")) this.#end(() => this.#reject(error));
      },
    );
  }

  #listen(): void {
    const { signal, softTimeoutMs } = this.#policy;
    if (signal !== undefined) this.#stopListening.push(onAbort(signal, () => this.#leave(signal.reason)));
    this.#stopListening.push(
      this.#load.onOffer(() => {
        if (!this.#takeStandIn("offered") && this.#isLate) this.#takeStandIn("soft-timeout");
      }),
    );
    if (softTimeoutMs === Number.POSITIVE_INFINITY) return;
    const onLate = (): void => {
      this.#isLate = true;
      this.#takeStandIn("soft-timeout");
    };
    this.#softTimer = this.#ports.scheduler.after(softTimeoutMs, onLate, true);
  }

  /** @returns whether the caller has left with what stands in */
  #takeStandIn(event: WaitEvent): boolean {
    const standIn = this.#findStandIn();
    // What happens to the load after the caller has left is not told as if it had been answered once more, and does not keep the load.
    if (this.#isOver || standIn === undefined || !this.#isAllowed(event, standIn)) return false;
    // The load finishes in the background.
    this.#load.keep();
    this.#end(() => this.#resolve(standIn.value));
    this.#ports.onStandIn(event, standIn);
    this.#leaver.abort();
    return true;
  }

  /**
   * What stands in for this caller. What the load found before the call may have been ended before the call too: by tags that are not the load's, or by another process. So it
   * counts only if the caller has found it as well.
   */
  #findStandIn(): StandIn | undefined {
    const { found, beganAtMs } = this.#policy;
    const { standIn } = this.#load;
    const known = standIn !== undefined && standIn.askedAtMs >= beganAtMs ? standIn : found;
    return known !== undefined && this.#load.isStanding(known) ? known : undefined;
  }

  #isAllowed(event: WaitEvent, { expiresAt }: StandIn): boolean {
    const standing = standingAt(expiresAt, this.#ports.clock.wallMs(), this.#policy);
    return decideWait(event, standing) === "stand-in";
  }

  #leave(reason: unknown): void {
    this.#end(() => this.#reject(reason));
    this.#leaver.abort(reason);
  }

  #end(settle: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#softTimer?.cancel();
    for (const stop of this.#stopListening) stop();
    this.#stopListening = [];
    settle();
  }
}
