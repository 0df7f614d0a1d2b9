import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { openSnapshotWorld, type SnapshotWorld } from "../../../test/compat/snapshots/snapshot-world.ts";
import { dumpSnapshot } from "./dump-snapshot.ts";
import { loadSnapshot } from "./load-snapshot.ts";
import type { SnapshotTarget } from "./open-sink.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

function dumpTo(
  world: SnapshotWorld,
  target: SnapshotTarget,
  signal?: AbortSignal,
  store: SnapshotStore = world.store,
) {
  const { time, scheduler } = world;
  return dumpSnapshot(target, { store, namespace: "", clock: time.clock, scheduler, signal });
}

function fillMany(world: SnapshotWorld, count: number): void {
  for (let index = 0; index < count; index += 1) world.set(`k${index}`, { index, text: "some text of an entry" });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a dump", () => {
  it("tells how many entries and bytes it wrote and how many it had to leave out", async () => {
    const world = openSnapshotWorld();
    world.set("a", 1);
    world.set("f", { f: () => 1 });
    world.set("b", 2);
    const bytes = await world.dump();
    expect(bytes).toMatchObject({ entryCount: 2, skippedCount: 1, byteCount: bytes.length });
    const target = openSnapshotWorld();
    expect(await target.load(bytes)).toEqual({ entryCount: 2, skippedCount: 0 });
    expect(await target.keys()).toEqual(["a", "b"]);
  });

  it("leaves no trace of an entry that failed in the middle, also when its names come again", async () => {
    const world = openSnapshotWorld();
    world.set("bad", { first: 1, second: { third: Symbol("x") } });
    world.set("good", { third: 1, first: 2, second: 3 });
    const throwing = Object.defineProperty({}, "x", {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    });
    world.set("throws", { fourth: 1, throwing });
    world.set("last", { fourth: 5, throwing: 6 });
    const target = openSnapshotWorld();
    const bytes = await world.dump();
    expect(bytes.skippedCount).toBe(2);
    await target.load(bytes);
    expect(target.backend.get("good")?.value).toEqual({ third: 1, first: 2, second: 3 });
    expect(target.backend.get("last")?.value).toEqual({ fourth: 5, throwing: 6 });
  });

  it("of an empty cache is a snapshot of nothing", async () => {
    expect(await openSnapshotWorld().load(await openSnapshotWorld().dump())).toEqual({
      entryCount: 0,
      skippedCount: 0,
    });
  });

  it("holds no entry that is dead: expired, invalidated or cleared", async () => {
    const world = openSnapshotWorld();
    world.set("expired", 1, { ttlMs: 10 });
    world.set("tagged", 1, { tags: ["t"] });
    world.set("@shop:cleared", 1);
    world.set("live", 1);
    world.time.advance(10);
    world.backend.invalidateTags(["t"]);
    world.backend.clear("shop");
    expect(await world.dump()).toMatchObject({ entryCount: 1, skippedCount: 0 });
  });

  it("leaves out what dies between the listing and its turn", async () => {
    const world = openSnapshotWorld();
    fillMany(world, 100);
    const store: SnapshotStore = {
      ...world.store,
      read(key) {
        if (key === "k0") world.backend.clear("");
        return world.store.read(key);
      },
    };
    const target = new PassThrough();
    target.resume();
    expect((await dumpTo(world, target, undefined, store)).entryCount).toBe(0);
  });

  it("reads an entry without counting a use where the store can", async () => {
    const world = openSnapshotWorld({ maxKeys: 2 });
    world.set("old", 1);
    world.set("new", 2);
    const store: SnapshotStore = {
      ...world.store,
      read: (key) => ({ value: key, version: 1, expiresAt: Infinity, tags: [] }),
    };
    const target = new PassThrough();
    target.resume();
    await dumpTo(world, target, undefined, store);
    world.set("newest", 3);
    expect(await world.keys()).toEqual(["new", "newest"]);
  });
});

