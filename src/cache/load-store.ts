import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import type { CallKind } from "../backend/backend-call.ts";
import {
  BackendError,
  BackendOverloadedError,
  BackendTimeoutError,
  UnreadableValueError,
} from "../foundation/errors.ts";
import { absorbStoreError } from "./absorb-store-error.ts";
import type { CacheCore } from "./cache-core.ts";
import { completeOnBackend } from "./call-backend.ts";

/** How a load asks the store. */
export interface LoadAsk {
  readonly operation: string;
  readonly kind: CallKind;
  readonly signal: AbortSignal | undefined;
  /** The caller's own bound, in ms; `Infinity`: the cache's deadline alone. */
  readonly timeoutMs: number;
  /** How many keys are asked for at once, for traces. */
  readonly keyCount?: number | undefined;
  readonly onLateAnswer?: (() => void) | undefined;
}

/** What a store answered, or that it did not: then the load goes on without it. */
export type StoreAnswer<T> = { readonly isAnswered: true; readonly value: T } | { readonly isAnswered: false };

const NO_ANSWER: StoreAnswer<never> = { isAnswered: false };

/**
 * Asks the store for a load, which survives every failure of it: a store that is down or slow is not asked for a while (the breaker), and what it fails in leaves an event.
 *
 * @throws the signal's reason, and what is no failure of a store
 */
export function askForLoad<T>(
  core: CacheCore,
  ask: LoadAsk,
  invoke: (backend: Backend, context: OperationContext) => MaybePromise<T>,
): MaybePromise<StoreAnswer<T>> {
  const { breaker } = core;
  const pass = breaker === undefined ? 0 : breaker.enter();
  if (pass === undefined) return NO_ANSWER;
  const succeed = (value: T): StoreAnswer<T> => {
    breaker?.succeeded(pass);
    return { isAnswered: true, value };
  };
  let isAnsweredLate = false;
  const onLateAnswer = (): void => {
    isAnsweredLate = true;
    breaker?.succeeded(pass);
    ask.onLateAnswer?.();
  };
  const survive = (error: unknown): StoreAnswer<T> => {
    judge(core, pass, ask, { error, isAnsweredLate: () => isAnsweredLate });
    if (ask.signal?.aborted) throw error;
    absorbStoreError(core, ask.operation, error);
    return NO_ANSWER;
  };
  try {
    const answer = completeOnBackend(core, ask.operation, ask.kind, { ...ask, onLateAnswer }, invoke);
    return answer instanceof Promise ? answer.then(succeed, survive) : succeed(answer);
  } catch (error) {
    return survive(error);
  }
}

interface Failure {
  readonly error: unknown;
  readonly isAnsweredLate: () => boolean;
}

/**
 * What a failure says about the store: nothing, when the caller left. A caller who gave it less time than the cache does says nothing yet either: the store has until the
 * cache's deadline.
 */
function judge(
  { breaker, deadlines, scheduler }: CacheCore,
  pass: number,
  ask: LoadAsk,
  { error, isAnsweredLate }: Failure,
): void {
  if (breaker === undefined) return;
  const fullMs = ask.kind === "read" ? deadlines.readMs : deadlines.writeMs;
  if (ask.signal?.aborted || error instanceof BackendOverloadedError) breaker.abandoned(pass);
  else if (error instanceof BackendTimeoutError && ask.timeoutMs < fullMs) {
    scheduler.after(fullMs - ask.timeoutMs, () => {
      if (!isAnsweredLate()) breaker.failed(pass);
    });
  } else if (error instanceof BackendError && !(error instanceof UnreadableValueError)) breaker.failed(pass);
  else breaker.succeeded(pass);
}
