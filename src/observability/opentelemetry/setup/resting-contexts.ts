import type { OtelContext } from "../otel-api.ts";
import { isOwnContext } from "../recorded-span.ts";
import type { SdkContextManager } from "./sdk-packages.ts";

type Work = (...args: never[]) => unknown;

/**
 * Contexts that follow promises only as long as there is one to follow.
 *
 * Up to Node 22 a storage that was used once makes every promise of the process slower, a bare `await` two to three times. So it is switched off while no work runs in a context: a hit in
 * memory costs what it would cost without traces. Work is over when the promise that it returns has settled; what it began and left behind is of no span then. Work of others
 * that returns no promise may go on in a callback, which nobody can see, so it keeps the storage on for good.
 *
 * @param contexts the SDK's, which keeps them in an `AsyncLocalStorage` that works again with the next context
 */
export function createRestingContexts(contexts: SdkContextManager): SdkContextManager {
  let runningCount = 0;
  let mayRest = true;
  const leave = (): void => {
    runningCount -= 1;
    if (runningCount === 0 && mayRest) contexts.disable();
  };
  return {
    active: () => contexts.active(),
    with(context: OtelContext, work: Work, self?: unknown, ...args: never[]) {
      runningCount += 1;
      let result: unknown;
      try {
        result = contexts.with(context, work, self, ...args);
      } catch (error) {
        leave();
        throw error;
      }
      if (result instanceof Promise) result.then(leave, leave);
      else {
        mayRest &&= isOwnContext(context);
        leave();
      }
      return result;
    },
    bind(context, target) {
      // Called whenever it is: nobody can see when for the last time.
      mayRest = false;
      return contexts.bind(context, target);
    },
    enable: () => contexts.enable(),
    disable: () => contexts.disable(),
  };
}