describe("a large dump", () => {
  it("and its load give way every half a millisecond, also within one slice of the listing", async () => {
    const world = openSnapshotWorld();
    for (let index = 0; index < 100; index += 1) world.set(`k${index}`, index);
    let nowMs = 0;
    let turnCount = 0;
    // Every look at the clock finds that half a millisecond is over.
    const monotonicMs = (): number => {
      nowMs += 0.5;
      return nowMs;
    };
    const clock = { wallMs: world.time.clock.wallMs, monotonicMs };
    const soon = (task: () => void): void => {
      turnCount += 1;
      setImmediate(task);
    };
    const scheduler = { after: world.scheduler.after, soon };
    const chunks: Uint8Array[] = [];
    const target = { write: (chunk: Uint8Array) => void chunks.push(chunk) };
    await dumpSnapshot(target, { store: world.store, namespace: "", clock, scheduler });
    expect(turnCount).toBe(25);
    const { store, changes } = openSnapshotWorld();
    await loadSnapshot(chunks, { store, changes, namespace: "", clock, scheduler });
    expect(turnCount).toBe(50);
  });

  it("lets the event loop turn, and stops soon when the signal is aborted", async () => {
    const world = openSnapshotWorld();
    fillMany(world, 50_000);
    const leaving = new AbortController();
    let turnCount = 0;
    const target = new PassThrough();
    target.resume();
    const dumping = dumpTo(world, target, leaving.signal);
    dumping.catch(() => undefined);
    for (; turnCount < 10; turnCount += 1) await turn();
    leaving.abort(new Error("enough"));
    await expect(dumping).rejects.toThrow("enough");
    expect(target.destroyed).toBe(true);
  });

  it("waits for a slow stream: memory holds two sections at most", async () => {
    const world = openSnapshotWorld();
    fillMany(world, 20_000);
    let writtenBytes = 0;
    let release: (() => void) | undefined;
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Uint8Array, _, done) {
        writtenBytes += chunk.length;
        release = done;
      },
    });
    const dumping = dumpTo(world, slow);
    let maxWaitingBytes = 0;
    let isOver = false;
    void dumping.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      for (let turns = 0; turns < 5; turns += 1) await turn();
      maxWaitingBytes = Math.max(maxWaitingBytes, slow.writableLength);
      const next = release;
      release = undefined;
      next?.();
    }
    expect((await dumping).byteCount).toBe(writtenBytes);
    expect(maxWaitingBytes).toBeGreaterThan(0);
    expect(maxWaitingBytes).toBeLessThan(140_000);
  });
});

describe("a target", () => {
  it("may be a web stream; it is closed", async () => {
    const world = openSnapshotWorld();
    fillMany(world, 3_000);
    const chunks: Uint8Array[] = [];
    let isClosed = false;
    const web = new WritableStream<Uint8Array>({
      write: (chunk) => void chunks.push(chunk),
      close: () => {
        isClosed = true;
      },
    });
    await dumpTo(world, web);
    expect(isClosed).toBe(true);
    expect((await openSnapshotWorld().load(chunks)).entryCount).toBe(3_000);
  });

  it("may be anything with write; its promises are waited for", async () => {
    const world = openSnapshotWorld();
    fillMany(world, 3_000);
    let writingCount = 0;
    let maxWritingCount = 0;
    const chunks: Uint8Array[] = [];
    const write = async (chunk: Uint8Array): Promise<void> => {
      writingCount += 1;
      maxWritingCount = Math.max(maxWritingCount, writingCount);
      await turn();
      chunks.push(chunk);
      writingCount -= 1;
    };
    await dumpTo(world, { write });
    expect(maxWritingCount).toBe(1);
    expect((await openSnapshotWorld().load(chunks)).entryCount).toBe(3_000);
  });

  it("that is none is refused at once", () => {
    for (const target of [undefined, null, 5, "file.bin", {}]) {
      expect(() => dumpTo(openSnapshotWorld(), target as never)).toThrow(
        expect.objectContaining({ code: "GCX_ARGUMENT_OPTION" }),
      );
    }
  });

  it("that fails, is closed early or was closed before rejects the dump and is destroyed", async () => {
    const world = openSnapshotWorld();
    fillMany(world, 3_000);
    const failing = new Writable({ write: (_chunk, _encoding, done) => done(new Error("disk full")) });
    await expect(dumpTo(world, failing)).rejects.toMatchObject({
      code: "GCX_SNAPSHOT_STREAM",
      cause: { message: "disk full" },
    });
    const closing = new Writable({ highWaterMark: 1, write: () => void closing.destroy() });
    await expect(dumpTo(world, closing)).rejects.toMatchObject({ code: "GCX_SNAPSHOT_STREAM" });
    const closed = new PassThrough();
    closed.destroy();
    // Long closed: none of its events is still to come.
    await turn();
    await turn();
    await expect(dumpTo(world, closed)).rejects.toMatchObject({ code: "GCX_SNAPSHOT_STREAM" });
    const web = new WritableStream<Uint8Array>({ write: () => Promise.reject(new Error("no room")) });
    await expect(dumpTo(world, web)).rejects.toMatchObject({
      code: "GCX_SNAPSHOT_STREAM",
      cause: { message: "no room" },
    });
  });
});
