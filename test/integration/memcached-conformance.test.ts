import { afterAll, beforeAll, describe, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Backend } from "../../src/backend/backend.ts";
import { createCodec } from "../../src/codec/create-codec.ts";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";
import { createCodedBackend } from "../../src/tiers/coded-backend.ts";
import { StoredValues } from "../../src/tiers/stored-values.ts";
import { codecSettings } from "../support/codec/codec-settings.ts";
import { memcachedTarget } from "./support/memcached-target.ts";

const RUNNER = { describe, it };
/** Cases that wait do so together, and beside those of the other mode, which makes the process late at times. */
const TTL_UNIT_MS = 500;
/** The longest operation of several requests waits for three deadlines of 2 s. */
const DEADLINE_MS = 8_000;

const NO_OP_IDS = 'mode "plain" keeps the bytes alone, so it has no place for an opId, and refuses one';
const SKIPPED_IN_PLAIN: Readonly<Record<string, string>> = {
  "counts a repeated request with the same id once": NO_OP_IDS,
  "counts requests with the same id once when they run together": NO_OP_IDS,
  "counts requests with the same id once when two clients send them": NO_OP_IDS,
  "counts a request for each key that it names, also when they share an id": NO_OP_IDS,
  "refuses to repeat a result that is outside the range of the repeated request, and forgets nothing": NO_OP_IDS,
  "meets the entry of an odd or long key with every operation: conditions, TTLs, counters, leases, commits": NO_OP_IDS,
};

/** Runs kits one after the other at a server of their own, beside those at other servers: they wait for time more than for anything else. */
function atOwnServer(name: string, define: (server: () => TestServer) => void): void {
  describe.concurrent(name, () => {
    describe.sequential("with a server of its own", () => {
      let server: TestServer;
      beforeAll(async () => {
        // The kit writes values of 1 MiB, which with their keys are more than an item may have by default.
        server = await startMemcached({ args: ["-I", "2m"] });
      });
      afterAll(() => server.stop());
      define(() => server);
    });
  });
}

atOwnServer("mode coherent", (server) => {
  defineBackendConformance({
    name: "memcached, coherent",
    time: "real",
    ttlUnitMs: TTL_UNIT_MS,
    waitsTogether: true,
    deadlineMs: DEADLINE_MS,
    exclusiveData: true,
    runner: RUNNER,
    create: (host) => memcachedTarget(server(), "coherent", host),
  });

  // As a cache uses it: counters and conditions on values.
  defineBackendConformance({
    name: "memcached, coherent, values as bytes",
    time: "real",
    ttlUnitMs: TTL_UNIT_MS,
    waitsTogether: true,
    groups: ["conditional-writes", "counters"],
    runner: RUNNER,
    create: async (host) => {
      const target = await memcachedTarget(server(), "coherent", host);
      const code = (backend: Backend): Backend => {
        const codec = createCodec(codecSettings({}), { clock: host.clock, scheduler: host.scheduler });
        const values = new StoredValues(codec, { throws: true, onUnreadable: () => undefined });
        return createCodedBackend({ backend, codec, values });
      };
      const openSecond = async (): Promise<Backend> => code((await target.openSecond?.()) as Backend);
      return { ...target, backend: code(target.backend), openSecond };
    },
  });
});

atOwnServer("mode plain", (server) => {
  defineBackendConformance({
    name: "memcached, plain",
    time: "real",
    // TTLs are the server's whole seconds.
    ttlUnitMs: 2_000,
    waitsTogether: true,
    deadlineMs: DEADLINE_MS,
    runner: RUNNER,
    skip: SKIPPED_IN_PLAIN,
    create: (host) => memcachedTarget(server(), "plain", host),
  });
});
