import type { OperationContext } from "./backend.ts";

/** Who waits for a call. */
export type Caller = Pick<OperationContext, "signal" | "isAbandoned">;

/** Whether nobody waits for a call any more. Asks for the signal, which costs something, only of callers that say nothing themselves. */
export function hasLeft(caller: Caller): boolean {
  return caller.isAbandoned ?? caller.signal?.aborted === true;
}

/** Throws the caller's reason when nobody waits for the call any more: to be asked before something is sent. */
export function assertWanted(caller: Caller): void {
  if (hasLeft(caller)) caller.signal?.throwIfAborted();
}
