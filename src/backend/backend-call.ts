import type { Backend, MaybePromise, OperationContext } from "./backend.ts";

/** Whether a call changes anything: decides its deadline, and what its silence means. */
export type CallKind = "read" | "write";

/**
 * How mechanisms reach a store: the caller of this function adds the connection, the deadline, the caller's signal and
 * the translation of errors. Answers synchronously when the store is local.
 */
export type BackendCall = <T>(
  operation: string,
  kind: CallKind,
  invoke: (backend: Backend, context: OperationContext) => MaybePromise<T>,
) => MaybePromise<T>;
