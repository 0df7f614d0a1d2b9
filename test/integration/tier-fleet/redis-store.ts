import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askServer } from "../../../scripts/servers/ask-server.ts";
import { startRedis } from "../../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../../scripts/servers/test-server.ts";
import { openFleetLinks } from "./fleet-links.ts";
import {
  commonConfig,
  everyOtherPort,
  holdServer,
  peersConfig,
  redisTimeouts,
  type TierStore,
  type TierStoreOptions,
} from "./tier-store.ts";

/** One Redis that keeps its data over a crash: each write is in its log before its answer leaves. */
export async function openRedisStore(options: TierStoreOptions): Promise<TierStore> {
  const folder = mkdtempSync(join(tmpdir(), "gocachex-tier-fleet-"));
  const start = (port?: number): Promise<TestServer> =>
    startRedis({ port, args: ["--dir", folder, "--appendonly", "yes", "--appendfsync", "no"] });
  let server = await start();
  const { host, port } = server;
  const { processCount, seed } = options;
  const peerPorts = await everyOtherPort(options);
  const links = await openFleetLinks({ processCount, serverPorts: [port], peerPorts, seed });
  const restart = async (keepsData: boolean): Promise<void> => {
    server.process?.signal("SIGKILL");
    await server.stop();
    if (!keepsData) rmSync(join(folder, "appendonlydir"), { recursive: true, force: true });
    server = await start(port);
  };
  const ask = (question: string): Promise<string> => askServer({ host, port }, `${question}\r\n`);
  return {
    isRedis: true,
    configOf: (process) => ({
      ...commonConfig(options),
      tiers: [{ backend: "memory" }, { backend: "redis" }],
      redis: { addresses: [`${host}:${port}`], ...redisTimeouts(options) },
      ...peersConfig(peerPorts[process]),
    }),
    links,
    deeds: [
      holdServer(() => server.process),
      { name: "store restarted", isWipe: false, run: () => restart(true) },
      { name: "store restarted empty", isWipe: true, run: () => restart(false) },
      { name: "store flushed", isWipe: true, run: async () => void (await ask("FLUSHALL")) },
      { name: "subscriptions closed", isWipe: false, run: async () => void (await ask("CLIENT KILL TYPE pubsub")) },
    ],
    stop: async () => {
      await links.stop();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
