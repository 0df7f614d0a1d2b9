import { describe, it } from "vitest";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";
import { createLinkedMap } from "./linked-map.ts";

/** Long, for a busy machine stands still at times; some cases wait for it. */
const DEADLINE_MS = 1_000;

for (const storage of ["values", "bytes"] as const) {
  defineBackendConformance({
    name: `a model of a client over a network, ${storage}`,
    time: "fake",
    exclusiveData: true,
    runner: { describe, it },
    create: (host) => createLinkedMap(host, { storage }),
  });
  defineBackendConformance({
    name: `a model of a client over a network, ${storage}, in real time`,
    time: "real",
    groups: ["faults"],
    deadlineMs: 5 * DEADLINE_MS,
    runner: { describe, it },
    create: (host) => createLinkedMap(host, { storage, deadlineMs: DEADLINE_MS }),
  });
}
