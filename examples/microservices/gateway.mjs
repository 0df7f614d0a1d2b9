/** What customers see: pages, made of what the catalog says, and baskets, whose prices are asked for each time. */

import process from "node:process";
import { ask } from "./ask.mjs";
import { pageKey } from "./keys.mjs";
import { startService } from "./service.mjs";

const WORDS = { en: "costs", de: "kostet", pt: "custa" };

async function makePage(id, language) {
  const { name, price } = await ask(`${process.env.CATALOG_URL}/app/product/${id}`);
  return { text: `${name} ${WORDS[language]} ${price}`, price };
}

await startService("gateway", (cache) => ({
  "GET /page/:id/:language": ({ id, language }) => cache.getOrSet(pageKey(id, language), () => makePage(id, language)),

  "GET /basket/:ids": async ({ ids }) => {
    const asked = ids.split(",").map((id) => ask(`${process.env.PRICING_URL}/app/price/${id}`));
    const prices = await Promise.all(asked);
    return { total: prices.reduce((total, { price }) => total + price, 0) };
  },
}));
