import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { EntryWrite } from "../../backend/stored-entry.ts";
import { BackendUnavailableError } from "../../foundation/errors.ts";
import { createFakeTime } from "../fake-clock.ts";
import { createMapBackend } from "./map-backend.ts";

function write(value: unknown): EntryWrite {
  return { value, ttlMs: Number.POSITIVE_INFINITY, tags: [] };
}

describe("createMapBackend", () => {
  it("answers at once, or through promises when asked", async () => {
    const direct = createMapBackend();
    expect(direct.set("a", write(1), {})).toMatchObject({ stored: true });
    expect(direct.peek?.("a")).toBe(1);
    const remote = createMapBackend({ async: true });
    expect(remote.get("a", {})).toBeInstanceOf(Promise);
    expect(remote.peek).toBeUndefined();
    expect(await remote.get("a", {})).toBeUndefined();
  });

  it("takes methods away with their capabilities", () => {
    const backend = createMapBackend({ capabilities: { tags: false, transactions: "none", scan: false } });
    expect(backend.capabilities).toMatchObject({ tags: false, transactions: "none", scan: false, counters: true });
    expect([backend.invalidateTags, backend.stamp, backend.commit, backend.scan]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(backend.increment).toBeTypeOf("function");
  });

  it("refuses what it was not made to keep", async () => {
    const backend = createMapBackend({ async: true, storage: "bytes" });
    await expect(backend.set("a", write("text"), {})).rejects.toThrow(TypeError);
    await expect(backend.set("a", write(new Uint8Array([1])), {})).resolves.toMatchObject({ stored: true });
  });

  it("tells why entries leave", () => {
    const time = createFakeTime();
    const removals: string[] = [];
    const backend = createMapBackend({
      clock: time.clock,
      onRemoval: (key, cause) => removals.push(`${key} ${cause}`),
    });
    backend.set("a", write(1), {});
    backend.set("a", { ...write(2), tags: ["t"] }, {});
    backend.invalidateTags?.(["t"], {});
    backend.get("a", {});
    backend.set("b", { ...write(1), ttlMs: 10 }, {});
    time.advance(10);
    backend.get("b", {});
    backend.set("c", write(1), {});
    backend.delete("c", {});
    expect(removals).toEqual(["a replaced", "a invalidated", "b expired", "c deleted"]);
  });

  it("does not end entries when the wall clock jumps", () => {
    const time = createFakeTime();
    const backend = createMapBackend({ clock: time.clock });
    backend.set("a", { ...write(1), ttlMs: 1_000 }, {});
    time.setWall(time.clock.wallMs() + 1e9);
    expect(backend.get("a", {})).toMatchObject({ value: 1, expiresAt: time.clock.wallMs() + 1_000 });
  });
});

describe("hold", () => {
  it("keeps calls from happening until they are released, in their order", async () => {
    const backend = createMapBackend({ async: true });
    const hold = backend.hold("set");
    const writes = [backend.set("a", write("first"), {}), backend.set("a", write("second"), {})];
    await hold.arrived(2);
    expect(hold.waitingCount()).toBe(2);
    expect(await backend.get("a", {})).toBeUndefined();
    hold.release();
    await Promise.all(writes);
    expect(await backend.get("a", {})).toMatchObject({ value: "second" });
    expect(hold.waitingCount()).toBe(0);
    await backend.set("a", write("third"), {});
  });

  it("makes waiting calls fail, and lets later ones pass", async () => {
    const backend = createMapBackend({ async: true });
    const hold = backend.hold("get");
    const reading = backend.get("a", {});
    hold.fail(new Error("reset"));
    await expect(reading).rejects.toThrow("reset");
    await expect(backend.get("a", {})).resolves.toBeUndefined();
  });

  it("can hold back the answer of a call that has happened", async () => {
    const backend = createMapBackend({ async: true });
    const hold = backend.hold("set", { at: "reply" });
    const writing = backend.set("a", write(1), {});
    await hold.arrived();
    expect(await backend.get("a", {})).toMatchObject({ value: 1 });
    hold.fail(new Error("lost"));
    await expect(writing).rejects.toThrow("lost");
  });

  it("holds only as many calls as it was told to", async () => {
    const backend = createMapBackend({ async: true });
    const hold = backend.hold("get", { calls: 1 });
    const held = backend.get("a", {});
    await expect(backend.get("a", {})).resolves.toBeUndefined();
    expect(hold.waitingCount()).toBe(1);
    hold.release();
    await held;
  });

  it("lets a call leave when its signal aborts, unless it plays a store that hangs", async () => {
    const backend = createMapBackend({ async: true });
    const controller = new AbortController();
    const polite = backend.hold("get");
    const leaving = backend.get("a", { signal: controller.signal });
    await polite.arrived();
    controller.abort(new Error("left"));
    await expect(leaving).rejects.toThrow("left");
    expect(polite.waitingCount()).toBe(0);

    const second = new AbortController();
    const hanging = backend.hold("get", { heedsSignal: false });
    const stuck = backend.get("a", { signal: second.signal });
    await hanging.arrived();
    second.abort();
    await Promise.resolve();
    expect(hanging.waitingCount()).toBe(1);
    hanging.release();
    await expect(stuck).resolves.toBeUndefined();
  });

  it("leaves no listener on the signal of a call that was released or failed", async () => {
    const backend = createMapBackend({ async: true });
    const { signal } = new AbortController();
    for (const end of ["release", "fail"] as const) {
      const hold = backend.hold("get");
      const reading = Promise.allSettled([backend.get("a", { signal })]);
      await hold.arrived();
      expect(getEventListeners(signal, "abort")).toHaveLength(1);
      hold[end](new Error("over"));
      await reading;
      expect(getEventListeners(signal, "abort")).toHaveLength(0);
    }
  });

  it("settles what waits when the store is closed, and refuses what comes later", async () => {
    const backend = createMapBackend({ async: true });
    const hold = backend.hold("get", { heedsSignal: false });
    const waiting = backend.get("a", {});
    await hold.arrived();
    await backend.close();
    await expect(waiting).rejects.toBeInstanceOf(BackendUnavailableError);
    await expect(backend.get("a", {})).rejects.toBeInstanceOf(BackendUnavailableError);
  });

  it("gives a second client the same data and gates of its own", async () => {
    const first = createMapBackend({ async: true });
    const second = first.openSecond();
    first.hold("get");
    await second.set("a", write(1), {});
    await expect(second.get("a", {})).resolves.toMatchObject({ value: 1 });
    await second.close();
    await expect(first.getMulti(["a"], {})).resolves.toMatchObject([{ value: 1 }]);
  });

  it("is refused by a store that answers at once", () => {
    expect(() => createMapBackend().hold("get")).toThrow(TypeError);
  });
});
