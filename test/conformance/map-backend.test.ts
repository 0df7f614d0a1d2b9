import { describe, it } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import { defineBackend } from "../../src/backend/define-backend.ts";
import type { StoredEntry, WriteResult } from "../../src/backend/stored-entry.ts";
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

defineBackendConformance({
  name: "map, with the expire that defineBackend fills in",
  time: "fake",
  groups: ["expire", "stale"],
  runner: { describe, it },
  create: (host) => ({ backend: withExpireFilledIn(createMapBackend(host)) }),
});

/** The store as a plug-in without `expire`, whose `get` tells what each entry was written with. */
function withExpireFilledIn({ expire: _expire, setMulti: _setMulti, get, set, ...others }: Backend): Backend {
  const staleMsOf = new Map<string, number | undefined>();
  return defineBackend({
    ...others,
    get: (key, context) => {
      const entry = get(key, context) as StoredEntry | undefined;
      return entry && { ...entry, staleMs: staleMsOf.get(key) };
    },
    set: (key, write, context) => {
      const result = set(key, write, context) as WriteResult;
      if (result.stored) staleMsOf.set(key, write.staleMs);
      return result;
    },
  });
}
