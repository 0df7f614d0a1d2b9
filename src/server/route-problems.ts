import type { Route } from "./route.ts";

/** Statuses that the failures of a cache have, known and unknown ones. */
const CACHE_PROBLEMS: readonly number[] = [500, 502, 503, 504];

/**
 * The statuses of every problem that a route can be answered with: those that it declares, and those that follow from what it is. 408 of
 * a request that is too slow to be one, and 404 and 405 of paths that are none, belong to no route.
 */
export function problemStatusesOf({ role, body, usesCache = true, problems = [] }: Route): readonly number[] {
  const statuses = new Set([400, 403, ...problems]);
  if (role !== "open") for (const status of [401, 429, 503]) statuses.add(status);
  if (body !== undefined) for (const status of [408, 413, 415]) statuses.add(status);
  if (usesCache) for (const status of CACHE_PROBLEMS) statuses.add(status);
  return [...statuses].sort((a, b) => a - b);
}
