/**
 * Keys spread over several independent servers. Run it after a build, with two or more of them at hand:
 *
 *   REDIS_SERVERS=127.0.0.1:7001,127.0.0.1:7002,127.0.0.1:7003 node examples/sharding/main.mjs
 *
 * It writes under the namespace "example" only, and clears that at the end.
 */
import process from "node:process";
import { createCache } from "gocachex";

const servers = (process.env.REDIS_SERVERS ?? "127.0.0.1:7001,127.0.0.1:7002,127.0.0.1:7003").split(",");
const settings = {
  backend: "redis",
  namespace: "example",
  sharding: { enabled: true, nodes: servers },
  deadlines: { read: "3s", write: "3s" },
};

function show(label, ...results) {
  console.log(`  ${label.padEnd(50)}`, ...results);
}

/** How many of the namespace's keys each server has, asked of each alone. */
async function countKeys() {
  const counts = [];
  for (const address of servers) {
    const alone = createCache({ backend: "redis", namespace: "example", redis: { addresses: [address] } });
    let count = 0;
    for await (const _ of alone.keys()) count += 1;
    counts.push(count);
    await alone.close();
  }
  return counts;
}

async function evenShares(cache) {
  console.log("\nKeys are spread evenly, and one call asks all servers at once");
  const items = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`user:${index}`, { id: index }]));
  await cache.setMulti(items, "5m");
  show("found of 3,000 in one getMulti", (await cache.getMulti(Object.keys(items))).size);
  const shares = (await countKeys()).map((count) => Math.round((count / 3_000) * 100));
  show("each server has its share, within 6 % of each other", Math.max(...shares) - Math.min(...shares) <= 6);
}

async function otherServersMoveFewKeys() {
  console.log("\nWith another list of servers few keys move");
  const fewer = createCache({ ...settings, sharding: { enabled: true, nodes: servers.slice(0, -1) } });
  const keys = Array.from({ length: 3_000 }, (_, index) => `user:${index}`);
  const found = (await fewer.getMulti(keys)).size;
  const expected = (servers.length - 1) / servers.length;
  show("keys that stayed where they were, as expected", Math.abs(found / 3_000 - expected) < 0.06);
  await fewer.close();
}

async function together(cache) {
  console.log("\nKeys with a common hash tag live on one server, and change in one step");
  await cache.setMulti({ "cart:{7}:items": 2, "cart:{7}:total": 30 });
  const total = await cache.transaction(["cart:{7}:items", "cart:{7}:total"], async (tx) => {
    await tx.set("cart:{7}:items", (await tx.get("cart:{7}:items")) + 1);
    await tx.set("cart:{7}:total", (await tx.get("cart:{7}:total")) + 15);
    return tx.get("cart:{7}:total");
  });
  show("the cart's total", total);
  const many = Array.from({ length: 64 }, (_, index) => `user:${index}`);
  const apart = await cache.transaction(many, () => undefined).catch((e) => e.code);
  show("keys of several servers in one transaction", apart);
}

async function aDeadServer() {
  console.log("\nA server that is down takes its own keys with it, and no others");
  const cache = createCache({
    ...settings,
    sharding: { enabled: true, nodes: [...servers, "127.0.0.1:1"] },
    deadlines: { read: "1s", write: "1s" },
  });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 200 }, (_, index) => cache.set(`page:${index}`, index)),
  );
  const failed = outcomes.filter(({ status }) => status === "rejected");
  show("some writes fail, most do not", failed.length > 0 && failed.length < 120);
  show("and they say why", failed[0]?.reason.code);
  show(
    "getOrSet answers for all of them",
    (await Promise.all(outcomes.map((_, i) => cache.getOrSet(`page:${i}`, () => i)))).length,
  );
  show("health", (await cache.health()).status);
  await cache.close();
}

const cache = createCache(settings);
try {
  await cache.ready();
  await evenShares(cache);
  await otherServersMoveFewKeys();
  await together(cache);
  await aDeadServer();
  await cache.clear();
} finally {
  await cache.close();
}
