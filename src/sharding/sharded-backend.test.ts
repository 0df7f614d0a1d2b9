import { describe, expect, it } from "vitest";
import type { WorldProcess } from "../../test/support/sharded-world.ts";
import { createShardedWorld, keysAt, NO_CONTEXT, readText, textWrite } from "../../test/support/sharded-world.ts";
import {
  BackendOverloadedError,
  BackendUnavailableError,
  ConfigError,
  OutcomeUnknownError,
  PartialFailureError,
  UnsupportedOperationError,
} from "../foundation/errors.ts";
import type { ShardedBackendOptions } from "./sharding-options.ts";

const SERVERS = ["a", "b", "c"];
const keys = Array.from({ length: 60 }, (_, index) => `k${index}`);

function down(process: WorldProcess, name: string, isUp = false): void {
  process.links.get(name)!.isUp = isUp;
}

async function fill({ store }: WorldProcess): Promise<void> {
  await store.setMulti(
    keys.map((key) => [key, textWrite(key)] as const),
    NO_CONTEXT,
  );
}

describe("batches", () => {
  it("go to each node once, and come back in the order of the keys", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start();
    await fill(process);
    const found = await process.store.getMulti([...keys, "missing", ...keys], NO_CONTEXT);
    expect(found.map((entry) => entry && new TextDecoder().decode(entry.value as Uint8Array))).toEqual([
      ...keys,
      undefined,
      ...keys,
    ]);
    for (const { calls } of process.links.values()) expect(calls).toMatchObject({ setMulti: 1, getMulti: 1 });
    expect(await process.store.deleteMulti(keys, NO_CONTEXT)).toBe(keys.length);
  });

  it("run at the nodes at the same time", async () => {
    const process = await createShardedWorld(SERVERS).start();
    const holds = [...process.links.values()].map(({ map }) => map.hold("getMulti"));
    const reading = process.store.getMulti(keys, NO_CONTEXT);
    await Promise.all(holds.map((hold) => hold.arrived()));
    for (const hold of holds) hold.release();
    await reading;
  });

  it("reject a read of which a node's part failed, and say which", async () => {
    const process = await createShardedWorld(SERVERS).start();
    await fill(process);
    down(process, "b");
    const error = await (async () => process.store.getMulti(keys, NO_CONTEXT))().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PartialFailureError);
    const { failures, succeededCount } = error as PartialFailureError;
    expect(failures.map(({ node }) => node)).toEqual(["b"]);
    expect(succeededCount).toBe(keys.filter((key) => process.store.nodeOf(key) !== "b").length);
  });

  it("keep what other nodes wrote when one failed, and wait for all of them", async () => {
    const process = await createShardedWorld(SERVERS).start();
    down(process, "a");
    const hold = process.links.get("c")!.map.hold("setMulti");
    let isSettled = false;
    const writing = fill(process).finally(() => {
      isSettled = true;
    });
    writing.catch(() => undefined);
    await hold.arrived();
    await new Promise((resolve) => setImmediate(resolve));
    expect(isSettled).toBe(false);
    hold.release();
    await expect(writing).rejects.toBeInstanceOf(PartialFailureError);
    for (const key of keys) {
      if (process.store.nodeOf(key) !== "a") expect(await readText(process.store, key)).toBe(key);
    }
  });

  it("have an unknown outcome when a part has", async () => {
    const process = await createShardedWorld(SERVERS).start();
    const hold = process.links.get("b")!.map.hold("setMulti", { at: "reply" });
    const writing = fill(process);
    await hold.arrived();
    hold.fail(new OutcomeUnknownError("b", "setMulti"));
    const error = await writing.then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error?.cause).toBeInstanceOf(PartialFailureError);
  });

  it("reject with the caller's reason when it left", async () => {
    const process = await createShardedWorld(SERVERS).start();
    process.links.get("b")!.map.hold("getMulti");
    const controller = new AbortController();
    const reading = (async () => process.store.getMulti(keys, { signal: controller.signal }))();
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error("left"));
    await expect(reading).rejects.toThrow("left");
    expect(process.store.nodes().every(({ breaker }) => breaker === "closed")).toBe(true);
  });

  it("reject with the node's own error when only one was asked", async () => {
    const process = await createShardedWorld(SERVERS).start();
    down(process, "b");
    const own = keysAt(process.store, "b", 5);
    await expect(process.store.getMulti(own, NO_CONTEXT)).rejects.toBeInstanceOf(BackendUnavailableError);
  });
});

