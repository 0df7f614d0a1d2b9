import type { MaybePromise, OperationContext } from "../backend/backend.ts";
import { type CallOutcome, outcomeOf } from "../events/call-outcome.ts";
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
  const { backend, clock, events, tracing } = core;
  const startedAtMs = clock.monotonicMs();
  const origin = tracing.findOrigin?.();
  const tell = (outcome: CallOutcome): void => {
    const durationMs = clock.monotonicMs() - startedAtMs;
    const event = { operation, backend: backend.name, outcome, durationMs };
    events.emit("operation", origin === undefined ? event : { ...event, origin });
  };
  const fail = (error: unknown): never => {
    const told = translateStoreError(core, operation, error, context.signal);
    tell(outcomeOf(told));
    throw told;
  };
  let answer: MaybePromise<T>;
  try {
    answer = invoke(backend, context);
  } catch (error) {
    return fail(error);
  }
  if (!(answer instanceof Promise)) {
    tell("ok");
    return answer;
  }
  return answer.then((value) => {
    tell("ok");
    return value;
  }, fail);
}
