/** A source of numbers from 0 to below a limit, the same for the same seed. */
export type Draw = (below: number) => number;

/** Marsaglia's xorshift32; https://www.jstatsoft.org/article/view/v008i14 */
export function createDraw(seed: number): Draw {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

/** One of the items. */
export function pick<Item>(items: readonly Item[], draw: Draw): Item {
  return items[draw(items.length)] as Item;
}
