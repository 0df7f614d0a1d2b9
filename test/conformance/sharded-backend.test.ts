import { describe, it } from "vitest";
import type { BackendHost } from "../../src/backend/registry.ts";
import { createShardedBackend } from "../../src/sharding/sharded-backend.ts";
import type { ShardedBackendOptions } from "../../src/sharding/sharding-options.ts";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";
import { createMapBackend, type MapBackend } from "../../src/testing/map-backend/map-backend.ts";

const variants: readonly [string, Omit<ShardedBackendOptions, "nodes">, "values" | "bytes"][] = [
  ["consistent", {}, "values"],
  ["ketama, bytes", { algorithm: "ketama" }, "bytes"],
  [
    "rendezvous, standing in for each other, hot keys",
    { algorithm: "rendezvous", failover: "next", hotKeys: {} },
    "bytes",
  ],
];

const STAMPS_ARE_HANDLES = "a sharded store's stamps are handles to one stamp of each node and compare with no version";

for (const [name, options, storage] of variants) {
  defineBackendConformance({
    name: `sharded over three maps, ${name}`,
    time: "fake",
    exclusiveData: true,
    runner: { describe, it },
    skip: {
      "gives out stamps that are larger than every version before and not larger than those after": STAMPS_ARE_HANDLES,
    },
    create: (host) => {
      const maps = ["a", "b", "c"].map((node) => {
        return createMapBackend({ name: node, async: true, storage, clock: host.clock });
      });
      const shardedOver = (stores: readonly MapBackend[]) => {
        const nodes = stores.map((backend, index) => ({ name: `10.0.0.${index}:6379`, backend }));
        return createShardedBackend({ ...options, nodes }, host as BackendHost);
      };
      return { backend: shardedOver(maps), openSecond: () => shardedOver(maps.map((map) => map.openSecond())) };
    },
  });
}
