import { askServer } from "../../../scripts/servers/ask-server.ts";
import type { TestServer } from "../../../scripts/servers/test-server.ts";
import type { Backend } from "../../../src/backend/backend.ts";
import type { BackendHost } from "../../../src/backend/registry.ts";
import { createCoherentOperations } from "../../../src/backends/memcached/coherent-operations.ts";
import { createMemcachedBackend, type MemcachedBackend } from "../../../src/backends/memcached/memcached-backend.ts";
import type { MemcachedBackendSettings } from "../../../src/backends/memcached/memcached-backend-settings.ts";
import { reservedKey } from "../../../src/backends/memcached/reserved-key.ts";
import type { StoreOperations } from "../../../src/backends/memcached/store-operations.ts";
import { createMemcachedClient } from "../../../src/clients/memcached/create-memcached-client.ts";
import type { MemcachedClient } from "../../../src/clients/memcached/memcached-client.ts";
import { systemClock } from "../../../src/foundation/clock.ts";
import { DeadlineQueue } from "../../../src/foundation/deadline-queue.ts";
import { systemRandom } from "../../../src/foundation/random-source.ts";
import { systemScheduler } from "../../../src/foundation/scheduler.ts";
import type { ConformanceTarget } from "../../../src/testing/backend-conformance.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import { gateClient, type RequestGate } from "./gated-client.ts";

/** Settings of a store that tests use. */
export function memcachedSettings(
  server: { readonly host: string; readonly port: number },
  settings: Partial<MemcachedBackendSettings> = {},
): MemcachedBackendSettings {
  return {
    name: "memcached",
    address: `${server.host}:${server.port}`,
    timeoutMs: 1_000,
    maxIdleConnections: 2,
    credentials: undefined,
    tls: undefined,
    mode: "coherent",
    ...settings,
  };
}

/** What a cache would give a store. */
export const MEMCACHED_HOST: BackendHost = {
  clock: systemClock,
  random: systemRandom,
  scheduler: systemScheduler,
  onRemoval: () => undefined,
};

/** A store that is connected. */
export async function openMemcached(
  server: { readonly host: string; readonly port: number },
  settings: Partial<MemcachedBackendSettings> = {},
  host: Partial<BackendHost> = {},
): Promise<MemcachedBackend> {
  const backend = createMemcachedBackend(memcachedSettings(server, settings), { ...MEMCACHED_HOST, ...host });
  await backend.connect?.({});
  return backend;
}

/** Long enough for a machine that does other things too; the cases of faults wait for it. */
const CASE_TIMEOUT_MS = 2_000;

/** A store for one case of the kit, behind a proxy that breaks the way to the server. */
export async function memcachedTarget(
  server: TestServer,
  mode: MemcachedBackendSettings["mode"],
  host: BackendHost,
): Promise<ConformanceTarget> {
  const proxy = await startFaultProxy({ target: server });
  // The kit gives every client the same seed; two processes never have one.
  const own = { ...host, random: systemRandom };
  const open = (): Backend =>
    createMemcachedBackend(memcachedSettings(proxy, { mode, timeoutMs: CASE_TIMEOUT_MS }), own);
  const ownNames = [reservedKey("n", ""), reservedKey("t", "tag"), reservedKey("i", "")].map(({ text }) => text);
  const target = { backend: open(), openSecond: open, ownNames, faults: faultsOf(proxy), dispose: () => proxy.stop() };
  // The other mode ends TTLs by the clock of this process.
  return mode === "plain" ? { ...target, wait: (ms, sleep) => waitByServer(server, ms, sleep) } : target;
}

/** How long until the server's clock is read again, when it lags behind. */
const TICK_CHECK_MS = 100;

/** Waits until so much time has passed for the server, whose clock ticks once a second, and later when the machine pauses. */
async function waitByServer(server: TestServer, ms: number, sleep: (ms: number) => Promise<void>): Promise<void> {
  const until = (await secondsOf(server)) + Math.floor(ms / 1_000);
  await sleep(ms);
  while ((await secondsOf(server)) < until) await sleep(TICK_CHECK_MS);
}

async function secondsOf(server: TestServer): Promise<number> {
  const seconds = /^STAT time (\d+)\r$/m.exec(await askServer(server, "stats\r\n"))?.[1];
  if (seconds === undefined) throw new Error("The server does not say what time it is.");
  return Number(seconds);
}

function faultsOf(proxy: FaultProxy): NonNullable<ConformanceTarget["faults"]> {
  return {
    async stop() {
      proxy.set({ refusesConnections: true });
      proxy.resetAll();
    },
    async start() {
      proxy.set({ refusesConnections: false });
    },
    async hang() {
      proxy.set({ blackHolesReplies: true });
    },
    async resume() {
      proxy.set({ blackHolesReplies: false });
    },
    async reset() {
      proxy.resetAll();
    },
  };
}

/** The operations of mode `coherent` over a client whose requests pass a gate. */
export async function openGated(server: { readonly host: string; readonly port: number }): Promise<{
  readonly store: StoreOperations;
  readonly gate: RequestGate;
  readonly client: MemcachedClient;
  readonly close: () => Promise<void>;
}> {
  const settings = memcachedSettings(server);
  const bare = createMemcachedClient(settings, {
    clock: systemClock,
    scheduler: systemScheduler,
    random: systemRandom,
  });
  const { client, gate } = gateClient(bare);
  await client.connect();
  const deadlines = new DeadlineQueue(MEMCACHED_HOST);
  const store = createCoherentOperations({ settings, client, host: MEMCACHED_HOST, deadlines });
  await store.start({});
  return { store, gate, client: bare, close: () => bare.close() };
}
