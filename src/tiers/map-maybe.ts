import type { MaybePromise } from "../backend/backend.ts";

/** Goes on with an answer, at once when it is there. */
export function mapMaybe<In, Out>(answer: MaybePromise<In>, next: (value: In) => MaybePromise<Out>): MaybePromise<Out> {
  return isPromise(answer) ? answer.then(next) : next(answer);
}

/** Stores bring promises of their own libraries. */
function isPromise<T>(answer: MaybePromise<T>): answer is Promise<T> {
  if (typeof answer !== "object" || answer === null) return false;
  return typeof (answer as { readonly then?: unknown }).then === "function";
}
