import { onAbort } from "./abort-listener.ts";
import type { ScheduledTask, Scheduler } from "./scheduler.ts";

/** What ends a wait early. */
export interface WaitLimits {
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the wait after this many milliseconds; `Infinity`: never. */
  readonly timeoutMs: number;
  /** Makes the error of a timeout; called at most once, when the time is over. */
  readonly onTimeout: () => unknown;
  readonly scheduler: Scheduler;
}

/**
 * Waits for a promise, but not for ever. What the promise does after the wait has ended is ignored, never unhandled.
 */
export function waitWithin<T>(promise: Promise<T>, limits: WaitLimits): Promise<T> {
  const { signal, timeoutMs } = limits;
  if (signal === undefined && timeoutMs === Number.POSITIVE_INFINITY) return promise;
  return new Promise<T>((resolve, reject) => {
    let timer: ScheduledTask | undefined;
    let stopListening: (() => void) | undefined;
    const leave = (settle: () => void): void => {
      timer?.cancel();
      stopListening?.();
      settle();
    };
    promise.then(
      (value) => leave(() => resolve(value)),
      (error: unknown) => leave(() => reject(error)),
    );
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    if (signal !== undefined) stopListening = onAbort(signal, () => leave(() => reject(signal.reason)));
    if (timeoutMs !== Number.POSITIVE_INFINITY) {
      // A pending call is a reason to stay alive: without it the process could end with the call unanswered.
      timer = limits.scheduler.after(timeoutMs, () => leave(() => reject(limits.onTimeout())), true);
    }
  });
}

/** A pause that a signal can end early, by rejecting with its reason. */
export function pause(delayMs: number, scheduler: Scheduler, signal?: AbortSignal): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    let stopListening: (() => void) | undefined;
    const wake = (): void => {
      stopListening?.();
      resolve();
    };
    const timer = delayMs === Number.POSITIVE_INFINITY ? undefined : scheduler.after(delayMs, wake, true);
    if (signal === undefined) return;
    stopListening = onAbort(signal, () => {
      timer?.cancel();
      reject(signal.reason);
    });
  });
}

/** Waits for a promise, or until a signal is aborted: then it rejects with its reason. What the promise does afterwards is ignored, never unhandled. */
export function waitUnlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    let stopListening: (() => void) | undefined;
    const leave = (settle: () => void): void => {
      stopListening?.();
      settle();
    };
    promise.then(
      (value) => leave(() => resolve(value)),
      (error: unknown) => leave(() => reject(error)),
    );
    if (signal.aborted) reject(signal.reason);
    else stopListening = onAbort(signal, () => reject(signal.reason));
  });
}
