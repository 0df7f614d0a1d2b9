/** Says what things cost, and is told when that changes. */

import { setTimeout as delay } from "node:timers/promises";
import { madeOfPrice, priceKey } from "./keys.mjs";
import { startService } from "./service.mjs";

/** Stands for a database. */
const changed = new Map();

async function readPrice(id) {
  await delay(5);
  return changed.get(id) ?? 10 * Number(id);
}

await startService("pricing", (cache) => ({
  "GET /price/:id": async ({ id }) => ({ price: await cache.getOrSet(priceKey(id), () => readPrice(id)) }),

  "PUT /price/:id": async ({ id }, { price }) => {
    changed.set(id, price);
    // With ack "all" it is over when no process serves the old one any more. So what is made of it next is made of the new price, and what was begun before is not kept.
    let { coherent } = await cache.set(priceKey(id), price, { ack: "all" });
    for (const keys of madeOfPrice(id)) {
      const ended = await Promise.all(keys.map((key) => cache.set(key, null, { ttl: 0, ack: "all" })));
      coherent &&= ended.every((receipt) => receipt.coherent);
    }
    return { coherent };
  },
}));
