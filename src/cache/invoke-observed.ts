import type { MaybePromise, OperationContext } from "../backend/backend.ts";
import type { CacheEventMap } from "../events/cache-events.ts";
import { type CallOutcome, outcomeOf } from "../events/call-outcome.ts";
import { adoptThenable } from "../foundation/is-thenable.ts";
import type { CacheCore } from "./cache-core.ts";
import type { Invoke } from "./invoked-call.ts";
import { translateStoreError } from "./translate-store-error.ts";

/** Calls a local store, which answers at once as a rule, and tells how it went. */
export function invokeObserved<T>(
  core: CacheCore,
  operation: string,
  context: OperationContext,
  invoke: Invoke<T>,
): MaybePromise<T> {
  const call: ObservedCall = {
    core,
    operation,
    context,
    startedAtMs: core.clock.monotonicMs(),
    origin: core.tracing.findOrigin?.(),
  };
  let answer: MaybePromise<T>;
  try {
    answer = adoptThenable(invoke(core.backend, context)) as MaybePromise<T>;
  } catch (error) {
    return fail(call, error);
  }
  if (!(answer instanceof Promise)) {
    tell(call, "ok");
    return answer;
  }
  return answer.then(
    (value) => {
      tell(call, "ok");
      return value;
    },
    (error: unknown) => fail(call, error),
  );
}

/** A call that is told of. No closures: a store in memory has answered before they were made. */
interface ObservedCall {
  readonly core: CacheCore;
  readonly operation: string;
  readonly context: OperationContext;
  readonly startedAtMs: number;
  readonly origin: CacheEventMap["operation"]["origin"];
}

function fail(call: ObservedCall, error: unknown): never {
  const told = translateStoreError(call.core, call.operation, error, call.context.signal);
  tell(call, outcomeOf(told));
  throw told;
}

function tell({ core, operation, startedAtMs, origin }: ObservedCall, outcome: CallOutcome): void {
  const { backend, clock, events } = core;
  const durationMs = clock.monotonicMs() - startedAtMs;
  const event = { operation, backend: backend.name, outcome, durationMs };
  events.emit("operation", origin === undefined ? event : { ...event, origin });
}
