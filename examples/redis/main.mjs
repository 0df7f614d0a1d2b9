/**
 * A cache in Redis that two processes share. Run it after a build, with a Redis or Valkey at hand:
 *
 *   REDIS_URL=redis://127.0.0.1:6379 node examples/redis/main.mjs
 *
 * It writes under the namespace "example" only, and clears that at the end.
 */
import { createConnection, createServer } from "node:net";
import process from "node:process";
import { createCache } from "gocachex";

const url = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";

/** Two caches with the same settings are what two processes with the same settings are: only the server is shared. */
const settings = { backend: "redis", namespace: "example", redis: { url } };
const here = createCache(settings);
const there = createCache(settings);

function show(label, ...results) {
  console.log(`  ${label.padEnd(50)}`, ...results);
}

async function sharedValues() {
  console.log("\nWhat one process writes, the other reads equal");
  await here.set("user:7", { since: new Date(0), roles: new Set(["admin"]) }, { ttl: "1m", tags: ["users"] });
  show("read there", await there.get("user:7"));
  show("its remaining seconds", Math.round((await there.ttl("user:7")) / 1_000));
  await there.invalidateTags(["users"]);
  show("after there invalidated its tag, here", await here.get("user:7"));
}

async function atomicOperations() {
  console.log("\nAtomic between processes");
  await Promise.all(Array.from({ length: 500 }, (_, index) => (index % 2 ? here : there).increment("visits")));
  show("500 increments from both", await here.get("visits"));
  const won = await Promise.all([here.setNX("leader", "here"), there.setNX("leader", "there")]);
  show("one of two becomes the leader", won.filter(Boolean).length);
  await here.setMulti({ "account:{1}:a": 100, "account:{1}:b": 0 });
  await Promise.all(
    Array.from({ length: 10 }, (_, index) => {
      const cache = index % 2 ? here : there;
      return cache.transaction(["account:{1}:a", "account:{1}:b"], transferTen, { maxAttempts: 50 });
    }),
  );
  show("ten transfers of 10 at once", [...(await here.getMulti(["account:{1}:a", "account:{1}:b"])).values()]);
}

async function transferTen(tx) {
  const from = await tx.get("account:{1}:a");
  const to = await tx.get("account:{1}:b");
  await tx.set("account:{1}:a", from - 10);
  await tx.set("account:{1}:b", to + 10);
}

async function locks() {
  console.log("\nA lock with a fencing token that never goes back");
  const first = await here.lock("nightly-report", { ttl: "5s", wait: 0 });
  const refused = await there.lock("nightly-report", { ttl: "5s", wait: 50 }).catch((error) => error.code);
  show("while it is held here, there", refused);
  await first.release();
  const second = await there.lock("nightly-report", { ttl: "5s", wait: "1s" });
  show("the next token is larger", second.token > first.token);
  await second.release();
}

async function namespaces() {
  console.log("\nA namespace is cleared in one step, however many keys it has");
  const sessions = here.namespace("sessions");
  await sessions.setMulti(Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`s${index}`, index])));
  await sessions.clear();
  show("a session there, and a key outside", await there.namespace("sessions").get("s1"), await there.get("visits"));
}

/** A way to the server that can be blocked without closing it, as a router does that lost its state. */
async function openBlockableWay() {
  const { hostname, port } = new URL(url);
  const sockets = new Set();
  const server = createServer((client) => {
    const upstream = createConnection(Number(port || 6379), hostname);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => [client, upstream].map((each) => each.destroy()));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${server.address().port}`,
    block: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

async function sickServer() {
  console.log("\nA server that falls silent costs a deadline, never the application");
  const way = await openBlockableWay();
  const { username, password } = new URL(url);
  const who = {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  };
  const cache = createCache({
    backend: "redis",
    namespace: "example",
    redis: { addresses: [way.address], ...who },
    deadlines: { read: 200, write: 200 },
  });
  await cache.set("price", 10);
  way.block();
  show("get", await cache.get("price").catch((error) => error.code));
  show("increment", await cache.increment("visits").catch((error) => error.code));
  show("getOrSet still answers, from its loader", await cache.getOrSet("price", () => 11));
  show("health", (await cache.health()).status);
  way.close();
  await cache.close();
}

try {
  await here.ready();
  await sharedValues();
  await atomicOperations();
  await locks();
  await namespaces();
  await sickServer();
  const [check] = (await here.health()).checks;
  console.log(`\nThe server is ${check.status}.`);
  await here.clear();
} finally {
  await Promise.all([here.close(), there.close()]);
}
