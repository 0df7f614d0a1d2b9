/**
 * Does something with all items at once; items of one key in their order, each after those before it are done. Calls may go over different connections,
 * so that those of one key could pass each other.
 */
export async function keysInTurn<Item, Result>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const keys = new Set(items.map(keyOf));
  if (keys.size === items.length) return Promise.all(items.map(run));
  const results: Result[] = [];
  while (results.length < items.length) {
    keys.clear();
    const together: Promise<Result>[] = [];
    for (const item of items.slice(results.length)) {
      const key = keyOf(item);
      if (keys.has(key)) break;
      keys.add(key);
      together.push(run(item));
    }
    results.push(...(await Promise.all(together)));
  }
  return results;
}
