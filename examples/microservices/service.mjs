/** What each of the services is: a cache with copies in memory of what one Redis holds, and a node that answers HTTP and traces each request. */

import process from "node:process";
import { json } from "node:stream/consumers";
import { createCache } from "gocachex";
import { prometheusMetrics } from "gocachex/prometheus";
import { startNode } from "gocachex/server";

/**
 * Starts a service in this process, and tells who started it where it is.
 *
 * @param handlersOf makes `{ "GET /price/:id": ({ id }, body) => answer }`, given the cache
 */
export async function startService(name, handlersOf) {
  const cache = createCache({
    namespace: "example",
    tiers: [
      { backend: "memory", size: "50MB" },
      { backend: "redis", ttl: "1h", redis: { url: process.env.REDIS_URL } },
    ],
    consistency: { maxStaleness: Number(process.env.MAX_STALENESS_MS) },
    tracing: { enabled: true, endpoint: process.env.OTLP_URL, serviceName: name },
    deadlines: { connect: "20s" },
  });
  // Who traces comes with the first call: before there are requests.
  await cache.ready();
  const counted = await prometheusMetrics(cache, { labels: { service: name } });
  const app = answerWith(handlersOf(cache));
  const node = await startNode({ cache, port: 0, app, metrics: () => counted.metrics() });

  // Who is left alone ends.
  process.once("disconnect", async () => {
    await node.close();
    await cache.close();
  });
  process.send({ url: node.url });
}

/** Answers by the first handler whose path fits. */
function answerWith(handlers) {
  const routes = Object.entries(handlers).map(([place, handle]) => {
    const [method, path] = place.split(" ");
    const pattern = new RegExp(`^${path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`);
    return { method, pattern, handle };
  });
  return async (request, response) => {
    for (const { method, pattern, handle } of routes) {
      const found = pattern.exec(request.url);
      if (request.method !== method || found === null) continue;
      const body = method === "PUT" ? await json(request) : undefined;
      const answer = await handle(found.groups, body);
      response.setHeader("Content-Type", "application/json").end(JSON.stringify(answer));
      return;
    }
    response.writeHead(404).end();
  };
}
