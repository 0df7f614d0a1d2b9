/** One process of the fleet: a cache with copies in memory, and what main.mjs asks of it. */

import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { createCache } from "gocachex";
import { now } from "./now.mjs";

const cache = createCache({
  namespace: "example",
  distributed: true,
  tiers: [
    { backend: "memory", size: "50MB" },
    { backend: "redis", ttl: "1h", redis: { url: process.env.REDIS_URL } },
  ],
  consistency: { maxStaleness: Number(process.env.MAX_STALENESS_MS) },
  // The list is the same in all of them: one that finds itself in it does not mind.
  grpc: {
    port: Number(process.env.GRPC_PORT),
    peers: process.env.GRPC_PEERS.split(","),
    token: "a secret of all nodes",
  },
  deadlines: { connect: "20s", read: "2s", write: "2s" },
});

/** What main.mjs can ask for besides the methods of the cache itself. */
const tasks = {
  /** Writes 1 to `count`, and says when each write began. */
  async writeNumbers(key, count) {
    const begunAt = [];
    for (let number = 1; number <= count; number += 1) {
      begunAt.push(now());
      await cache.set(key, number);
      await delay(4);
    }
    return begunAt;
  },

  /** Reads until it has seen `count`, and says when it saw each number, or a later one. */
  async watchNumbers(key, count) {
    const seenAt = [];
    while (seenAt.length < count) {
      const seen = (await cache.get(key)) ?? 0;
      while (seenAt.length < seen) seenAt.push(now());
      await delay(1);
    }
    return seenAt;
  },

  async timed(method, ...given) {
    const begunAt = now();
    const result = await cache[method](...given);
    return { result, begunAt, endedAt: now() };
  },

  /** When a copy in memory was served for the last time; answers once it is served no more, or after so many ms. */
  async lastServedAt(key, limitMs) {
    const begunAt = now();
    let servedAt = Number.NEGATIVE_INFINITY;
    for (let askedAt = begunAt; askedAt < begunAt + limitMs; askedAt = now()) {
      if (cache.peek(key) === undefined) break;
      servedAt = askedAt;
      await delay(1);
    }
    return servedAt;
  },

  load: (key, value) => cache.getOrSet(key, () => value),
};

process.on("message", async ({ number, name, given }) => {
  const answer = { number };
  try {
    answer.result = await (tasks[name] ?? cache[name].bind(cache))(...given);
  } catch (error) {
    answer.error = error.message;
  }
  if (process.connected) process.send(answer);
});
// Who is left alone ends.
process.on("disconnect", () => cache.close());

/** As a service does that has something to do: it reads all the time, so copies are there, and are asked for. */
async function serve() {
  while (process.connected) {
    // What a cut way makes of a read is not this one's matter.
    await cache.get("price").catch(() => undefined);
    await delay(20);
  }
}

try {
  await cache.ready();
  process.send({ number: 0 });
  void serve();
} catch (error) {
  process.send({ number: 0, error: error.message });
  process.disconnect();
}
