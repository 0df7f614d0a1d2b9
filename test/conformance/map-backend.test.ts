import { describe, it } from "vitest";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";
import { createMapBackend, type MapBackendOptions } from "../../src/testing/map-backend/map-backend.ts";

const variants: readonly MapBackendOptions[] = [
  { name: "map" },
  { name: "map, async", async: true },
  { name: "map, async, bytes", async: true, storage: "bytes" },
];

for (const variant of variants) {
  defineBackendConformance({
    name: variant.name ?? "map",
    time: "fake",
    exclusiveData: true,
    runner: { describe, it },
    create: ({ clock, onRemoval }) => {
      const backend = createMapBackend({ ...variant, clock, onRemoval });
      return { backend, openSecond: () => backend.openSecond() };
    },
  });
}
