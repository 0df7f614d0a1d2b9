/** Says what there is. What it costs it asks for. */

import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { ask } from "./ask.mjs";
import { productKey } from "./keys.mjs";
import { startService } from "./service.mjs";

async function readProduct(id) {
  await delay(5);
  const { price } = await ask(`${process.env.PRICING_URL}/app/price/${id}`);
  return { id, name: `Product ${id}`, price };
}

await startService("catalog", (cache) => ({
  "GET /product/:id": ({ id }) => cache.getOrSet(productKey(id), () => readProduct(id)),
}));
