import { afterEach, describe, expect, it, vi } from "vitest";
import type { RemovalCause } from "../entry/removal.ts";
import { createSeededRandom } from "../foundation/random-source.ts";
import { createFakeTime, type FakeTime } from "../testing/fake-clock.ts";
import { createMemoryBackend, type MemoryBackend } from "./memory-backend.ts";

interface Fixture {
  readonly backend: MemoryBackend;
  readonly time: FakeTime;
  readonly left: string[];
}

type Listener = (backend: MemoryBackend, key: string, cause: RemovalCause) => void;

/** A store of two keys whose listener may use it. */
function open(listener: Listener): Fixture {
  const time = createFakeTime();
  const left: string[] = [];
  const backend: MemoryBackend = createMemoryBackend(
    { maxSizeBytes: Infinity, maxKeys: 2, evictionPolicy: "lru", cleanupIntervalMs: 60_000, copy: false },
    {
      ...time,
      random: createSeededRandom(5),
      onRemoval(key, cause) {
        left.push(`${key} ${cause}`);
        listener(backend, key, cause);
      },
    },
  );
  return { backend, time, left };
}

const put = (backend: MemoryBackend, key: string): void =>
  void backend.set(key, { value: key, ttlMs: Infinity, tags: [] });

describe("a removal listener that writes", () => {
  it("gives evicted keys a second chance", () => {
    const given = new Set<string>();
    const { backend, left } = open((store, key, cause) => {
      if (cause !== "evicted" || given.has(key)) return;
      given.add(key);
      put(store, key);
    });
    for (const key of ["a", "b", "c"]) put(backend, key);
    expect(left).toEqual(["a evicted", "b evicted", "c evicted", "a evicted"]);
    expect([backend.peek("b"), backend.peek("c")]).toEqual(["b", "c"]);
    backend.checkInvariants();
  });

  it("may put keys back for ever: the call returns, the rest comes from a timer, and close ends it", () => {
    const { backend, time, left } = open((store, key, cause) => {
      if (cause === "evicted") put(store, key);
    });
    for (const key of ["a", "b", "c"]) put(backend, key);
    expect(left.length).toBe(1_001);
    backend.checkInvariants();
    expect(time.pendingCount()).toBe(1);
    time.advance(1);
    expect(left.length).toBeGreaterThan(2_000);
    expect(left.length).toBeLessThan(2_010);
    backend.checkInvariants();
    backend.close();
    expect(time.pendingCount()).toBe(0);
  });

  it("is told in the order in which entries left, each once", () => {
    const { backend, left } = open((store, key, cause) => {
      if (cause !== "deleted") return;
      store.delete(`${key}${key}`);
      store.get("nothing");
    });
    for (const key of ["a", "aa"]) put(backend, key);
    backend.deleteMulti(["a"]);
    expect(left).toEqual(["a deleted", "aa deleted"]);
  });

  it("may close the store, and is then told no more", () => {
    const { backend, left } = open((store) => store.close());
    for (const key of ["a", "b"]) put(backend, key);
    backend.deleteMulti(["a", "b"]);
    expect(left).toEqual(["a deleted"]);
  });
});

describe("a removal listener that throws", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("changes no result and keeps nobody from being told, and becomes a warning", () => {
    const warn = vi.spyOn(process, "emitWarning").mockReturnValue();
    const { backend, left } = open(() => {
      throw new Error("listener");
    });
    for (const key of ["a", "b"]) put(backend, key);
    expect(backend.deleteMulti(["a", "b"])).toBe(2);
    put(backend, "c");
    expect(backend.delete("c")).toBe(true);
    expect(left).toEqual(["a deleted", "b deleted", "c deleted"]);
    expect(warn).toHaveBeenCalledTimes(3);
    expect(warn.mock.calls[0]?.[0]).toContain("listener");
  });
});
