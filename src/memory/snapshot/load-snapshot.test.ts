import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { openSnapshotWorld, type SnapshotWorld } from "../../../test/compat/snapshots/snapshot-world.ts";
import type { EntryWrite, StoredEntry } from "../../backend/stored-entry.ts";
import { dumpSnapshot } from "./dump-snapshot.ts";
import { loadSnapshot } from "./load-snapshot.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

async function snapshotOf(fill: (world: SnapshotWorld) => void, namespace = ""): Promise<Uint8Array> {
  const world = openSnapshotWorld();
  fill(world);
  return world.dump(namespace);
}

const threeKeys = (): Promise<Uint8Array> =>
  snapshotOf((world) => {
    for (const key of ["a", "b", "c"]) world.set(key, `old ${key}`, { tags: [`tag ${key}`] });
  });

/** Loads into a world and calls back after each of its writes. */
function loadWatched(world: SnapshotWorld, bytes: Uint8Array, afterWrite: (index: number, key: string) => void) {
  let index = 0;
  const store: SnapshotStore = {
    ...world.store,
    read: world.store.read,
    write(key, write) {
      const result = world.store.write(key, write);
      index += 1;
      afterWrite(index, key);
      return result;
    },
  };
  const { scheduler, changes } = world;
  return loadSnapshot(bytes, { store, namespace: "", clock: world.time.clock, scheduler, changes });
}

