import { describe, expect, it } from "vitest";
import {
  createShardedWorld,
  keysAt,
  NO_CONTEXT,
  readText,
  textWrite,
  type WorldProcess,
} from "../../test/support/sharded-world.ts";
import { ConfigError, PartialFailureError, UnsupportedOperationError } from "../foundation/errors.ts";
import type { ShardedBackend } from "./sharded-backend.ts";

const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);

async function fill(store: ShardedBackend, text: string, names: readonly string[] = keys): Promise<void> {
  await store.setMulti(
    names.map((key) => [key, textWrite(text)] as const),
    NO_CONTEXT,
  );
}

async function readAll(store: ShardedBackend, names: readonly string[] = keys): Promise<(string | undefined)[]> {
  return Promise.all(names.map((key) => readText(store, key)));
}

async function add({ store, link }: WorldProcess, name: string, options = {}): Promise<void> {
  await store.addNode({ name, backend: link(name).backend }, options);
}

describe("a node that is added", () => {
  it("gets its share, which starts cold, and the other keys stay warm", async () => {
    const world = createShardedWorld(["a", "b", "c"]);
    const process = await world.start();
    await fill(process.store, "old");
    await add(process, "d");
    const moved = keys.filter((key) => process.store.nodeOf(key) === "d");
    expect(moved.length).toBeGreaterThan(30);
    for (const key of keys) {
      expect(await readText(process.store, key)).toBe(moved.includes(key) ? undefined : "old");
    }
  });

  it("is emptied first, whatever it holds", async () => {
    const world = createShardedWorld(["a", "b"]);
    for (const key of keys) await world.server("c").set(key, textWrite("junk"), NO_CONTEXT);
    const process = await world.start();
    await add(process, "c");
    expect(new Set(await readAll(process.store))).toEqual(new Set([undefined]));
  });

  it("changes nothing when it does not answer, and can be added later", async () => {
    const world = createShardedWorld(["a", "b"]);
    const process = await world.start();
    await fill(process.store, "old");
    const link = process.link("c");
    link.isUp = false;
    const adding = process.store.addNode({ name: "c", backend: link.backend });
    await expect(adding).rejects.toBeInstanceOf(PartialFailureError);
    expect(process.store.nodes()).toHaveLength(2);
    expect(new Set(await readAll(process.store))).toEqual(new Set(["old"]));
    link.isUp = true;
    await process.store.addNode({ name: "c", backend: link.backend });
    expect(process.store.nodes()).toHaveLength(3);
  });

  it("is not emptied again when a second process adds it too", async () => {
    const world = createShardedWorld(["a", "b"]);
    const [first, second] = [await world.start(), await world.start()];
    await add(first, "c");
    const [key] = keysAt(first.store, "c", 1) as [string];
    await first.store.set(key, textWrite("new"), NO_CONTEXT);
    await add(second, "c");
    expect(await readText(second.store, key)).toBe("new");
  });
});

