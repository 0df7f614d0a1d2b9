import { createServer } from "node:net";
import { startNode } from "./start-node.mjs";
import { openWay } from "./way.mjs";

/** Starts the processes, with a way of its own from each to Redis and to each other one. */
export async function openFleet({ names, redisUrl, maxStalenessMs }) {
  const redis = new URL(redisUrl);
  const redisAddress = { host: redis.hostname, port: Number(redis.port || 6379) };
  redis.port = String(redisAddress.port);
  const reserved = await Promise.all(names.map(reservePort));
  const addresses = Object.fromEntries(names.map((name, place) => [name, reserved[place].address]));

  /** `{ from, to, target, way }`, for each two ends. */
  const ways = [];
  for (const from of names) {
    for (const [to, target] of Object.entries({ ...addresses, redis: redisAddress })) {
      if (to !== from) ways.push({ from, to, target: text(target), way: await openWay(target) });
    }
  }
  await Promise.all(reserved.map(({ release }) => release()));
  const waysOf = (name) => ways.filter(({ from, to }) => from === name || to === name).map(({ way }) => way);

  const nodes = {};
  async function start(name) {
    const own = ways.filter(({ from }) => from === name);
    nodes[name] = await startNode({
      REDIS_URL: redis.href,
      GRPC_PORT: String(addresses[name].port),
      GRPC_PEERS: Object.values(addresses).map(text).join(","),
      MAX_STALENESS_MS: String(maxStalenessMs),
      WAYS: JSON.stringify(Object.fromEntries(own.map(({ target, way }) => [target, way.address]))),
    });
    return nodes[name];
  }
  await Promise.all(names.map(start));

  return {
    nodes,
    /** Starts one again that has ended. */
    start,
    addressOf: (name) => text(addresses[name]),
    /** Nothing goes to a node or comes from it any more, and nobody is told. */
    cutOff(name) {
      for (const way of waysOf(name)) way.fallSilent();
    },
    joinAgain(name) {
      for (const way of waysOf(name)) way.speakAgain();
    },
    async close() {
      await Promise.all(Object.values(nodes).map((node) => node.close()));
      for (const { way } of ways) way.close();
    },
  };
}

function text({ host, port }) {
  return `${host}:${port}`;
}

/** A free port, that nobody else is given before it is released. */
async function reservePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  return {
    address: { host: "127.0.0.1", port },
    release: () => new Promise((resolve) => server.close(resolve)),
  };
}
