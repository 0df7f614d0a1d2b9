import { assertWanted, type Caller } from "../backend/caller.ts";
import { type NodeFailure, OutcomeUnknownError, PartialFailureError } from "../foundation/errors.ts";
import type { ShardNode } from "./shard-node.ts";

/** A part of a call, for one node. */
export interface NodePart<T> {
  readonly node: ShardNode;
  /** Keys that this part is about; 1 for what is about the node. */
  readonly count: number;
  readonly call: () => Promise<T>;
}

/**
 * Runs the parts of a call at the same time and waits for all of them, also when one fails: what is on its way is not known to be undone.
 *
 * @returns the answers in the order of the parts
 * @param signal the caller's: once it is aborted, its reason is what a failure is told as
 * @throws the error of the only part, when there is one; else `PartialFailureError`, or `OutcomeUnknownError` when the outcome of a part is unknown
 */
export async function gatherParts<T>(
  backend: string,
  operation: string,
  parts: readonly NodePart<T>[],
  caller: Caller = {},
): Promise<T[]> {
  const only = parts[0];
  if (only !== undefined && parts.length === 1) return [await only.call()];
  const settled = await Promise.allSettled(parts.map(({ call }) => call()));
  const answers: T[] = [];
  const failures: NodeFailure[] = [];
  let succeededCount = 0;
  for (const [index, outcome] of settled.entries()) {
    const { node, count } = parts[index] as NodePart<T>;
    if (outcome.status === "fulfilled") {
      answers.push(outcome.value);
      succeededCount += count;
    } else {
      failures.push({ node: node.name, error: outcome.reason });
    }
  }
  // Whoever left is told so, and nothing else.
  if (failures.length > 0) assertWanted(caller);
  if (failures.length > 0) throw partialFailure(backend, operation, succeededCount, failures);
  return answers;
}

function partialFailure(
  backend: string,
  operation: string,
  succeededCount: number,
  failures: readonly NodeFailure[],
): Error {
  const error = new PartialFailureError(backend, operation, succeededCount, failures);
  const isUnknown = failures.some((failure) => failure.error instanceof OutcomeUnknownError);
  return isUnknown ? new OutcomeUnknownError(backend, operation, { cause: error }) : error;
}