describe("times to live", () => {
  const twoTtls = (): Promise<Uint8Array> =>
    snapshotOf((world) => {
      world.set("short", 1, { ttlMs: 1_000 });
      world.set("long", 2, { ttlMs: 10_000 });
      world.set("ever", 3);
      world.time.advance(400);
    });

  it("go on from what was left, minus the time between dump and load", async () => {
    const bytes = await twoTtls();
    const world = openSnapshotWorld();
    world.time.advance(400 + 500);
    expect(await world.load(bytes)).toEqual({ entryCount: 3, skippedCount: 0 });
    const now = world.time.clock.wallMs();
    expect(["short", "long", "ever"].map((key) => (world.backend.get(key)?.expiresAt ?? 0) - now)).toEqual([
      100,
      9_100,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it("that are over by now leave their entries out", async () => {
    const bytes = await twoTtls();
    const world = openSnapshotWorld();
    world.time.advance(400 + 600);
    expect(await world.load(bytes)).toEqual({ entryCount: 2, skippedCount: 1 });
    expect(await world.keys()).toEqual(["ever", "long"]);
  });

  it("do not grow when the clock went back", async () => {
    const bytes = await twoTtls();
    const world = openSnapshotWorld();
    world.time.setWall(world.time.clock.wallMs() - 3_600_000);
    await world.load(bytes);
    expect((world.backend.get("short")?.expiresAt ?? 0) - world.time.clock.wallMs()).toBe(600);
  });
});

describe("a sliding expiry", () => {
  it("is kept: what is left of the TTL, and by how much each read puts off the end", async () => {
    const source = openSnapshotWorld();
    source.set("a", 1, { ttlMs: 300 });
    const read: SnapshotStore["read"] = (key) => ({ ...(source.store.read(key) as StoredEntry), slidingTtlMs: 1_000 });
    const chunks: Uint8Array[] = [];
    const { scheduler } = source;
    const context = { namespace: "", clock: source.time.clock, scheduler };
    await dumpSnapshot({ write: (chunk) => chunks.push(chunk) }, { ...context, store: { ...source.store, read } });
    const target = openSnapshotWorld();
    const writes: EntryWrite[] = [];
    const write: SnapshotStore["write"] = (key, entry) => {
      writes.push(entry);
      return target.store.write(key, entry);
    };
    const { changes } = target;
    await loadSnapshot(chunks, { ...context, changes, store: { ...target.store, write } });
    expect(writes).toMatchObject([{ ttlMs: 300, slidingTtlMs: 1_000 }]);
  });
});

describe("what is in the cache when a load begins", () => {
  it("stays, with its value, tags and version", async () => {
    const world = openSnapshotWorld();
    world.set("b", "new b", { ttlMs: 5_000 });
    const before = world.backend.get("b");
    expect(await world.load(await threeKeys())).toEqual({ entryCount: 2, skippedCount: 1 });
    expect(world.backend.get("b")).toEqual(before);
  });

  it("is not followed by the older value when it leaves during the load", async () => {
    const world = openSnapshotWorld({ maxKeys: 2 });
    world.set("c", "new c");
    await world.load(await threeKeys());
    // The load's own entries have pushed it out.
    expect(await world.keys()).toEqual(["a", "b"]);
  });
});

describe("a change during a load", () => {
  const CHANGES: Readonly<Record<string, (world: SnapshotWorld) => void>> = {
    "a delete": (world) => {
      world.changes.keyChanged("c");
      world.backend.delete("c");
    },
    "an invalidated tag": (world) => world.backend.invalidateTags(["tag c"]),
    "a cleared namespace": (world) => {
      world.changes.namespaceCleared("");
      world.backend.clear("");
    },
    "a deleted prefix": (world) => {
      world.changes.prefixChanged("c");
      world.backend.delete("c");
    },
    "a write that is over again": (world) => {
      world.changes.keyChanged("c");
      world.backend.set("c", { value: "short", ttlMs: 1, tags: [] });
      world.backend.expire("c", 0);
    },
  };

  it.each(Object.entries(CHANGES))("%s is not undone by what comes later", async (_, change) => {
    const world = openSnapshotWorld();
    await loadWatched(world, await threeKeys(), (index) => {
      if (index === 1) change(world);
    });
    expect(world.backend.get("c")).toBeUndefined();
  });

  it("a write is not replaced", async () => {
    const world = openSnapshotWorld();
    await loadWatched(world, await threeKeys(), (index) => {
      if (index === 1) world.set("c", "new c");
    });
    expect(world.backend.get("c")?.value).toBe("new c");
  });

  it("ends what was loaded before it as well", async () => {
    const world = openSnapshotWorld();
    await loadWatched(world, await threeKeys(), (index) => {
      if (index === 2) world.backend.invalidateTags(["tag a"]);
    });
    expect(await world.keys()).toEqual(["b", "c"]);
  });
});

describe("namespaces", () => {
  const fill = (world: SnapshotWorld): void => {
    for (const key of ["plain", "@:@odd", "@shop:a", "@shop/eu:a", "@shop/eu/de:@x:y", "@shopping:a"])
      world.set(key, key);
  };

  it("come back where they were from the root", async () => {
    const world = openSnapshotWorld();
    await world.load(await snapshotOf(fill));
    for (const key of await world.keys()) expect(world.backend.get(key)?.value).toBe(key);
    expect(await world.keys()).toEqual(["@:@odd", "@shop/eu/de:@x:y", "@shop/eu:a", "@shop:a", "@shopping:a", "plain"]);
  });

  it("load into a namespace of another name, those inside it too, and nothing of their neighbours", async () => {
    const bytes = await snapshotOf(fill, "shop");
    const world = openSnapshotWorld();
    expect(await world.load(bytes, "store/new")).toEqual({ entryCount: 3, skippedCount: 0 });
    expect(await world.keys()).toEqual(["@store/new/eu/de:@x:y", "@store/new/eu:a", "@store/new:a"]);
    const root = openSnapshotWorld();
    await root.load(bytes);
    expect(await root.keys()).toEqual(["@eu/de:@x:y", "@eu:a", "a"]);
  });
});

describe("versions", () => {
  it("are new ones of this store, larger than all it gave out", async () => {
    const world = openSnapshotWorld();
    const stamp = world.backend.stamp();
    await world.load(await threeKeys());
    for (const key of ["a", "b", "c"]) expect(world.backend.get(key)?.version).toBeGreaterThan(stamp);
  });
});

describe("an entry that this store does not take", () => {
  it("is skipped and the rest is loaded", async () => {
    const bytes = await snapshotOf((world) => {
      world.set("large", "x".repeat(10_000));
      world.set("small", "x");
    });
    const world = openSnapshotWorld({ maxSizeBytes: 2_000 });
    expect(await world.load(bytes)).toEqual({ entryCount: 1, skippedCount: 1 });
    expect(await world.keys()).toEqual(["small"]);
  });
});

describe("a source", () => {
  it("may be a stream, a web stream, an iterable, or all bytes; in chunks of any size", async () => {
    const bytes = Buffer.from(await threeKeys());
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    const sources = [
      Readable.from([bytes]),
      Readable.toWeb(Readable.from(single)) as unknown as AsyncIterable<Uint8Array>,
      single,
      bytes,
      Readable.from([bytes.subarray(0, 30), Buffer.alloc(0), bytes.subarray(30)]),
    ];
    for (const source of sources) {
      expect(await openSnapshotWorld().load(source)).toEqual({ entryCount: 3, skippedCount: 0 });
    }
  });

  it("that fails midway leaves nothing and is named as the cause", async () => {
    const bytes = Buffer.from(await snapshotOf((world) => fillMany(world, 3_000)));
    const world = openSnapshotWorld();
    const broken = Readable.from(
      (function* () {
        yield bytes.subarray(0, bytes.length - 100);
        throw new Error("disk on fire");
      })(),
    );
    await expect(world.load(broken)).rejects.toMatchObject({
      code: "GCX_SNAPSHOT_STREAM",
      cause: { message: "disk on fire" },
    });
    expect(await world.keys()).toEqual([]);
  });

  it("that gives text is refused", async () => {
    const text = Readable.from([Buffer.from("x")]).setEncoding("utf8");
    await expect(openSnapshotWorld().load(text)).rejects.toMatchObject({ code: "GCX_SNAPSHOT_STREAM" });
  });

  it("that is none is refused at once", () => {
    for (const source of [undefined, 5, "text", {}]) {
      expect(() => openSnapshotWorld().load(source as never)).toThrow(
        expect.objectContaining({ code: "GCX_ARGUMENT_OPTION" }),
      );
    }
  });

  it("that hangs is left when the signal is aborted, and nothing stays", async () => {
    const bytes = Buffer.from(await snapshotOf((world) => fillMany(world, 3_000)));
    const hanging = new Readable({ read: () => undefined });
    hanging.push(bytes.subarray(0, bytes.length - 10));
    const world = openSnapshotWorld();
    const leaving = new AbortController();
    const loading = world.load(hanging, "", leaving.signal);
    loading.catch(() => undefined);
    while ((await world.keys()).length < 3_000) await new Promise(setImmediate);
    leaving.abort(new Error("enough"));
    await expect(loading).rejects.toThrow("enough");
    expect(await world.keys()).toEqual([]);
    expect(hanging.destroyed).toBe(true);
  });
});

describe("taking back", () => {
  it("spares what was written over a loaded entry since, and what was there before", async () => {
    const bytes = Buffer.from(await snapshotOf((world) => fillMany(world, 3_000)));
    const world = openSnapshotWorld();
    world.set("before", 1);
    const damaged = bytes.subarray(0, bytes.length - 1);
    const loading = loadWatched(world, damaged, (index, key) => {
      if (index === 100) world.set(key, "since");
    });
    await expect(loading).rejects.toMatchObject({ code: "GCX_SNAPSHOT_CORRUPT" });
    expect((await world.keys()).map((key) => world.backend.get(key)?.value)).toEqual([1, "since"]);
    world.backend.checkInvariants();
  });

  it("of a store that was closed meanwhile hides no other error", async () => {
    const bytes = await snapshotOf((world) => fillMany(world, 10));
    const world = openSnapshotWorld();
    const loading = loadWatched(world, bytes.subarray(0, bytes.length - 1), (index) => {
      if (index === 10) world.backend.close();
    });
    await expect(loading).rejects.toMatchObject({ code: "GCX_SNAPSHOT_CORRUPT" });
  });

  it("is not needed when the store is closed during the load", async () => {
    const world = openSnapshotWorld();
    const loading = loadWatched(world, await threeKeys(), (index) => {
      if (index === 1) world.backend.close();
    });
    await expect(loading).rejects.toMatchObject({ code: "GCX_CACHE_CLOSED" });
  });
});

function fillMany(world: SnapshotWorld, count: number): void {
  for (let index = 0; index < count; index += 1) world.set(`k${index}`, { index, text: "some text of an entry" });
}
