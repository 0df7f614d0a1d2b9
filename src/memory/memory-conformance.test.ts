import { describe, it } from "vitest";
import { createSeededRandom } from "../foundation/random-source.ts";
import { systemScheduler } from "../foundation/scheduler.ts";
import { defineBackendConformance } from "../testing/define-backend-conformance.ts";
import { createMemoryBackend, type MemoryBackendOptions } from "./memory-backend.ts";

const DEFAULTS: MemoryBackendOptions = {
  maxSizeBytes: 100 * 1024 * 1024,
  maxKeys: Number.POSITIVE_INFINITY,
  evictionPolicy: "w-tinylfu",
  cleanupIntervalMs: 60_000,
  copy: false,
};

const VARIANTS: readonly (Partial<MemoryBackendOptions> & { readonly name: string })[] = [
  { name: "memory" },
  { name: "memory, copies", copy: true },
];

for (const { name, ...changes } of VARIANTS) {
  defineBackendConformance({
    name,
    time: "fake",
    exclusiveData: true,
    runner: { describe, it },
    create: ({ clock, scheduler, onRemoval }) => {
      // Scans wait for a turn of the event loop between slices, and the kit does not move its fake time meanwhile.
      const soonForReal = { ...scheduler, soon: systemScheduler.soon };
      const host = { clock, scheduler: soonForReal, onRemoval, random: createSeededRandom(1) };
      return { backend: createMemoryBackend({ ...DEFAULTS, ...changes }, host) };
    },
  });
}
