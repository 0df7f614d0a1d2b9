/** The name that was most likely meant, or `undefined` when none is near. O(names × length²). */
export function findNearestName(given: string, names: Iterable<string>): string | undefined {
  // Nobody mistypes a name by this much, and the cost grows with the length.
  if (given.length > 100) return undefined;
  const wanted = fold(given);
  let nearest: string | undefined;
  let nearestDistance = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const candidate = fold(name);
    const distance = editDistance(wanted, candidate);
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
    if (distance <= limit && distance < nearestDistance) {
      nearest = name;
      nearestDistance = distance;
    }
  }
  return nearest;
}

/** Spelling style is no difference: `MAX_KEYS`, `max-keys` and `maxKeys` are one name. */
function fold(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/**
 * Optimal string alignment: insertions, deletions, replacements and swaps of neighbours cost 1 each.
 * Source: https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance
 */
function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const replaced = at(previous, column - 1) + (left[row - 1] === right[column - 1] ? 0 : 1);
      let cost = Math.min(at(previous, column) + 1, at(current, column - 1) + 1, replaced);
      if (isSwap(left, right, row, column)) cost = Math.min(cost, at(beforePrevious, column - 2) + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, right.length);
}

function isSwap(left: string, right: string, row: number, column: number): boolean {
  return row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
}

function at(costs: readonly number[], index: number): number {
  return costs[index] as number;
}
