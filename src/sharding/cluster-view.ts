/**
 * What all processes must agree on before a node may be stood in for. Every part only grows, and two views merge by the larger of each, so that it
 * does not matter in which order, how often and by whom they are written.
 *
 * ```text
 * @%~shard:view   {"turns": {"a": 3}, "settled": {"a": 2}, "ring": [1, "9f03…"]}
 * ```
 */
export interface ClusterView {
  /** By node: how often it went away or came back. Even: it serves its keys. Odd: it is away and others stand in. Absent: 0. */
  readonly turns: Readonly<Record<string, number>>;
  /** By node: the turn that no process can be unaware of any more. */
  readonly settled: Readonly<Record<string, number>>;
  /** Number and id of the mapping in use. */
  readonly ring: readonly [number: number, id: string];
}

/** Nothing ever happened. */
export const EMPTY_VIEW: ClusterView = { turns: {}, settled: {}, ring: [0, ""] };

/** The larger of each. Returns `a` itself when `b` adds nothing. */
export function mergeViews(a: ClusterView, b: ClusterView): ClusterView {
  const turns = mergeCounts(a.turns, b.turns);
  const settled = mergeCounts(a.settled, b.settled);
  // Two that were written at the same time: the ids decide, the same way everywhere.
  const isRingNewer = b.ring[0] > a.ring[0] || (b.ring[0] === a.ring[0] && b.ring[1] > a.ring[1]);
  if (turns === a.turns && settled === a.settled && !isRingNewer) return a;
  return { turns, settled, ring: isRingNewer ? b.ring : a.ring };
}

/** Whether `view` has all that `other` has. */
export function includesView(view: ClusterView, other: ClusterView): boolean {
  return mergeViews(view, other) === view;
}

/** Reads what was stored. What makes no sense is taken for nothing. */
export function readView(content: unknown): ClusterView {
  const { turns, settled, ring } = (content ?? {}) as Partial<Record<keyof ClusterView, unknown>>;
  const [number, id] = Array.isArray(ring) ? (ring as unknown[]) : [];
  return {
    turns: readCounts(turns),
    settled: readCounts(settled),
    ring: typeof number === "number" && typeof id === "string" ? [number, id] : EMPTY_VIEW.ring,
  };
}

type Counts = Readonly<Record<string, number>>;

function mergeCounts(a: Counts, b: Counts): Counts {
  const larger = Object.entries(b).filter(([name, count]) => count > countOf(a, name));
  return larger.length === 0 ? a : { ...a, ...Object.fromEntries(larger) };
}

function readCounts(value: unknown): Counts {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, count]) => Number.isSafeInteger(count)));
}

/** A count, 0 when there is none. Names are anybody's, so inherited members do not count. */
export function countOf(counts: Counts, name: string): number {
  return Object.hasOwn(counts, name) ? (counts[name] as number) : 0;
}
