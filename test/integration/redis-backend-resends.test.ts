import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Backend } from "../../src/backend/backend.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import { epochScript } from "../../src/backends/redis/scripts/epoch-script.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";
import { openRawRedis, type RawRedis } from "./support/raw-redis.ts";
import { openRedisBackend, standalone } from "./support/redis-backend.ts";

const CONTEXT = {};
const EPOCH_KEY = "{gcx:all}e";
const GENERATION_KEY = "{gcx:all}g";
const PATIENT = { poolSize: 1, maxRetries: 100, retryBackoff: { minMs: 50, maxMs: 50 } };

function write(text: string): EntryWrite {
  return { value: Buffer.from(text), ttlMs: Number.POSITIVE_INFINITY, tags: [] };
}

describe("a call to Redis that is sent again", () => {
  let server: TestServer;
  let proxy: FaultProxy;
  let raw: RawRedis;

  beforeAll(async () => {
    server = await startRedis();
    proxy = await startFaultProxy({ target: server });
    raw = openRawRedis(server);
  });
  afterAll(async () => {
    raw.close();
    await proxy.stop();
    await server.stop();
  });

  /** Asks until the answer is another one. */
  async function changeOf(ask: () => Promise<string | undefined>): Promise<void> {
    const before = await ask();
    while ((await ask()) === before);
  }

  it("brings nothing back that another clear ended: the clear itself, whose first reply was lost", async () => {
    const [unlucky, other] = await Promise.all([
      openRedisBackend(standalone(proxy), "coherent", PATIENT),
      openRedisBackend(standalone(server)),
    ]);
    await unlucky.set("key", write("oldest"), CONTEXT);
    await unlucky.clear("", CONTEXT);
    await other.set("key", write("older"), CONTEXT);
    proxy.set({ blackHolesReplies: true });
    const changed = changeOf(() => raw.send("GET", GENERATION_KEY));
    const clearing = unlucky.clear("", CONTEXT);
    await changed;
    // The first sending was executed. What is written now is of its generation, until the next clear.
    await other.set("key", write("old"), CONTEXT);
    await other.clear("", CONTEXT);
    expect(await other.get("key", CONTEXT)).toBeUndefined();
    proxy.heal();
    proxy.resetAll();
    await clearing;
    expect(await other.get("key", CONTEXT)).toBeUndefined();
    await Promise.all([unlucky.close(), other.close()]);
  });

  it("names data anew that was lost with the reply which named it first", async () => {
    const name = (): Promise<string> => raw.send("EVAL", epochScript.source, "1", EPOCH_KEY, "the same text");
    await raw.send("FLUSHALL");
    const first = (await name()).split(" ")[0];
    expect((await name()).split(" ")[0]).toBe(first);
    await raw.send("FLUSHALL");
    expect((await name()).split(" ")[0]).not.toBe(first);
  });

  it.each(["coherent", "plain"] as const)(
    "goes over a new connection when the server turned into a replica, and is then done: a write, %s",
    async (mode) => {
      const backend = await openRedisBackend(standalone(server), mode, PATIENT);
      await backend.set("key", write("before"), CONTEXT);
      const connectionsReceived = async (): Promise<string | undefined> =>
        /total_connections_received:\d+/.exec(await raw.send("INFO", "stats"))?.[0];
      await raw.send("REPLICAOF", "127.0.0.1", "1");
      const renewed = changeOf(connectionsReceived);
      const writing = backend.set("key", write("after"), CONTEXT);
      // The name may lead to another server by now.
      await renewed;
      await raw.send("REPLICAOF", "NO", "ONE");
      expect(await writing).toMatchObject({ stored: true });
      expect(Buffer.from((await backend.get("key", CONTEXT))?.value as Uint8Array).toString()).toBe("after");
      await backend.close();
    },
  );

  const COUNT = { delta: 1n, initial: 1n, ttlMs: Number.POSITIVE_INFINITY, minimum: -100n, maximum: 100n };
  it.each<readonly [string, (backend: Backend) => unknown]>([
    ["a write", (backend) => backend.set("key", write("after"), CONTEXT)],
    ["writes", (backend) => backend.setMulti([["key", write("after")]], CONTEXT)],
    [
      "a write on condition",
      (backend) => backend.set("key", { ...write("after"), condition: { kind: "absent" } }, CONTEXT),
    ],
    ["a count", (backend) => backend.increment?.("key", COUNT, CONTEXT)],
  ])(
    "is done at the next primary also when the generation is missing, which has to be made first: %s",
    async (_, change) => {
      const backend = await openRedisBackend(standalone(server), "coherent", PATIENT);
      await backend.delete("key", CONTEXT);
      await raw.send("DEL", GENERATION_KEY);
      const connectionsReceived = async (): Promise<string | undefined> =>
        /total_connections_received:\d+/.exec(await raw.send("INFO", "stats"))?.[0];
      await raw.send("REPLICAOF", "127.0.0.1", "1");
      try {
        const renewed = changeOf(connectionsReceived);
        const changing = Promise.resolve(change(backend));
        // A failure here is the call's, not the renewal's.
        await Promise.race([renewed, changing]);
        await raw.send("REPLICAOF", "NO", "ONE");
        await changing;
      } finally {
        await raw.send("REPLICAOF", "NO", "ONE");
      }
      expect(await backend.get("key", CONTEXT)).toBeDefined();
      await backend.close();
    },
  );
});
