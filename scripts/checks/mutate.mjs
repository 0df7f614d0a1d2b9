/** @typedef {import("../../test/mutations/mutation.ts").Mutation} Mutation */

/** The test that a suite has, and that fails, when its modules cannot be loaded. */
export const BROKEN_TEST = "cannot be loaded";

/**
 * The mutated text of a file.
 *
 * @param {string} text
 * @param {Pick<Mutation, "search" | "replacement">} mutation
 * @returns {string | undefined} `undefined` when what is to be replaced is not there exactly once
 */
export function mutate(text, { search, replacement }) {
  const parts = text.split(search);
  return parts.length === 2 ? parts.join(replacement) : undefined;
}
