import { afterAll, beforeAll, describe, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { MemcachedBackendSettings } from "../../src/backends/memcached/memcached-backend-settings.ts";
import { createMemcachedBackend } from "../../src/backends/memcached/memcached-backend.ts";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";

let server: TestServer;

beforeAll(async () => {
  // The kit writes values of 1 MiB, which with its key is more than an item may have by default.
  server = await startMemcached({ args: ["-I", "2m"] });
});

afterAll(() => server.stop());

function settings(mode: MemcachedBackendSettings["mode"]): MemcachedBackendSettings {
  return {
    name: "memcached",
    address: `${server.host}:${server.port}`,
    timeoutMs: 2_000,
    maxIdleConnections: 2,
    credentials: undefined,
    tls: undefined,
    mode,
  };
}

defineBackendConformance({
  name: "memcached, coherent",
  time: "real",
  // Clearing the root ends what the others wrote, so these run one after another.
  exclusiveData: true,
  runner: { describe, it },
  create: (host) => ({
    backend: createMemcachedBackend(settings("coherent"), host),
    openSecond: () => createMemcachedBackend(settings("coherent"), host),
  }),
});

const NO_OP_IDS = 'mode "plain" keeps the bytes alone and has no place for an opId; it refuses one';

defineBackendConformance({
  name: "memcached, plain",
  time: "real",
  // TTLs are the server's whole seconds.
  ttlUnitMs: 2_000,
  // At the same time, for they wait.
  runner: { describe, it: it.concurrent },
  skip: {
    "counts a repeated request with the same id once": NO_OP_IDS,
    "counts requests with the same id once when they run together": NO_OP_IDS,
    "counts a request for each key that it names, also when they share an id": NO_OP_IDS,
    "refuses to repeat a result that is outside the range of the repeated request, and forgets nothing": NO_OP_IDS,
  },
  create: (host) => ({
    backend: createMemcachedBackend(settings("plain"), host),
    openSecond: () => createMemcachedBackend(settings("plain"), host),
  }),
});
