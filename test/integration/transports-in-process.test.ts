import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askServer } from "../../scripts/servers/ask-server.ts";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { NODES_KEY } from "../../src/backends/redis/redis-key-layout.ts";
import { inProcessTransport } from "../../src/coherence/in-process-transport.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { workerTransport } from "../../src/transports/worker/worker-transport.ts";
import { bundleScript } from "./support/script-bundle.ts";
import type { TransportWorkerAnswer, TransportWorkerCall } from "./support/transport-worker.ts";

/** A machine that is busy with other tests is slow, not broken. */
const eventually = <T>(ask: () => T) => expect.poll(ask, { timeout: 20_000 });
const PATIENT = "30s";

/** So long a copy would be served that nobody is told to end. */
const MAX_STALENESS = "60s";

/** A cache in a thread of its own. */
class CacheThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  readonly exited: Promise<number>;
  #count = 0;

  constructor(file: string, config: CacheConfig, channel: string) {
    this.#worker = new Worker(file, { workerData: { config, channel } });
    this.#worker.on("message", ({ id, result }: TransportWorkerAnswer) => this.#waiting.get(id)?.(result));
    this.exited = new Promise((resolve) => this.#worker.once("exit", resolve));
  }

  ask(kind: TransportWorkerCall["kind"], key = "", value = ""): Promise<unknown> {
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#worker.postMessage({ id, kind, key, value } satisfies TransportWorkerCall);
    });
  }

  kill(): Promise<number> {
    return this.#worker.terminate();
  }
}

describe.each(["redis", "memcached"] as const)("caches of one process over one %s", (kind) => {
  let server: TestServer;
  let script: string;

  beforeAll(async () => {
    // Redis itself tells of changes: to an account that may hear no channel it does not.
    const rules = ["~*", "+@all", "resetchannels"];
    server = await (kind === "redis"
      ? startRedis({ users: [{ name: "deaf", password: "pass", rules }] })
      : startMemcached());
    script = await bundleScript("test/integration/support/transport-worker.ts");
  }, 30_000);
  afterAll(async () => {
    await server?.stop();
  });

  const config = (namespace: string): CacheConfig => ({
    namespace,
    hierarchical: true,
    l1: { backend: "memory" },
    l2: {
      backend: kind,
      ...(kind === "redis"
        ? {
            redis: {
              addresses: [`${server.host}:${server.port}`],
              ...{ username: "deaf", password: "pass", dialTimeout: PATIENT, readTimeout: PATIENT },
            },
          }
        : { memcached: { servers: [`${server.host}:${server.port}`], timeout: PATIENT } }),
    },
    consistency: { maxStaleness: MAX_STALENESS },
    deadlines: { connect: PATIENT, read: PATIENT, write: PATIENT },
  });

  it("in worker threads end each other's copies, whatever is changed, and threads end by themselves", async () => {
    const channel = `shop ${kind}`;
    const threads = [0, 1].map(() => new CacheThread(script, config("threads"), channel));
    const [a, b] = threads as [CacheThread, CacheThread];
    const here = createCache({ ...config("threads"), transport: workerTransport({ channel }) });
    const stranger = createCache({ ...config("threads"), transport: workerTransport({ channel: "another" }) });
    try {
      await Promise.all([a.ask("get", "k"), b.ask("get", "k"), here.ready(), stranger.ready()]);
      const peersHere = (): unknown =>
        here.stats().coherence?.peers.flatMap(({ transport, state }) => (transport === "worker" ? [state] : []));
      for (const ask of [() => a.ask("peers"), () => b.ask("peers"), peersHere]) {
        await eventually(ask).toEqual(["connected", "connected"]);
      }
      await a.ask("set", "k", "1");
      const values = (): Promise<unknown[]> => Promise.all([a.ask("get", "k"), b.ask("get", "k"), here.get("k")]);
      await eventually(values).toEqual(["1", "1", "1"]);
      expect(await stranger.get("k")).toBe("1");
      await b.ask("set", "k", "2");
      await eventually(values).toEqual(["2", "2", "2"]);
      await here.set("k", "3", { ttl: "5m", tags: ["all"] });
      await eventually(values).toEqual(["3", "3", "3"]);
      // Without messages a copy lives on.
      expect(await stranger.get("k")).toBe("1");
      await a.ask("tags");
      await eventually(values).toEqual([undefined, undefined, undefined]);
      await a.ask("set", "k", "4");
      await eventually(values).toEqual(["4", "4", "4"]);
      await b.ask("clear");
      await eventually(values).toEqual([undefined, undefined, undefined]);
      await stranger.close();
      if (kind === "redis") {
        // Whoever is in the table of nodes is asked; without an answer, or with a table that is young, it would be the bound.
        await askServer(server, `HSET ${NODES_KEY} born ${Date.now() - 3_600_000}\r\n`);
        await a.ask("set", "k", "5");
        await eventually(values).toEqual(["5", "5", "5"]);
        const startedAtMs = performance.now();
        expect(await b.ask("set-acked", "k", "6")).toBe(true);
        expect(performance.now() - startedAtMs).toBeLessThan(30_000);
        expect(await values()).toEqual(["6", "6", "6"]);
      }
      await b.ask("close");
      await eventually(() => a.ask("peers")).toEqual(["connected"]);
      expect(await b.exited).toBe(0);
    } finally {
      await Promise.all([...threads.map((thread) => thread.kill()), here.close(), stranger.close()]);
    }
  }, 60_000);

  it("in one thread end each other's copies before a write has returned", async () => {
    const transport = inProcessTransport();
    const [a, b] = [0, 1].map(() => createCache({ ...config("side by side"), transport }));
    const alone = createCache(config("side by side"));
    if (a === undefined || b === undefined) throw new Error("unreachable");
    try {
      for (const value of ["1", "2", "3"]) {
        await a.set("k", value, "5m");
        expect(await b.get("k")).toBe(value);
        expect(await alone.get("k")).toBe("1");
      }
      await b.delete("k");
      expect(a.peek("k")).toBe(undefined);
      expect(a.stats().coherence?.peers).toMatchObject([{ transport: "in-process", state: "connected" }]);
      await b.close();
      expect(a.stats().coherence?.peers).toEqual([]);
    } finally {
      await Promise.all([a.close(), b.close(), alone.close()]);
    }
  });
});
