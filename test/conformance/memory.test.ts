import { describe, it } from "vitest";
import { createMemoryBackend } from "../../src/memory/memory-backend.ts";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";

const ROOMY_BYTES = 512 * 1024 * 1024;

for (const evictionPolicy of ["w-tinylfu", "lru"] as const) {
  for (const copy of [false, true]) {
    defineBackendConformance({
      name: `memory, ${evictionPolicy}${copy ? ", copies" : ""}`,
      time: "fake",
      exclusiveData: true,
      runner: { describe, it },
      create: (host) => ({
        backend: createMemoryBackend(
          {
            maxSizeBytes: ROOMY_BYTES,
            maxKeys: Number.POSITIVE_INFINITY,
            evictionPolicy,
            cleanupIntervalMs: 60_000,
            copy,
          },
          host,
        ),
      }),
    });
  }
}
