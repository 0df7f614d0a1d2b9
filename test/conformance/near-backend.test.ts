import { describe, it } from "vitest";
import { InProcessHub } from "../../src/coherence/in-process-transport.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";
import { createMapBackend, type MapBackend } from "../../src/testing/map-backend/map-backend.ts";
import { nearOver } from "../support/near/near-over.ts";

defineBackendConformance({
  name: "near copies of a shared store",
  time: "fake",
  exclusiveData: true,
  runner: { describe, it },
  create: ({ clock, scheduler, onRemoval }) => {
    const host = { clock, scheduler, onRemoval, random: createSeededRandom(1) };
    const hub = new InProcessHub();
    let count = 0;
    const near = (far: MapBackend) => {
      count += 1;
      const nodeId = `node-${count}`;
      return nearOver(far, host, { nodeId, transports: [hub.join(nodeId)] }).backend;
    };
    const store = createMapBackend({ async: true, clock, onRemoval });
    return { backend: near(store), openSecond: () => near(store.openSecond()) };
  },
});