describe("a node that does not answer", () => {
  it("fails its own keys at once when its breaker is open, and no others, until a probe is answered", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start();
    const [key] = keysAt(process.store, "b", 1) as [string];
    down(process, "b");
    const before = process.links.get("b")?.calls["get"] ?? 0;
    for (let round = 0; round < 5; round += 1) {
      await expect(process.store.get(key, NO_CONTEXT)).rejects.toBeInstanceOf(BackendUnavailableError);
    }
    expect(process.links.get("b")?.calls["get"]).toBe(before + 2);
    expect(process.notices).toContainEqual({ kind: "breaker", node: "b", state: "open" });
    const [other] = keysAt(process.store, "a", 1) as [string];
    await process.store.set(other, textWrite("lives"), NO_CONTEXT);
    down(process, "b", true);
    await world.time.advanceAsync(400);
    expect(await process.store.get(key, NO_CONTEXT)).toBeUndefined();
    expect(process.store.nodes().every(({ breaker }) => breaker === "closed")).toBe(true);
  });

  it("does not keep the others from starting, and is connected when it answers", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start({ down: ["b"] });
    const [here, there] = [keysAt(process.store, "a", 1)[0] as string, keysAt(process.store, "b", 1)[0] as string];
    await process.store.set(here, textWrite("a"), NO_CONTEXT);
    await expect(process.store.set(there, textWrite("b"), NO_CONTEXT)).rejects.toBeInstanceOf(BackendUnavailableError);
    down(process, "b", true);
    await process.store.set(there, textWrite("b"), NO_CONTEXT);
    expect(await readText(process.store, there)).toBe("b");
  });

  it("is named by a clear and an invalidation that it missed", async () => {
    const process = await createShardedWorld(SERVERS).start();
    down(process, "c");
    for (const call of [process.store.clear!("", NO_CONTEXT), process.store.invalidateTags!(["t"], NO_CONTEXT)]) {
      await expect(call).rejects.toMatchObject({ code: "GCX_BACKEND_PARTIAL", failures: [{ node: "c" }] });
    }
  });

  it("is down in the report, which has all nodes under their names", async () => {
    const process = await createShardedWorld(SERVERS).start();
    down(process, "c");
    const report = await process.store.report!(NO_CONTEXT);
    expect(report.nodes.map(({ node, status }) => [node, status])).toEqual([
      ["a", "up"],
      ["b", "up"],
      ["c", "down"],
    ]);
  });

  it("is not taken for dead because it answers with errors", async () => {
    const process = await createShardedWorld(SERVERS).start();
    const [key] = keysAt(process.store, "a", 1) as [string];
    for (let round = 0; round < 10; round += 1) {
      await expect(process.store.set(key, { ...textWrite(""), value: 1 }, NO_CONTEXT)).rejects.toThrow(TypeError);
    }
    expect(process.store.nodes()[0]?.breaker).toBe("closed");
  });

  it("is not taken for living because this process's own queue is full while it is probed", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start();
    const [key] = keysAt(process.store, "b", 1) as [string];
    down(process, "b");
    for (let round = 0; round < 3; round += 1) {
      await (async () => process.store.get(key, NO_CONTEXT))().catch(() => undefined);
    }
    down(process, "b", true);
    await world.time.advanceAsync(400);
    const hold = process.links.get("b")!.map.hold("get", { calls: 1 });
    const probing = (async () => process.store.get(key, NO_CONTEXT))();
    await hold.arrived();
    hold.fail(new BackendOverloadedError("b", "get", "The queue is full."));
    await expect(probing).rejects.toBeInstanceOf(BackendOverloadedError);
    expect(process.store.nodes()[1]?.breaker).toBe("half-open");
    await process.store.get(key, NO_CONTEXT);
    expect(process.store.nodes()[1]?.breaker).toBe("closed");
  });

  it("fails the start when it is all there is", async () => {
    await expect(createShardedWorld(["a"]).start({ down: ["a"] })).rejects.toBeInstanceOf(BackendUnavailableError);
  });
});

describe("transactions", () => {
  it("touch keys of one node, and are refused before anything is asked otherwise", async () => {
    const process = await createShardedWorld(SERVERS).start();
    const { store } = process;
    const together = ["{user:1}:a", "{user:1}:b"];
    const apart = [keysAt(store, "a", 1)[0] as string, keysAt(store, "b", 1)[0] as string];
    expect([store.capabilities.transactions, store.areColocated!(together), store.areColocated!(apart)]).toEqual([
      "co-located",
      true,
      false,
    ]);
    const commit = (keysOfIt: readonly string[]) =>
      store.commit!(
        [],
        keysOfIt.map((key) => ({ key, write: textWrite(key) })),
        NO_CONTEXT,
      );
    expect(await commit(together)).toMatchObject({ committed: true });
    await expect((async () => commit(apart))()).rejects.toBeInstanceOf(UnsupportedOperationError);
    for (const { calls } of process.links.values()) expect(calls["commit"] ?? 0).toBeLessThanOrEqual(1);
    expect(await store.getMulti(apart, NO_CONTEXT)).toEqual([undefined, undefined]);
  });
});

