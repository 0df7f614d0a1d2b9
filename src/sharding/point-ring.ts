import { ConfigError } from "../foundation/errors.ts";

/** Points on a circle of 2^32 places, each a node's. A place belongs to the first point at or after it. */
export interface PointRing {
  /** The node at a place. */
  nodeAt(place: number): number;
  /** The first node from a place on that is not excluded, or -1. O(points) when nearly all are. */
  nextAt(place: number, isExcluded: (node: number) => boolean): number;
}

/** Points before they are put on the ring; the two arrays belong together. */
export interface RingPoints {
  /** 0 … 2^32 - 1 each. */
  readonly places: number[];
  readonly nodes: number[];
}

/** A place of 32 bits and the point's number of 21 bits fill a double. */
const MAX_POINTS = 2 ** 21;

/**
 * Puts points on a ring. Of points at one place the one that was given first has it.
 *
 * A lookup costs one table read and one comparison on average, whatever the number of points: the circle is cut into as many buckets as there
 * are points, rounded up to a power of two, and a table says at which point each bucket begins.
 *
 * @param points at least one and at most 2^21; see {@link assertPointCount}
 */
export function createPointRing(points: RingPoints): PointRing {
  const count = points.places.length;
  // Loops, because `from` goes through iterators and takes ten times as long.
  const order = new Float64Array(count);
  for (let point = 0; point < count; point += 1) order[point] = (points.places[point] as number) * MAX_POINTS + point;
  order.sort();
  const places = new Uint32Array(count);
  const owners = new Uint16Array(count);
  for (let point = 0; point < count; point += 1) {
    const packed = order[point] as number;
    places[point] = Math.floor(packed / MAX_POINTS);
    owners[point] = points.nodes[packed % MAX_POINTS] as number;
  }
  const bits = Math.max(1, Math.ceil(Math.log2(count)));
  const shift = 32 - bits;
  const starts = new Uint32Array(2 ** bits);
  for (let bucket = 0, point = 0; bucket < starts.length; bucket += 1) {
    while (point < count && (places[point] as number) >>> shift < bucket) point += 1;
    starts[bucket] = point;
  }

  function pointAt(place: number): number {
    let point = starts[place >>> shift] as number;
    while (point < count && (places[point] as number) < place) point += 1;
    return point === count ? 0 : point;
  }

  return {
    nodeAt: (place) => owners[pointAt(place)] as number,
    nextAt(place, isExcluded) {
      const first = pointAt(place);
      for (let step = 0; step < count; step += 1) {
        const node = owners[(first + step) % count] as number;
        if (!isExcluded(node)) return node;
      }
      return -1;
    },
  };
}

/**
 * Refuses more points than a ring takes, before they are made.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID` above 2^21
 */
export function assertPointCount(count: number): void {
  if (count <= MAX_POINTS) return;
  const message = `sharding.replicas: ${count} points are more than a ring of ${MAX_POINTS} takes. Lower it, or the weights.`;
  throw new ConfigError("GCX_CONFIG_INVALID", "sharding.replicas", message);
}
