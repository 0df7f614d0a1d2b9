/**
 * A cache in Memcached that two processes share. Run it after a build, with a Memcached 1.6 at hand:
 *
 *   MEMCACHED=127.0.0.1:11211 node examples/memcached/main.mjs
 *
 * It writes under the namespace "example" only, and clears that at the end. Several servers: MEMCACHED="a:11211,b:11211 2".
 */
import process from "node:process";
import { createCache } from "gocachex";

const servers = (process.env.MEMCACHED ?? "127.0.0.1:11211").split(",");

/** Two caches with the same settings are what two processes with the same settings are: only the servers are shared. */
const settings = { backend: "memcached", namespace: "example", memcached: { servers, timeout: "250ms" } };
const here = createCache(settings);
const there = createCache(settings);

function show(label, ...results) {
  console.log(`  ${label.padEnd(50)}`, ...results);
}

async function anyKeyAnyValue() {
  console.log("\nAny key and any value, though the server knows only short keys and bytes");
  const key = `report of ${"a very long name, ".repeat(40)}\r\nflush_all\r\n`;
  await here.set(key, { made: new Date(0), rows: [1n, -0, null] }, "1m");
  show("a key of 740 characters with line breaks", await there.get(key));
  await here.set("falsy", 0);
  show("0 is a hit, an unknown key is none", await there.get("falsy"), await there.get("unknown"));
}

async function oneRoundTrip() {
  console.log("\nMany keys, one round trip per server");
  await here.setMulti(Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`price:${index}`, index])), "1m");
  const keys = Array.from({ length: 600 }, (_, index) => `price:${index}`);
  show("found of 600", (await there.getMulti(keys)).size);
}

async function atomicOperations() {
  console.log("\nAtomic between processes, with results that the server alone cannot count");
  await Promise.all(Array.from({ length: 200 }, (_, index) => (index % 2 ? here : there).increment("visits")));
  show("200 increments from both", await here.get("visits"));
  show("below zero", await here.decrement("balance", 5));
  show("beyond 2^53", await here.increment("stars", 9_007_199_254_740_993n), await there.increment("stars", 2n));
  const opId = "order-4711";
  show(
    "the same opId, twice",
    await here.increment("orders", 1, { opId }),
    await there.increment("orders", 1, { opId }),
  );
  const won = await Promise.all([here.setNX("leader", "here"), there.setNX("leader", "there")]);
  show("one of two becomes the leader", won.filter(Boolean).length);
}

async function invalidation() {
  console.log("\nTags and namespaces end entries in one step");
  await here.set("product:1", "red shoes", { tags: ["shoes"] });
  await there.invalidateTags(["shoes"]);
  show("after its tag was invalidated there", await here.get("product:1"));
  const sessions = here.namespace("sessions");
  await sessions.set("s1", "open");
  await there.namespace("sessions").clear();
  show("after the namespace was cleared there", await sessions.get("s1"));
}

async function honestRefusals() {
  console.log("\nWhat Memcached cannot do is refused, with what to do instead");
  for (const call of [
    () => here.lock("job", { ttl: "5s" }),
    () => here.transaction(["a", "b"], () => undefined),
    () => here.keys({ prefix: "price:" })[Symbol.asyncIterator]().next(),
  ]) {
    const error = await (async () => call())().catch((reason) => reason);
    show(error.operation, error.code);
  }
}

try {
  await here.ready();
  await anyKeyAnyValue();
  await oneRoundTrip();
  await atomicOperations();
  await invalidation();
  await honestRefusals();
  const { status, checks } = await here.health();
  console.log(`\n${checks.length} server${checks.length === 1 ? " is" : "s are"} ${status}.`);
  await here.clear();
} finally {
  await Promise.all([here.close(), there.close()]);
}
