/** What one namespace has counted. Plain numbers, so that counting allocates nothing. */
export interface ViewCounters {
  hits: number;
  misses: number;
  sets: number;
  deletes: number;
  loads: number;
  loadFailures: number;
  staleServed: number;
}

/** Counters at zero. */
export function createViewCounters(): ViewCounters {
  return { hits: 0, misses: 0, sets: 0, deletes: 0, loads: 0, loadFailures: 0, staleServed: 0 };
}
