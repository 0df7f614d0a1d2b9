import { readFileSync } from "node:fs";
import { compareClients } from "../remote/compare-clients.mjs";
import { openMemcachedClients } from "../remote/memcached-clients.mjs";
import { openRedisClients } from "../remote/redis-clients.mjs";
import { memcachedTargets, readRemoteSubject, redisTargets } from "../remote/remote-scenarios.mjs";
import { withServers } from "../remote/remote-servers.mjs";

const REDIS_PACKAGES = ["@redis/client", "ioredis", "iovalkey"];
const MEMCACHED_PACKAGES = ["memjs", "memcache", "memcached", "memcache-client"];

/** @typedef {{ scenario: string, subject: string, peers?: readonly string[], roundCount: number, roundMs: number }} RemoteJob */

/**
 * Our stores beside other clients, over one real server.
 *
 * @param {RemoteJob} job
 */
export function runRemote({ scenario, subject: name, peers, roundCount, roundMs }) {
  const subject = readRemoteSubject(name);
  const isRedis = scenario === "redis";
  return withServers(isRedis ? "redis" : "memcached", 1, async ([server]) => {
    if (server === undefined) throw new Error("No server.");
    const clients = isRedis ? await openRedisClients(server, peers) : await openMemcachedClients(server, peers);
    try {
      const comparison = await compareClients(clients, subject, {
        ...{ roundCount, roundMs, serverPid: server.process?.pid },
        targets: isRedis ? redisTargets(subject) : memcachedTargets(subject),
      });
      return { ...comparison, versions: clientVersions(isRedis ? REDIS_PACKAGES : MEMCACHED_PACKAGES) };
    } finally {
      for (const client of clients) await client.close();
    }
  });
}

/** @param {readonly string[]} names */
function clientVersions(names) {
  const { packages } = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));
  return Object.fromEntries(names.map((name) => [name, packages[`node_modules/${name}`].version]));
}
