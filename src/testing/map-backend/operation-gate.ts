import type { OperationContext } from "../../backend/backend.ts";
import { BackendUnavailableError } from "../../foundation/errors.ts";

/** Where a call is held: before the store sees it, or after it was carried out and before its answer arrives. */
export type HoldPoint = "request" | "reply";

/** Options of `hold`. */
export interface HoldOptions {
  /**
   * `"request"`: nothing has happened yet while a call is held. `"reply"`: it has happened, and only the caller does not
   * know it, as with a lost connection. Default `"request"`.
   */
  readonly at?: HoldPoint;
  /** How many calls are held; later ones pass. Default: all until `release` or `fail`. */
  readonly calls?: number;
  /** Whether a held call leaves when its `signal` aborts. `false` plays a store that hangs. Default true. */
  readonly heedsSignal?: boolean;
}

/** A closed gate before one operation. */
export interface OperationHold {
  /** How many calls wait at the gate now. */
  waitingCount(): number;
  /** Resolves as soon as at least `count` calls (default 1) have arrived since `hold`, those that left included. */
  arrived(count?: number): Promise<void>;
  /** Lets the waiting calls go on in the order they came, and opens the gate. */
  release(): void;
  /** Makes the waiting calls reject with `error`, and opens the gate. */
  fail(error: unknown): void;
}

interface WaitingCall {
  readonly resume: () => void;
  readonly fail: (error: unknown) => void;
}

interface Gate extends OperationHold {
  readonly point: HoldPoint;
  readonly wants: () => boolean;
  readonly wait: (context: OperationContext) => Promise<void>;
}

/** All gates of one store. */
export interface OperationGates {
  /** Closes a gate before an operation, in front of those that are closed already. */
  hold(operation: string, options?: HoldOptions): OperationHold;
  /** Waits at the operation's first closed gate, if there is one. */
  pass(operation: string, point: HoldPoint, context: OperationContext): Promise<void>;
  /** Makes every waiting call reject and opens all gates. */
  close(backendName: string): void;
}

/** Makes the gates of one store. */
export function createOperationGates(): OperationGates {
  const gates = new Map<string, Gate[]>();

  function open(operation: string, gate: Gate): void {
    gates.set(
      operation,
      (gates.get(operation) ?? []).filter((other) => other !== gate),
    );
  }

  return {
    hold(operation, options = {}) {
      const gate = createGate(options, () => open(operation, gate));
      gates.set(operation, [gate, ...(gates.get(operation) ?? [])]);
      return gate;
    },
    async pass(operation, point, context) {
      const gate = gates.get(operation)?.find((candidate) => candidate.point === point && candidate.wants());
      if (gate !== undefined) await gate.wait(context);
    },
    close(backendName) {
      for (const [operation, closed] of [...gates]) {
        for (const gate of closed)
          gate.fail(new BackendUnavailableError(backendName, operation, `${backendName} was closed.`));
      }
    },
  };
}

function createGate(options: HoldOptions, open: () => void): Gate {
  const { at = "request", calls = Number.POSITIVE_INFINITY, heedsSignal = true } = options;
  const waiting = new Set<WaitingCall>();
  const watchers = new Set<{ readonly count: number; readonly resolve: () => void }>();
  let arrivedCount = 0;

  function tellWatchers(): void {
    for (const watcher of [...watchers]) {
      if (arrivedCount < watcher.count) continue;
      watchers.delete(watcher);
      watcher.resolve();
    }
  }

  function wait(context: OperationContext): Promise<void> {
    const { promise, call } = heldCall(waiting, heedsSignal ? context.signal : undefined);
    waiting.add(call);
    arrivedCount += 1;
    tellWatchers();
    return promise;
  }

  function settle(action: (call: WaitingCall) => void): void {
    open();
    for (const call of [...waiting]) action(call);
  }

  return {
    point: at,
    wants: () => arrivedCount < calls,
    wait,
    waitingCount: () => waiting.size,
    arrived: (count = 1) =>
      new Promise((resolve) => {
        watchers.add({ count, resolve });
        tellWatchers();
      }),
    release: () => settle((call) => call.resume()),
    fail: (error) => settle((call) => call.fail(error)),
  };
}

/** One waiting call; it takes itself out of `waiting`, and its listener off the signal, however it ends. */
function heldCall(
  waiting: Set<WaitingCall>,
  signal: AbortSignal | undefined,
): { readonly promise: Promise<void>; readonly call: WaitingCall } {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  const leave = (): void => {
    waiting.delete(call);
    signal?.removeEventListener("abort", onAbort);
  };
  const call: WaitingCall = {
    resume: () => {
      leave();
      resolve();
    },
    fail: (error) => {
      leave();
      reject(error);
    },
  };
  const onAbort = (): void => call.fail(signal?.reason);
  if (signal?.aborted === true) queueMicrotask(onAbort);
  else signal?.addEventListener("abort", onAbort);
  return { promise, call };
}
