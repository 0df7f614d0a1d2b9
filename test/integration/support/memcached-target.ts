import type { TestServer } from "../../../scripts/servers/test-server.ts";
import type { Backend } from "../../../src/backend/backend.ts";
import type { BackendHost } from "../../../src/backend/registry.ts";
import { createMemcachedBackend } from "../../../src/backends/memcached/memcached-backend.ts";
import type { MemcachedBackendSettings } from "../../../src/backends/memcached/memcached-backend-settings.ts";
import { systemClock } from "../../../src/foundation/clock.ts";
import { systemRandom } from "../../../src/foundation/random-source.ts";
import { systemScheduler } from "../../../src/foundation/scheduler.ts";
import type { ConformanceTarget } from "../../../src/testing/backend-conformance.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import { startFaultProxy } from "./fault-proxy.ts";

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
): Promise<Backend> {
  const backend = createMemcachedBackend(memcachedSettings(server, settings), { ...MEMCACHED_HOST, ...host });
  await backend.connect?.({});
  return backend;
}

/** A store for one case of the kit, behind a proxy that breaks the way to the server. */
export async function memcachedTarget(
  server: TestServer,
  mode: MemcachedBackendSettings["mode"],
  host: BackendHost,
): Promise<ConformanceTarget> {
  const proxy = await startFaultProxy({ target: server });
  // The kit gives every client the same seed; two processes never have one.
  const own = { ...host, random: systemRandom };
  const open = (): Backend => createMemcachedBackend(memcachedSettings(proxy, { mode }), own);
  return { backend: open(), openSecond: open, faults: faultsOf(proxy), dispose: () => proxy.stop() };
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
