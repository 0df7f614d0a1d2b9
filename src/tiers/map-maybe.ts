import type { MaybePromise } from "../backend/backend.ts";

/** Goes on with an answer, at once when it is there. */
export function mapMaybe<In, Out>(answer: MaybePromise<In>, next: (value: In) => MaybePromise<Out>): MaybePromise<Out> {
  return answer instanceof Promise ? answer.then(next) : next(answer);
}