describe("entries that a change leaves behind", () => {
  for (const [kind, capabilities] of [
    ["lists", {}],
    ["only clears", { scan: false }],
  ] as const) {
    it(`are never found when a later change moves their keys back, at nodes of a store that ${kind}`, async () => {
      const world = createShardedWorld(["a", "b", "c"], capabilities);
      const process = await world.start();
      await fill(process.store, "old");
      await add(process, "d");
      const moved = keys.filter((key) => process.store.nodeOf(key) === "d");
      await fill(process.store, "new", moved);
      await process.store.removeNode("d");
      const found = await readAll(process.store, moved);
      expect(new Set(found)).toEqual(new Set([undefined]));
    });

    it(`are never found by processes that are restarted with other nodes, at nodes of a store that ${kind}`, async () => {
      const world = createShardedWorld(["a", "b", "c"], capabilities);
      const three = await world.start();
      await fill(three.store, "old");
      await three.store.close();
      const four = await world.start({ servers: ["a", "b", "c", "d"] });
      const moved = keys.filter((key) => four.store.nodeOf(key) === "d");
      await fill(four.store, "new", moved);
      await four.store.close();
      const again = await world.start({ servers: ["a", "b", "c"] });
      expect(new Set(await readAll(again.store, moved))).toEqual(new Set([undefined]));
      await fill(again.store, "newer", moved);
      await again.store.close();
      const last = await world.start({ servers: ["a", "b", "c", "d"] });
      expect(new Set(await readAll(last.store, moved))).toEqual(new Set([undefined]));
    });
  }

  it("cost a node nothing that lists its keys: what it owned stays", async () => {
    const world = createShardedWorld(["a", "b", "c"]);
    const process = await world.start();
    await fill(process.store, "old");
    await add(process, "d");
    const stayed = keys.filter((key) => process.store.nodeOf(key) !== "d");
    await process.store.removeNode("d");
    expect(new Set(await readAll(process.store, stayed))).toEqual(new Set(["old"]));
  });

  it("cost a node nothing that never lost keys, also when it cannot list them", async () => {
    const world = createShardedWorld(["a", "b", "c"], { scan: false });
    const process = await world.start();
    await fill(process.store, "old");
    const stayed = keys.filter((key) => process.store.nodeOf(key) !== "c");
    await process.store.removeNode("c");
    expect(new Set(await readAll(process.store, stayed))).toEqual(new Set(["old"]));
  });

  it("go with a clear of everything, and the nodes remember what they serve", async () => {
    const world = createShardedWorld(["a", "b", "c"]);
    const process = await world.start();
    await fill(process.store, "old");
    await process.store.clear!("", NO_CONTEXT);
    await fill(process.store, "new");
    await process.store.close();
    const again = await world.start();
    expect(new Set(await readAll(again.store))).toEqual(new Set(["new"]));
  });

  it("keep a node out that was down when the others changed, until it is emptied", async () => {
    const world = createShardedWorld(["a", "b", "c"]);
    const three = await world.start();
    await fill(three.store, "old");
    await three.store.close();
    const two = await world.start({ servers: ["a", "b"] });
    await fill(two.store, "new");
    await two.store.close();
    const again = await world.start({ down: ["c"] });
    const own = keysAt(again.store, "c", 20);
    again.links.get("c")!.isUp = true;
    expect(new Set(await readAll(again.store, own))).toEqual(new Set([undefined]));
  });
});

describe("a change of nodes", () => {
  it("is refused for stores that cannot be rid of old entries", async () => {
    const process = await createShardedWorld(["a", "b"], { clear: false, scan: false }).start();
    await expect(process.store.removeNode("b")).rejects.toBeInstanceOf(UnsupportedOperationError);
    await expect(add(process, "c")).rejects.toBeInstanceOf(UnsupportedOperationError);
  });

  it("is refused for names that are taken or unknown, and for the last node", async () => {
    const process = await createShardedWorld(["a"]).start();
    await expect(add(process, "a")).rejects.toBeInstanceOf(ConfigError);
    await expect(process.store.removeNode("z")).rejects.toBeInstanceOf(ConfigError);
    await expect(process.store.removeNode("a")).rejects.toBeInstanceOf(ConfigError);
  });

  it("removes a dead node without asking it", async () => {
    const process = await createShardedWorld(["a", "b", "c"]).start();
    process.links.get("c")!.isUp = false;
    await process.store.removeNode("c");
    await fill(process.store, "works");
    expect(new Set(await readAll(process.store))).toEqual(new Set(["works"]));
  });

  it("is foreseen by planMove", async () => {
    const process = await createShardedWorld(["a", "b", "c"]).start();
    const plan = process.store.planMove({ add: { name: "d" } });
    expect(plan.movedRatio).toBeGreaterThan(0.15);
    expect(plan.movedRatio).toBeLessThan(0.35);
    expect(plan.byNode["d"]).toMatchObject({ beforeRatio: 0, gainedRatio: plan.movedRatio, lostRatio: 0 });
    const own = keys.filter((key) => process.store.nodeOf(key) === "c");
    expect(process.store.planMove({ remove: "c" }, keys).movedRatio).toBe(own.length / keys.length);
  });

  it("changes the epoch", async () => {
    const process = await createShardedWorld(["a", "b"]).start();
    const before = process.store.epoch;
    await add(process, "c");
    expect(process.store.epoch).not.toBe(before);
  });

  it("stops processes that still use other nodes, when views are kept", async () => {
    const world = createShardedWorld(["a", "b", "c"]);
    const options = { failover: "next", viewMs: 1_000 } as const;
    const [changed, behind] = [await world.start(options), await world.start(options)];
    const [key] = keysAt(changed.store, "a", 1) as [string];
    await add(changed, "d");
    await world.time.advanceAsync(1_100);
    await changed.store.set(key, textWrite("new"), NO_CONTEXT);
    await expect(behind.store.get(key, NO_CONTEXT)).rejects.toThrow(/another process uses other nodes/);
    await add(behind, "d");
    await world.time.advanceAsync(1_100);
    expect(await readText(behind.store, key)).toBe("new");
  });
});

