/**
 * The API in five minutes, on the memory backend. Run it after a build: node examples/basic/main.mjs
 *
 * It needs no server and no configuration. Everything below works the same on the other backends.
 */
import { createCache, LockNotAcquiredError } from "gocachex";

const cache = createCache({ backend: "memory", memory: { maxSize: "10MB" } });

/** Prints what a step is about, and what came of it. */
function show(label, ...results) {
  console.log(`  ${label.padEnd(46)}`, ...results);
}

async function valuesAndTtl() {
  console.log("\nValues");
  await cache.set("user:1", { name: "Ada", languages: new Set(["en", "fr"]) });
  show("get", await cache.get("user:1"));
  show("get of an unknown key", await cache.get("user:2"));
  show("exists", await cache.exists("user:1"));
  show("delete, then exists", await cache.delete("user:1"), await cache.exists("user:1"));
  await cache.set("known-absence", null);
  show("a stored null is a hit", await cache.get("known-absence"));

  console.log("\nTime to live");
  await cache.set("session", "abc", 50);
  show("right after the write", await cache.get("session"));
  await new Promise((resolve) => setTimeout(resolve, 60));
  show("after its 50 ms", await cache.get("session"));
  await cache.set("report", "ready", "5m");
  show("remaining ms of 5m, rounded to seconds", Math.round((await cache.ttl("report")) / 1_000) * 1_000);
  show("expire", await cache.expire("report", "1h"));
}

async function batches() {
  console.log("\nMany keys at once");
  await cache.setMulti({ "price:1": 10, "price:2": 20, "price:3": 30 }, "1m");
  show("getMulti (price:9 is absent)", await cache.getMulti(["price:1", "price:2", "price:9"]));
  show("deleteMulti", await cache.deleteMulti(["price:1", "price:9"]));
  const keys = [];
  for await (const key of cache.keys({ prefix: "price:" })) keys.push(key);
  show("keys with a prefix", keys.sort());
}

async function atomicOperations() {
  console.log("\nAtomic operations");
  show("increment twice", await cache.increment("visits"), await cache.increment("visits", 10));
  show("decrement", await cache.decrement("visits"));
  show("increment by a bigint", await cache.increment("stars", 9_007_199_254_740_993n));
  show("setNX, twice", await cache.setNX("leader", "node-a"), await cache.setNX("leader", "node-b"));
  show("getSet returns what was there", await cache.getSet("leader", "node-c"));

  const entry = await cache.getEntry("leader");
  const first = await cache.compareAndSet("leader", entry.version, "node-d");
  const second = await cache.compareAndSet("leader", entry.version, "node-e");
  show("compareAndSet with the right, then an old version", first.ok, second.ok);
  show("update", await cache.update("visits", (current) => current * 2));
}

async function loadingOnAMiss() {
  console.log("\nLoading on a miss");
  let loads = 0;
  const loadProfile = async ({ key }) => {
    loads += 1;
    return { key, loadedAs: loads };
  };
  const options = { ttl: "1m", tags: ["profiles"] };
  const together = await Promise.all([1, 2, 3].map(() => cache.getOrSet("profile:7", loadProfile, options)));
  show("three callers at once, one load", together.length, loads);
  await cache.getOrSet("profile:7", loadProfile, options);
  show("a fourth caller finds it", loads);
  await cache.invalidateTags(["profiles"]);
  show("after invalidateTags it is loaded again", (await cache.getOrSet("profile:7", loadProfile, options)).loadedAs);

  const loadMany = (keys) => new Map(keys.map((key) => [key, key.toUpperCase()]));
  show("getOrSetMulti: one loader call for all", await cache.getOrSetMulti(["a", "b"], loadMany, { ttl: "1m" }));
}

async function namespaces() {
  console.log("\nNamespaces");
  const shop = cache.namespace("shop", { ttl: "10m" });
  const blog = cache.namespace("blog");
  await shop.set("title", "Shop");
  await blog.set("title", "Blog");
  show("the same key in two namespaces", await shop.get("title"), await blog.get("title"));
  await shop.clear();
  show("clear of one leaves the other", await shop.get("title"), await blog.get("title"));
}

async function transactionsAndLocks() {
  console.log("\nTransactions and locks");
  await cache.setMulti({ "account:a": 100, "account:b": 0 });
  const moved = await cache.transaction(["account:a", "account:b"], (tx) => {
    const amount = 40;
    tx.set("account:a", tx.get("account:a") - amount);
    tx.set("account:b", tx.get("account:b") + amount);
    return amount;
  });
  show("moved in one step", moved, await cache.getMulti(["account:a", "account:b"]));

  const lock = await cache.lock("nightly-report", { ttl: "10s" });
  show("lock, with a fencing token", lock.token > 0);
  const secondTry = await cache.lock("nightly-report", { ttl: "10s" }).catch((error) => error);
  show("somebody else has to wait", secondTry instanceof LockNotAcquiredError, secondTry.code);
  show("release", await lock.release());
}

async function watching() {
  console.log("\nWatching it");
  const stopListening = cache.on("set", ({ key }) => show('event "set"', key));
  await cache.set("watched", 1);
  stopListening();
  await cache.set("watched", 2);

  const { hits, misses, sets, hitRatio, keyCount } = cache.stats();
  show("stats", { hits, misses, sets, hitRatio: Number(hitRatio.toFixed(2)), keyCount });
  show("health", (await cache.health()).status);
}

try {
  await valuesAndTtl();
  await batches();
  await atomicOperations();
  await loadingOnAMiss();
  await namespaces();
  await transactionsAndLocks();
  await watching();
} finally {
  await cache.close();
}
const afterwards = await cache.get("user:1").catch((error) => error.code);
console.log("\nClosed");
show("a call afterwards", afterwards);
