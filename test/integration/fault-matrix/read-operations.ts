import { assertResult, type MatrixOperation } from "./matrix-operation.ts";

/** Operations that change nothing. */
export const READ_OPERATIONS: readonly MatrixOperation[] = [
  {
    name: "get",
    kind: "read",
    stepCount: 1,
    prepare: (view, [key]) => view.set(key, "value"),
    run: async ({ view, keys: [key] }) => {
      assertResult("get", await view.get(key), "value");
      return "done";
    },
  },
  {
    name: "getMulti",
    kind: "read",
    stepCount: 1,
    prepare: (view, keys) => view.setMulti(new Map(keys.map((key) => [key, `value of ${key}`]))),
    run: async ({ view, keys }) => {
      const found = await view.getMulti(keys);
      for (const key of keys) assertResult("a value of getMulti", found.get(key), `value of ${key}`);
      return "done";
    },
  },
  {
    name: "keys",
    kind: "read",
    // One step for each slice of the scan; these few keys are in a few of them.
    stepCount: 4,
    prepare: (view, keys) => view.setMulti(new Map(keys.map((key) => [key, 1]))),
    run: async ({ view, keys }) => {
      const found: string[] = [];
      for await (const key of view.keys()) found.push(key);
      assertResult("keys", found.sort().join(), [...keys].sort().join());
      return "done";
    },
  },
  {
    name: "getOrSet",
    kind: "load",
    stepCount: 3,
    prepare: async () => undefined,
    run: async ({ view, keys: [key] }) => {
      assertResult("getOrSet", await view.getOrSet(key, async () => "loaded"), "loaded");
      return "loaded";
    },
  },
  {
    name: "health",
    kind: "health",
    stepCount: 1,
    prepare: async () => undefined,
    run: async ({ cache }) => (await cache.health()).status,
  },
  {
    name: "close",
    kind: "close",
    stepCount: 1,
    prepare: (view, [key]) => view.set(key, "value"),
    run: async ({ cache, view, keys: [key] }) => {
      // Something is in flight: it settles too, and never as a miss.
      const reading = view.get(key).then(
        (value) => assertResult("get while closing", value, "value"),
        () => undefined,
      );
      await cache.close();
      await reading;
      return "closed";
    },
  },
];
