import type { OperationContext } from "../backend/backend.ts";
import { onAbort } from "../foundation/abort-listener.ts";

/** Calls back when somebody goes on without the answer to a call, in that step. @returns a function that stops it */
export function whenUnanswered(context: OperationContext, callback: () => void): () => void {
  if (context.onUnanswered !== undefined) return context.onUnanswered(callback);
  const { signal } = context;
  return signal === undefined || signal.aborted ? () => undefined : onAbort(signal, callback);
}
