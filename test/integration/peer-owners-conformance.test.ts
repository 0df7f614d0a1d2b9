import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "vitest";
import { findFreePort } from "../../scripts/servers/free-port.ts";
import type { Backend } from "../../src/backend/backend.ts";
import type { BackendHost } from "../../src/backend/registry.ts";
import { resolveConfig } from "../../src/config/resolve-config.ts";
import { createOwners } from "../../src/create-owners.ts";
import type { ConformanceTarget } from "../../src/testing/backend-conformance.ts";
import type { ConformanceFaults } from "../../src/testing/conformance-faults.ts";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";
import { createForwardingBackend } from "../../src/tiers/forwarding-backend.ts";
import { startFaultProxy } from "./support/fault-proxy.ts";

/** D, in ms: longer than a link takes to be made again, so that no key moves because of a reset. */
const BOUND_MS = 10_000;
/** The longest call: to an owner that hangs, for 3 s. */
const DEADLINE_MS = 5_000;

interface LinkedNode {
  readonly backend: Backend;
  /** Waits until there is a link to the other node; `false`: until there is none. */
  linked(isWanted?: boolean): Promise<void>;
}

/** A node with its mesh, as one store. */
function createNode(port: number, peers: readonly string[], host: BackendHost): LinkedNode {
  const { distributed, memory } = resolveConfig({
    ...{ backend: "memory", distributed: true, grpc: { port, peers } },
  });
  if (distributed === undefined) throw new Error("The configuration is not distributed.");
  const owners = createOwners(
    { memory, maxStalenessMs: BOUND_MS, grpc: distributed.settings, onNotice: () => undefined },
    host,
  );
  const { backend, peers: links } = owners;
  const node = Object.assign(createForwardingBackend(backend), {
    async connect() {
      await backend.connect?.({});
      await links.transport.open({ onMessage: () => undefined, onGap: () => undefined });
      await backend.sharedTier?.heads({ shards: [], node: { id: links.nodeId, info: "", leaseMs: 1_000 } }, {});
    },
    async close() {
      await backend.sharedTier?.leave(links.nodeId, {});
      await links.transport.close();
      await backend.close();
    },
  } satisfies Partial<Backend>);
  const isLinked = (): boolean => links.transport.peers().some(({ state }) => state === "connected");
  return {
    backend: node,
    async linked(isWanted = true) {
      for (let turn = 0; turn < 10_000 && isLinked() !== isWanted; turn += 1) await delay(1);
      if (isLinked() !== isWanted) throw new Error(`The nodes ${isWanted ? "do not find" : "do not lose"} each other.`);
    },
  };
}

/** The store is one node; another one, behind a proxy, owns about half of the keys. */
async function createTarget(host: BackendHost): Promise<ConformanceTarget> {
  const port = await findFreePort();
  const proxy = await startFaultProxy({ target: { host: "127.0.0.1", port } });
  // It finds itself, and is found by the other.
  const other = createNode(port, [`127.0.0.1:${port}`], host);
  await other.backend.connect?.({});
  const node = createNode(await findFreePort(), [`127.0.0.1:${proxy.port}`], host);
  const faults: ConformanceFaults = {
    async stop() {
      await proxy.goDown();
      await node.linked(false);
    },
    async start() {
      await proxy.comeUp();
      await node.linked();
    },
    hang: async () => proxy.set({ blackHolesRequests: true, blackHolesReplies: true }),
    resume: async () => proxy.heal(),
    // What runs was hit by then. Reads that come after it are not answered by a node that is alone: misses.
    async reset() {
      proxy.resetAll();
      await node.linked(false);
      await node.linked();
    },
  };
  return {
    backend: node.backend,
    faults,
    async dispose() {
      await other.backend.close();
      await proxy.stop();
    },
  };
}

const GOES_ON = "a node goes on without the others: what they own is a miss, and its own for the next D + e";

defineBackendConformance({
  name: "two nodes that keep the keys themselves, over gRPC",
  time: "real",
  groups: ["faults"],
  deadlineMs: DEADLINE_MS,
  recoveryMs: 15_000,
  exclusiveData: true,
  runner: { describe, it },
  skip: {
    "fails every operation in time with a BackendError while its server is away, and answers none with a miss": GOES_ON,
    "connects when its server comes late, after a connect that failed in time": GOES_ON,
    "fails every operation in time with a BackendError while its server hangs, and answers none with a miss": GOES_ON,
    "gives the late answers of a hung server to nobody": GOES_ON,
    "answers reads that a reset cuts off with their value or a BackendError, never with a miss": GOES_ON,
  },
  create: createTarget,
});
