import { describe, it } from "vitest";
import { createSharedMemoryBackend } from "../../src/memory/shared/shared-memory-backend.ts";
import { createSharedSlab } from "../../src/memory/shared/shared-slab.ts";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";

const NO_OP_ID = "memory that threads share cannot remember an opId; increment refuses it";

defineBackendConformance({
  name: "shared memory",
  time: "fake",
  exclusiveData: true,
  runner: { describe, it },
  skip: {
    "counts a repeated request with the same id once": NO_OP_ID,
    "counts requests with the same id once when they run together": NO_OP_ID,
    "counts requests with the same id once when two clients send them": NO_OP_ID,
    "counts a request for each key that it names, also when they share an id": NO_OP_ID,
    "refuses to repeat a result that is outside the range of the repeated request, and forgets nothing": NO_OP_ID,
  },
  create: (host) => {
    const slab = createSharedSlab({ sizeBytes: 64 * 2 ** 20, maxEntryBytes: 3 * 2 ** 20 }, host);
    const open = () => createSharedMemoryBackend({ slab }, host);
    return { backend: open(), openSecond: open };
  },
});
