import { parentPort, workerData } from "node:worker_threads";
import type { CacheConfig } from "../../../src/config/cache-config.ts";
import { createCache } from "../../../src/create-cache.ts";
import { workerTransport } from "../../../src/transports/worker/worker-transport.ts";

/** What the thread is started with. */
export interface TransportWorkerData {
  readonly config: CacheConfig;
  readonly channel: string;
}

/** What it is asked. */
export interface TransportWorkerCall {
  readonly id: number;
  readonly kind: "get" | "set" | "set-acked" | "tags" | "clear" | "peers" | "close";
  readonly key: string;
  readonly value: string;
}

/** What it answers. */
export interface TransportWorkerAnswer {
  readonly id: number;
  readonly result: unknown;
}

const { config, channel } = workerData as TransportWorkerData;
const cache = createCache({ ...config, transport: workerTransport({ channel }) });

async function carryOut({ kind, key, value }: TransportWorkerCall): Promise<unknown> {
  switch (kind) {
    case "get":
      return cache.get(key);
    case "set":
      await cache.set(key, value, { ttl: "5m", tags: ["all"] });
      return true;
    case "set-acked":
      return (await cache.set(key, value, { ttl: "5m", ack: "all" })).coherent;
    case "tags":
      return cache.invalidateTags(["all"]);
    case "clear":
      return cache.clear();
    case "peers":
      return cache
        .stats()
        .coherence?.peers.filter(({ transport }) => transport === "worker")
        .map(({ state }) => state);
    case "close":
      // The thread ends by itself when nothing is left that keeps it alive.
      await cache.close();
      parentPort?.unref();
      return true;
  }
}

parentPort?.on("message", (call: TransportWorkerCall) => {
  void carryOut(call).then(
    (result) => parentPort?.postMessage({ id: call.id, result } satisfies TransportWorkerAnswer),
    (error: unknown) => parentPort?.postMessage({ id: call.id, result: `failed: ${String(error)}` }),
  );
});