describe("stamps", () => {
  it("refuse the result of a load at the node of its key, and a handle that nobody knows", async () => {
    const process = await createShardedWorld(SERVERS).start();
    const { store } = process;
    // Clocks apart: a stamp of one node says nothing at another.
    for (let round = 0; round < 50; round += 1) await process.links.get("a")!.map.stamp!(NO_CONTEXT);
    for (const node of SERVERS) {
      const [key] = keysAt(store, node, 1) as [string];
      const tagsUnchangedSince = await store.stamp!(NO_CONTEXT);
      const fresh = await store.set(key, textWrite("1", { tags: ["t"], tagsUnchangedSince }), NO_CONTEXT);
      expect(fresh.stored).toBe(true);
      await store.invalidateTags!(["t"], NO_CONTEXT);
      const late = await store.set(key, textWrite("2", { tags: ["t"], tagsUnchangedSince }), NO_CONTEXT);
      expect(late.stored).toBe(false);
      const unknown = { tags: ["t"], tagsUnchangedSince: 1e9 };
      expect((await store.set(key, textWrite("3", unknown), NO_CONTEXT)).stored).toBe(false);
      expect((await store.setMulti([[key, textWrite("3", unknown)]], NO_CONTEXT))[0]?.stored).toBe(false);
      expect(await readText(store, key)).toBeUndefined();
    }
  });

  it("are asked for once for all that ask while a round is on its way, and never by a round that had left", async () => {
    const process = await createShardedWorld(SERVERS).start();
    const hold = process.links.get("a")!.map.hold("stamp", { calls: 1 });
    const first = process.store.stamp!(NO_CONTEXT);
    await hold.arrived();
    const others = Array.from({ length: 20 }, () => process.store.stamp!(NO_CONTEXT));
    hold.release();
    const handles = await Promise.all([first, ...others]);
    expect(new Set(handles).size).toBe(2);
    expect(process.links.get("a")?.calls["stamp"]).toBe(2);
  });

  it("leave out a node that is down, and then refuse for it alone", async () => {
    const process = await createShardedWorld(SERVERS).start();
    down(process, "b");
    const tagsUnchangedSince = await process.store.stamp!(NO_CONTEXT);
    down(process, "b", true);
    for (const node of SERVERS) {
      const [key] = keysAt(process.store, node, 1) as [string];
      const write = textWrite("1", { tags: ["t"], tagsUnchangedSince });
      expect((await process.store.set(key, write, NO_CONTEXT)).stored).toBe(node !== "b");
    }
  });
});

describe("scan and clear", () => {
  it("list every key of a prefix once, none of sharding's own and none that lives elsewhere", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start();
    await fill(process);
    await process.store.set("@shop:k1", textWrite("1"), NO_CONTEXT);
    const stray = keysAt(process.store, "b", 1, "k")[0] as string;
    await world.server("a").set(stray, textWrite("stray"), NO_CONTEXT);
    const listed: string[] = [];
    for await (const slice of process.store.scan!("", NO_CONTEXT)) listed.push(...slice);
    expect(listed.sort()).toEqual([...keys, "@shop:k1"].sort());
  });

  it("clear one namespace at all nodes, and no other", async () => {
    const process = await createShardedWorld(SERVERS).start();
    const inside = keys.map((key) => `@shop:${key}`);
    for (const key of [...inside, ...keys]) await process.store.set(key, textWrite(key), NO_CONTEXT);
    await process.store.clear!("shop", NO_CONTEXT);
    expect((await process.store.getMulti(inside, NO_CONTEXT)).every((entry) => entry === undefined)).toBe(true);
    expect((await process.store.getMulti(keys, NO_CONTEXT)).every((entry) => entry !== undefined)).toBe(true);
  });
});

describe("createShardedBackend refuses", () => {
  const refused: readonly [string, string, Partial<ShardedBackendOptions>, object][] = [
    ["a view without failover", "sharding.failover", { viewMs: 100 }, {}],
    ["an unknown failover", "sharding.failover", { failover: "previous" as "next" }, {}],
    ["failover without clear", "sharding.nodes", { failover: "next" }, { clear: false }],
    ["hot keys without conditions", "sharding.nodes", { hotKeys: {} }, { conditionalWrites: false }],
    ["a share of 1", "sharding.hotKeys.share", { hotKeys: { share: 1 } }, {}],
  ];
  it.each(refused)("%s", async (_, field, options, capabilities) => {
    const starting = createShardedWorld(SERVERS, capabilities).start(options);
    await expect(starting).rejects.toBeInstanceOf(ConfigError);
    await expect(starting).rejects.toMatchObject({ field });
  });
});
