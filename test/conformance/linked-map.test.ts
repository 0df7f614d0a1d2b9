import { describe, it } from "vitest";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";
import { createLinkedMap } from "./linked-map.ts";

/** What needs time that passes by itself; all else runs in fake time. */
const IN_REAL_TIME = ["basics", "abort", "close", "faults"] as const;

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
    groups: IN_REAL_TIME,
    deadlineMs: 1_000,
    runner: { describe, it },
    create: (host) => createLinkedMap(host, { storage }),
  });
}