describe("migrate", () => {
  const MIGRATES = { migrates: true } as const;

  it("copies what moved with the rest of its TTL and its tags, and leaves nothing behind", async () => {
    const world = createShardedWorld(["a", "b", "c"]);
    const process = await world.start();
    await process.store.setMulti(
      keys.map((key) => [key, textWrite("old", { ttlMs: 60_000, tags: ["t"] })] as const),
      NO_CONTEXT,
    );
    await world.time.advanceAsync(10_000);
    await add(process, "d", MIGRATES);
    const progress: number[] = [];
    const moved = keys.filter((key) => process.store.nodeOf(key) === "d");
    const report = await process.store.migrate({
      entriesPerSecond: Number.POSITIVE_INFINITY,
      onProgress: ({ movedCount }) => progress.push(movedCount),
    });
    expect(report).toMatchObject({ movedCount: moved.length, droppedCount: 0, failedCount: 0 });
    expect(progress.at(-1)).toBe(moved.length);
    expect(new Set(await readAll(process.store))).toEqual(new Set(["old"]));
    const entry = await process.store.get(moved[0] as string, NO_CONTEXT);
    expect(entry).toMatchObject({ tags: ["t"], expiresAt: world.time.clock.wallMs() + 50_000 });
    for (const key of moved) {
      for (const name of ["a", "b", "c"]) expect(await world.server(name).get(key, NO_CONTEXT)).toBeUndefined();
    }
    await process.store.invalidateTags!(["t"], NO_CONTEXT);
    expect(new Set(await readAll(process.store))).toEqual(new Set([undefined]));
  });

  it("moves what a removed node had, and closes it then", async () => {
    const world = createShardedWorld(["a", "b", "c"]);
    const process = await world.start();
    await fill(process.store, "old");
    await process.store.removeNode("c", MIGRATES);
    await process.store.migrate({ entriesPerSecond: Number.POSITIVE_INFINITY });
    expect(new Set(await readAll(process.store))).toEqual(new Set(["old"]));
    await expect(process.links.get("c")!.map.get("k0", NO_CONTEXT)).rejects.toThrow(/closed/);
  });

  /** Each is done by another process while the copy of the key is between its read and its write. */
  const changes: readonly [string, (store: ShardedBackend, key: string) => Promise<unknown>, string | undefined][] = [
    ["a delete", async (store, key) => store.delete(key, NO_CONTEXT), undefined],
    ["a delete of many", async (store, key) => store.deleteMulti([key], NO_CONTEXT), undefined],
    ["a write", async (store, key) => store.set(key, textWrite("new"), NO_CONTEXT), "new"],
    [
      "a write and a delete",
      async (store, key) => {
        await store.setMulti([[key, textWrite("new")]], NO_CONTEXT);
        await store.delete(key, NO_CONTEXT);
      },
      undefined,
    ],
    ["an end of its TTL", async (store, key) => store.expire(key, 0, NO_CONTEXT), undefined],
    ["an invalidation of its tag", async (store) => store.invalidateTags!(["t"], NO_CONTEXT), undefined],
    ["a clear of its namespace", async (store) => store.clear!("shop", NO_CONTEXT), undefined],
    ["a clear of everything", async (store) => store.clear!("", NO_CONTEXT), undefined],
    [
      "a transaction that deletes it",
      async (store, key) => store.commit!([], [{ key, write: undefined }], NO_CONTEXT),
      undefined,
    ],
  ];

  /** A key of the node d, which holds an old entry elsewhere, in two processes that know of d. */
  async function moving(): Promise<{ mover: WorldProcess; other: WorldProcess; key: string }> {
    const world = createShardedWorld(["a", "b", "c"]);
    const [mover, other] = [await world.start(), await world.start()];
    const { nodeOf } = (await createShardedWorld(["a", "b", "c", "d"]).start()).store;
    const key = Array.from({ length: 50 }, (_, index) => `@shop:k${index}`).find(
      (one) => nodeOf(one) === "d",
    ) as string;
    await mover.store.set(key, textWrite("old", { tags: ["t"] }), NO_CONTEXT);
    await add(mover, "d", MIGRATES);
    await add(other, "d", MIGRATES);
    return { mover, other, key };
  }

  it.each(changes)("never undoes %s of another process, before the entry is read", async (_, change, expected) => {
    const { mover, other, key } = await moving();
    await change(other.store, key);
    await mover.store.migrate({ entriesPerSecond: Number.POSITIVE_INFINITY });
    expect(await readText(other.store, key)).toBe(expected);
  });

  for (const point of ["before the copy is written", "after the copy was written"] as const) {
    it.each(changes)(`never undoes %s of another process, ${point}`, async (_, change, expected) => {
      const { mover, other, key } = await moving();
      const target = mover.links.get("d")!.map;
      const hold = target.hold("set", { at: point.startsWith("before") ? "request" : "reply" });
      const migrating = mover.store.migrate({ entriesPerSecond: Number.POSITIVE_INFINITY });
      await hold.arrived();
      await change(other.store, key);
      hold.release();
      await migrating;
      expect(await readText(other.store, key)).toBe(expected);
      expect(await readText(mover.store, key)).toBe(expected);
    });
  }

  it("does not replace what a process wrote that was not told of the migration", async () => {
    const { mover, other, key } = await moving();
    await other.store.endMove();
    await other.store.set(key, textWrite("new"), NO_CONTEXT);
    await mover.store.migrate({ entriesPerSecond: Number.POSITIVE_INFINITY });
    expect(await readText(mover.store, key)).toBe("new");
  });

  it("is refused when nothing moves, and when the stores cannot do it safely", async () => {
    const process = await createShardedWorld(["a", "b"]).start();
    await expect(process.store.migrate()).rejects.toBeInstanceOf(UnsupportedOperationError);
    const tagless = await createShardedWorld(["a", "b"], { tags: false }).start();
    await expect(add(tagless, "c", MIGRATES)).rejects.toBeInstanceOf(UnsupportedOperationError);
  });

  it("ends when its signal aborts, can be begun again, and bounds its rate", async () => {
    const world = createShardedWorld(["a", "b", "c"]);
    const process = await world.start();
    await fill(process.store, "old");
    await add(process, "d", MIGRATES);
    const controller = new AbortController();
    const migrating = process.store.migrate({ entriesPerSecond: 1, signal: controller.signal });
    await world.time.advanceAsync(10);
    controller.abort(new Error("enough"));
    await expect(migrating).rejects.toThrow("enough");
    const again = process.store.migrate({ entriesPerSecond: 10 });
    await world.time.advanceAsync(60_000);
    expect(await again).toMatchObject({ failedCount: 0 });
    expect(new Set(await readAll(process.store))).toEqual(new Set(["old"]));
  });

  it("says how many entries it could not move, and moves them when it is begun again", async () => {
    const world = createShardedWorld(["a", "b", "c"]);
    const process = await world.start();
    await fill(process.store, "old");
    await add(process, "d", MIGRATES);
    process.links.get("d")!.isUp = false;
    const report = await process.store.migrate({ entriesPerSecond: Number.POSITIVE_INFINITY });
    expect(report.movedCount).toBe(0);
    expect(report.failedCount).toBeGreaterThan(30);
    process.links.get("d")!.isUp = true;
    await world.time.advanceAsync(1_000);
    await process.store.migrate({ entriesPerSecond: Number.POSITIVE_INFINITY });
    expect(new Set(await readAll(process.store))).toEqual(new Set(["old"]));
  });
});
