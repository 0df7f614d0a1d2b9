import { afterAll, beforeAll, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { startExample } from "./example-process.ts";

let redisServers: TestServer[] = [];
let memcachedServers: TestServer[] = [];

beforeAll(async () => {
  redisServers = await Promise.all([startRedis(), startRedis(), startRedis()]);
  memcachedServers = await Promise.all([startMemcached(), startMemcached()]);
});
afterAll(() => Promise.all([...redisServers, ...memcachedServers].map((server) => server.stop())));

const addresses = (servers: readonly TestServer[]): string =>
  servers.map(({ host, port }) => `${host}:${port}`).join(",");

async function runExample(name: string, env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await startExample(`${name}/main.mjs`, env).ended;
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout;
}

function expectInOrder(stdout: string, lines: readonly RegExp[]): void {
  let rest = stdout;
  for (const line of lines) {
    expect(rest).toMatch(line);
    const match = line.exec(rest) as RegExpExecArray;
    rest = rest.slice(match.index + match[0].length);
  }
}

it("the Redis example shares values, counts once, locks with a fence, and survives a silent server", async () => {
  const url = `redis://${addresses(redisServers.slice(0, 1))}`;
  expectInOrder(await runExample("redis", { REDIS_URL: url }), [
    /read there .+1970.+admin/,
    /after there invalidated its tag, here +undefined$/m,
    /500 increments from both +500$/m,
    /one of two becomes the leader +1$/m,
    /ten transfers of 10 at once +\[ 0, 100 \]$/m,
    /while it is held here, there +GCX_LOCK_NOT_ACQUIRED$/m,
    /the next token is larger +true$/m,
    /a session there, and a key outside +undefined 500$/m,
    /get +GCX_BACKEND_TIMEOUT$/m,
    /increment +GCX_BACKEND_OUTCOME_UNKNOWN$/m,
    /getOrSet still answers, from its loader +11$/m,
    /health +down$/m,
    /The server is (up|degraded)\.$/m,
  ]);
});

it("the hierarchical example reads from memory, sees changes elsewhere, and serves nothing beyond the bound", async () => {
  const url = `redis://${addresses(redisServers.slice(0, 1))}`;
  expectInOrder(await runExample("hierarchical", { REDIS_URL: url }), [
    /first read there comes from +redis$/m,
    /the next from +memory$/m,
    /the same value in every tier +true$/m,
    /milliseconds until it is seen there +\d+$/m,
    /a reader that has the receipt reads nothing older +12$/m,
    /nobody serves the old value: coherent +true$/m,
    /there, in the same step +(13|\(no copy\))$/m,
    /at once it still says +14$/m,
    // The write took its time: where it took longer than the bound, nothing is served any more.
    /and within the bound it may, after a write elsewhere +(14|\(no copy\))$/m,
    /it stops within the bound and a hundredth +true$/m,
    /getOrSet answers from its loader +from the source$/m,
    /its health +down/m,
    /tier memory: keys, connections/,
    /messages, gaps, other nodes +\d+ \d+ 2$/m,
  ]);
});

it("the example with three tiers is answered nearby, serves nothing old, and goes on without the middle", async () => {
  const [redis, memcached] = [addresses(redisServers.slice(0, 1)), addresses(memcachedServers.slice(0, 1))];
  expectInOrder(await runExample("three-tiers", { REDIS_URL: `redis://${redis}`, MEMCACHED: memcached }), [
    /answers of memory, median in ms +\d+ \d/,
    /answers of memcached, median in ms +[1-9]\d* \d/,
    /one round trip for each tier in a batch: values +200$/m,
    /nobody is served an old price +true$/m,
    /copies found there that nobody could prove +\d+$/m,
    /without them, after 1000 ms, neither +true$/m,
    /a batch waits for it once, and finds all the same +200$/m,
    /health +degraded \S*memcached\S* degraded, redis\S* up/m,
    /writes are as ever +12$/m,
    /copies are served within the bound +true$/m,
    /getOrSet answers from its loader +from the source$/m,
    /health +(degraded|down)$/m,
    /tier memcached: hits, misses, unproven, failures +[1-9]/m,
  ]);
});

it.each([1, 2])(
  "the Memcached example takes any key, counts beyond the server and refuses honestly, on %i servers",
  async (count) => {
    const stdout = await runExample("memcached", { MEMCACHED: addresses(memcachedServers.slice(0, count)) });
    expectInOrder(stdout, [
      /a key of 740 characters with line breaks .+1n, -0, null/,
      /0 is a hit, an unknown key is none +0 undefined$/m,
      /found of 600 +500$/m,
      /200 increments from both +200$/m,
      /below zero +-5$/m,
      /beyond 2\^53 +9007199254740993n 9007199254740995n$/m,
      /the same opId, twice +1 1$/m,
      /one of two becomes the leader +1$/m,
      /after its tag was invalidated there +undefined$/m,
      /after the namespace was cleared there +undefined$/m,
      /lock +GCX_OPERATION_UNSUPPORTED$/m,
      /transaction +GCX_OPERATION_UNSUPPORTED$/m,
      /keys +GCX_OPERATION_UNSUPPORTED$/m,
    ]);
  },
);

it("the sharding example spreads keys evenly, moves few, and loses only a dead server's keys", async () => {
  expectInOrder(await runExample("sharding", { REDIS_SERVERS: addresses(redisServers) }), [
    /found of 3,000 in one getMulti +3000$/m,
    /within 6 % of each other +true$/m,
    /as expected +true$/m,
    /the cart's total +45$/m,
    /keys of several servers in one transaction +GCX_OPERATION_UNSUPPORTED$/m,
    /some writes fail, most do not +true$/m,
    /and they say why +GCX_BACKEND_(UNAVAILABLE|TIMEOUT)$/m,
    /getOrSet answers for all of them +200$/m,
    /health +degraded$/m,
  ]);
});
