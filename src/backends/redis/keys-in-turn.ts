import { settleAll } from "../../foundation/settle-all.ts";

/** Items that are on their way at a time. One batch, however long, must not fill the client's queues: nobody else of the process would get in. */
const MAX_TOGETHER_COUNT = 4_096;

/**
 * Does something with all items, as many at once as the client has room for; items of one key in their order, each after those before it are done. Calls may go
 * over different connections, so that those of one key could pass each other. After a failure nothing further is begun,
 * and it is told when nothing is on its way. O(items).
 */
export async function keysInTurn<Item, Result>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const keys = new Set<string>();
  while (results.length < items.length) {
    keys.clear();
    const together: Promise<Result>[] = [];
    for (let index = results.length; index < items.length && together.length < MAX_TOGETHER_COUNT; index += 1) {
      const item = items[index] as Item;
      const key = keyOf(item);
      if (keys.has(key)) break;
      keys.add(key);
      together.push(run(item));
    }
    for (const result of await settleAll(together)) results.push(result);
  }
  return results;
}
