import { describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { createFakeTime, type FakeTime } from "../../src/testing/fake-clock.ts";
import { createMapBackend, type MapBackend } from "../../src/testing/map-backend/map-backend.ts";
import { type NearSetup, type NearSetupOptions, nearOver } from "../support/near/near-over.ts";

const D = 2_000;
const CONTEXT = {};

interface NearTest extends NearSetup {
  readonly time: FakeTime;
  readonly far: MapBackend;
  /** Another client of the shared store, without copies. */
  readonly elsewhere: MapBackend;
}

function setUp(options: NearSetupOptions = {}): NearTest {
  const time = createFakeTime();
  const host = { ...time, random: createSeededRandom(1), onRemoval: () => undefined };
  const far = createMapBackend({ async: true, clock: time.clock });
  return { time, far, elsewhere: far.openSecond(), ...nearOver(far, host, { maxStalenessMs: D, ...options }) };
}

function entry(value: unknown, more: Partial<EntryWrite> = {}): EntryWrite {
  return { value, ttlMs: Number.POSITIVE_INFINITY, tags: [], ...more };
}

const read = async (backend: Backend, key: string): Promise<unknown> => (await backend.get(key, CONTEXT))?.value;

describe("a copy", () => {
  it("answers without the store for as long as the bound, then the store is asked again", async () => {
    const { backend, elsewhere, time } = setUp();
    await elsewhere.set("k", entry("old"), CONTEXT);
    expect(backend.peek?.("k")).toBeUndefined();
    expect(await read(backend, "k")).toBe("old");
    await elsewhere.set("k", entry("new"), CONTEXT);
    await time.advanceAsync(D);
    expect(backend.peek?.("k")).toBe("old");
    await time.advanceAsync(1);
    expect(backend.peek?.("k")).toBeUndefined();
    expect(await read(backend, "k")).toBe("new");
  });

  it("counts its age from when its read was sent", async () => {
    const { backend, far, time } = setUp();
    await far.set("k", entry("v"), CONTEXT);
    const held = far.hold("get", { at: "reply" });
    const reading = read(backend, "k");
    await held.arrived();
    await time.advanceAsync(1_500);
    held.release();
    await reading;
    expect(backend.peek?.("k")).toBe("v");
    await time.advanceAsync(D - 1_500 + 1);
    expect(backend.peek?.("k")).toBeUndefined();
  });

  it("says which tier it is in, and has the entry's version, tags and end", async () => {
    const { backend, far, time } = setUp();
    const { version } = await far.set("k", entry("v", { tags: ["t"], ttlMs: 60_000 }), CONTEXT);
    const first = await backend.get("k", CONTEXT);
    expect(await backend.get("k", CONTEXT)).toEqual({
      value: "v",
      version,
      tags: ["t"],
      expiresAt: first?.expiresAt,
      tier: "memory",
    });
    expect(first?.expiresAt).toBe(time.clock.wallMs() + 60_000);
  });

  it("ends with its entry, or earlier where the tier says so", async () => {
    const { backend, far, time } = setUp({ maxStalenessMs: 100_000 });
    await far.set("k", entry("v", { ttlMs: 500 }), CONTEXT);
    await read(backend, "k");
    await time.advanceAsync(499);
    expect(backend.peek?.("k")).toBe("v");
    await time.advanceAsync(1);
    expect(backend.peek?.("k")).toBeUndefined();
    const short = setUp({ maxStalenessMs: 100_000, maxTtlMs: 50 });
    await short.far.set("k", entry("v"), CONTEXT);
    await read(short.backend, "k");
    await short.time.advanceAsync(50);
    expect(short.backend.peek?.("k")).toBeUndefined();
  });

  it("is kept apart from what readers do to their values", async () => {
    const { backend, far } = setUp();
    await far.set("k", entry({ n: 1 }), CONTEXT);
    for (let round = 0; round < 3; round += 1) {
      const value = (await read(backend, "k")) as { n: number };
      expect(value).toEqual({ n: 1 });
      value.n = 2;
      if (round === 0) await far.set("k", entry({ n: 1 }), CONTEXT);
    }
  });

  it("is left by a batch for each key that the store has, and asked for first by the next one", async () => {
    const { backend, far, elsewhere } = setUp();
    await elsewhere.setMulti(
      [
        ["a", entry(1)],
        ["b", entry(2)],
      ],
      CONTEXT,
    );
    expect((await backend.getMulti(["a", "x", "b"], CONTEXT)).map((found) => found?.value)).toEqual([1, undefined, 2]);
    const held = far.hold("getMulti", { at: "request" });
    expect((await backend.getMulti(["b", "a"], CONTEXT)).map((found) => found?.value)).toEqual([2, 1]);
    expect(held.waitingCount()).toBe(0);
    held.release();
  });
});

describe("a batch", () => {
  it("looks at its copies once more when the rest was long on its way", async () => {
    const { backend, far, elsewhere, time } = setUp();
    await elsewhere.set("near", entry("old"), CONTEXT);
    await elsewhere.set("far", entry("v"), CONTEXT);
    await read(backend, "near");
    await elsewhere.set("near", entry("new"), CONTEXT);
    await time.advanceAsync(D - 100);
    const held = far.hold("get", { at: "reply" });
    const reading = backend.getMulti(["near", "far"], CONTEXT);
    await held.arrived();
    await time.advanceAsync(500);
    held.release();
    expect((await reading).map((found) => found?.value)).toEqual(["new", "v"]);
  });
});

describe("a tier that is written around", () => {
  it("keeps no copy of what is written, ends the one that was there, and keeps what is read", async () => {
    const { backend, far } = setUp({ keepsWrites: false });
    await far.set("k", entry("old"), CONTEXT);
    expect(await read(backend, "k")).toBe("old");
    expect(backend.peek?.("k")).toBe("old");
    await backend.set("k", entry("new"), CONTEXT);
    expect(backend.peek?.("k")).toBeUndefined();
    expect(await read(backend, "k")).toBe("new");
    expect(backend.peek?.("k")).toBe("new");
    await backend.setMulti([["k", entry("newer")]], CONTEXT);
    expect(backend.peek?.("k")).toBeUndefined();
    expect(await read(backend, "k")).toBe("newer");
    expect(backend.peek?.("k")).toBe("newer");
  });
});

describe("what this process changes", () => {
  it("is what it reads at once", async () => {
    const { backend } = setUp();
    await backend.set("k", entry("one"), CONTEXT);
    expect(backend.peek?.("k")).toBe("one");
    await backend.set("k", entry("two"), CONTEXT);
    expect(backend.peek?.("k")).toBe("two");
    await backend.delete("k", CONTEXT);
    expect(backend.peek?.("k")).toBeUndefined();
    expect(await read(backend, "k")).toBeUndefined();
  });

  it.each<[string, (backend: Backend) => unknown]>([
    ["a delete", (backend) => backend.delete("k", CONTEXT)],
    ["a delete of many", (backend) => backend.deleteMulti(["k"], CONTEXT)],
    ["a new end", (backend) => backend.expire("k", 1, CONTEXT)],
    ["an invalidation of its tag", (backend) => backend.invalidateTags?.(["t"], CONTEXT)],
    ["a clear", (backend) => backend.clear?.("", CONTEXT)],
    ["a commit", (backend) => backend.commit?.([], [{ key: "k", write: undefined }], CONTEXT)],
  ])("outdates a read that is on its way: %s", async (_, change) => {
    const { backend, far, node } = setUp();
    await far.set("k", entry("v", { tags: ["t"] }), CONTEXT);
    const held = far.hold("get", { at: "reply", calls: 1 });
    const reading = read(backend, "k");
    await held.arrived();
    await change(backend);
    held.release();
    expect(await reading).toBe("v");
    expect(backend.peek?.("k")).toBeUndefined();
    expect(node.runningCount).toBe(0);
  });

  it.each<[string, (backend: Backend) => unknown]>([
    ["a set", (backend) => backend.set("k", entry("new"), CONTEXT)],
    ["a set of many", (backend) => backend.setMulti([["k", entry("new")]], CONTEXT)],
    ["a delete", (backend) => backend.delete("k", CONTEXT)],
    ["an invalidation of its tag", (backend) => backend.invalidateTags?.(["t"], CONTEXT)],
    ["a clear", (backend) => backend.clear?.("", CONTEXT)],
  ])("leaves no copy when nobody knows what became of it: %s", async (name, change) => {
    const { backend, far } = setUp();
    await far.set("k", entry("v", { tags: ["t"] }), CONTEXT);
    await read(backend, "k");
    const operations = {
      "a set": "set",
      "a set of many": "setMulti",
      "a delete": "delete",
      "an invalidation of its tag": "invalidateTags",
      "a clear": "clear",
    } as const;
    const held = far.hold(operations[name as keyof typeof operations], { at: "reply" });
    const changed = Promise.resolve(change(backend));
    await held.arrived();
    held.fail(new Error("lost"));
    await expect(changed).rejects.toThrow("lost");
    expect(backend.peek?.("k")).toBeUndefined();
  });

  it("leaves no copy of before when its caller gives up by a signal, and an answer that was on its way becomes none", async () => {
    const { backend, far, node } = setUp();
    await far.set("k", entry("v"), CONTEXT);
    await read(backend, "k");
    const held = far.hold("set", { at: "request", heedsSignal: false });
    const caller = new AbortController();
    const write = backend.set("k", entry("new"), { signal: caller.signal });
    await held.arrived();
    caller.abort();
    expect(backend.peek?.("k")).toBeUndefined();
    held.release();
    await Promise.allSettled([write]);
    expect(node.runningCount).toBe(0);
  });

  it("is not hidden by an older answer that comes after it", async () => {
    const { backend, far } = setUp();
    await far.set("k", entry("old"), CONTEXT);
    const held = far.hold("get", { at: "reply", calls: 1 });
    const reading = read(backend, "k");
    await held.arrived();
    await backend.set("k", entry("new"), CONTEXT);
    held.release();
    expect(await reading).toBe("old");
    expect(backend.peek?.("k")).toBe("new");
  });

  it("does not leave a copy of a write that others have overtaken", async () => {
    const { backend, far, elsewhere, node } = setUp();
    const held = far.hold("set", { at: "reply" });
    const write = backend.set("k", entry("mine"), CONTEXT);
    await held.arrived();
    const { version } = await elsewhere.set("k", entry("theirs"), CONTEXT);
    node.receive({ kind: "change", key: "k", version, previousHead: undefined });
    held.release();
    await write;
    expect(backend.peek?.("k")).toBeUndefined();
  });

  it("shows that a copy was outdated when a condition on it is refused", async () => {
    const { backend, elsewhere } = setUp();
    const { version } = await backend.set("k", entry("mine"), CONTEXT);
    await elsewhere.set("k", entry("theirs"), CONTEXT);
    const condition = { kind: "version", version } as const;
    expect((await backend.set("k", entry("next", { condition }), CONTEXT)).stored).toBe(false);
    expect(await read(backend, "k")).toBe("theirs");
  });

  it("shows it as well when the check of a transaction fails", async () => {
    const { backend, elsewhere } = setUp();
    const { version } = await backend.set("k", entry("mine"), CONTEXT);
    await elsewhere.set("k", entry("theirs"), CONTEXT);
    await backend.commit?.([{ key: "k", version }], [{ key: "other", write: entry(1) }], CONTEXT);
    expect(await read(backend, "k")).toBe("theirs");
  });
});

describe("what others change", () => {
  it("ends the copy when it is heard of", async () => {
    const { backend, elsewhere, node } = setUp();
    await backend.set("k", entry("mine", { tags: ["t"] }), CONTEXT);
    const { version } = await elsewhere.set("k", entry("theirs", { tags: ["t"] }), CONTEXT);
    node.receive({ kind: "change", key: "k", version, previousHead: undefined });
    expect(backend.peek?.("k")).toBeUndefined();
    expect(await read(backend, "k")).toBe("theirs");
    node.receive({ kind: "tags", tags: ["t"], number: undefined, previousNumber: undefined });
    expect(backend.peek?.("k")).toBeUndefined();
    await read(backend, "k");
    node.receive({ kind: "clear", path: "", heads: [] });
    expect(backend.peek?.("k")).toBeUndefined();
    await read(backend, "k");
    node.receive({ kind: "unknown" });
    expect(backend.peek?.("k")).toBeUndefined();
  });

  it("ends the copy when a read shows that nothing is there, also one that may not become a copy", async () => {
    const { backend, node, far, elsewhere } = setUp();
    await elsewhere.set("k", entry("old"), CONTEXT);
    const held = far.hold("getMulti", { at: "request" });
    const late = backend.getMulti(["k", "other"], CONTEXT);
    await held.arrived();
    node.changed("k", undefined);
    expect(await read(backend, "k")).toBe("old");
    await elsewhere.delete("k", CONTEXT);
    held.release();
    expect(await late).toEqual([undefined, undefined]);
    expect(backend.peek?.("k")).toBeUndefined();
  });

  it("does not end the copy that has the change already", async () => {
    const { backend, node } = setUp();
    const { version } = await backend.set("k", entry("mine"), CONTEXT);
    node.receive({ kind: "change", key: "k", version, previousHead: undefined });
    expect(backend.peek?.("k")).toBe("mine");
  });
});

describe("a read that must not be older than a write", () => {
  it("passes by a copy that may be, and takes one that is not", async () => {
    const { backend, elsewhere, far } = setUp();
    await backend.set("k", entry("mine"), CONTEXT);
    const { version } = await elsewhere.set("k", entry("theirs"), CONTEXT);
    const notBefore = { version, epoch: far.epoch };
    expect(await read(backend, "k")).toBe("mine");
    expect((await backend.get("k", { notBefore }))?.value).toBe("theirs");
    expect((await backend.get("k", { notBefore }))?.tier).toBe("memory");
    expect((await backend.get("k", { notBefore: { version, epoch: "another" } }))?.tier).toBeUndefined();
  });
});

it("holds nothing and no timer once it is closed", async () => {
  const { backend, time } = setUp();
  await backend.connect?.(CONTEXT);
  await backend.set("k", entry("v", { ttlMs: 5_000 }), CONTEXT);
  await read(backend, "k");
  await backend.close();
  expect(time.pendingCount()).toBe(0);
});
