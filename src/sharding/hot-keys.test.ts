import { describe, expect, it } from "vitest";
import {
  createShardedWorld,
  keysAt,
  NO_CONTEXT,
  readText,
  textWrite,
  type WorldProcess,
} from "../../test/support/sharded-world.ts";
import { createSeededRandom } from "../foundation/random-source.ts";
import { ReadShares } from "./read-shares.ts";

const SERVERS = ["a", "b", "c", "d"];
const HOT = { hotKeys: { share: 0.1, copies: 2, maxStalenessMs: 1_000 } };

async function heat({ store }: WorldProcess, key: string, readCount = 4_000): Promise<void> {
  for (let read = 0; read < readCount; read += 1) await store.get(key, NO_CONTEXT);
}

function readsAt(process: WorldProcess): Record<string, number> {
  return Object.fromEntries([...process.links].map(([name, { calls }]) => [name, calls["get"] ?? 0]));
}

describe("hot keys", () => {
  it("are read at several nodes, with the entry's own version, end and tags", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start(HOT);
    const [key] = keysAt(process.store, "a", 1) as [string];
    const { version } = await process.store.set(key, textWrite("v", { ttlMs: 60_000, tags: ["t"] }), NO_CONTEXT);
    await world.time.advanceAsync(1_001);
    await heat(process, key);
    const before = readsAt(process);
    const seen = new Set<string>();
    for (let read = 0; read < 300; read += 1) {
      const entry = await process.store.get(key, NO_CONTEXT);
      seen.add(JSON.stringify([entry?.version, entry?.expiresAt, entry?.tags, await readText(process.store, key)]));
    }
    expect([...seen]).toEqual([JSON.stringify([version, world.time.clock.wallMs() + 58_999, ["t"], "v"])]);
    const counts = SERVERS.map((name) => (readsAt(process)[name] ?? 0) - (before[name] ?? 0)).filter(
      (count) => count > 50,
    );
    expect(counts).toHaveLength(3);
  });

  it("are read fresh by the process that changed them, at once", async () => {
    const world = createShardedWorld(SERVERS);
    const [writer, reader] = [await world.start(HOT), await world.start(HOT)];
    const [key] = keysAt(writer.store, "a", 1) as [string];
    const changes: readonly (() => Promise<unknown>)[] = [
      async () => writer.store.set(key, textWrite("new"), NO_CONTEXT),
      async () => writer.store.setMulti([[key, textWrite("new")]], NO_CONTEXT),
      async () => writer.store.delete(key, NO_CONTEXT),
      async () => writer.store.invalidateTags!(["t"], NO_CONTEXT),
      async () => writer.store.clear!("", NO_CONTEXT),
      async () => writer.store.commit!([], [{ key, write: textWrite("new") }], NO_CONTEXT),
    ];
    for (const change of changes) {
      await writer.store.set(key, textWrite("old", { tags: ["t"] }), NO_CONTEXT);
      await world.time.advanceAsync(1_001);
      await heat(reader, key);
      await heat(writer, key);
      await change();
      for (let read = 0; read < 30; read += 1) {
        expect(["new", undefined]).toContain(await readText(writer.store, key));
      }
    }
  });

  it("are not read from copies of others by a process that changed them before it took them for hot", async () => {
    const world = createShardedWorld(SERVERS);
    const [writer, reader] = [await world.start(HOT), await world.start(HOT)];
    const [key] = keysAt(writer.store, "a", 1) as [string];
    await reader.store.set(key, textWrite("old"), NO_CONTEXT);
    await world.time.advanceAsync(1_001);
    await heat(reader, key);
    await writer.store.set(key, textWrite("new"), NO_CONTEXT);
    await heat(writer, key);
    for (let read = 0; read < 100; read += 1) expect(await readText(writer.store, key)).toBe("new");
  });

  it("are never older than the bound, also when the writer knows nothing of copies", async () => {
    const world = createShardedWorld(SERVERS);
    const [writer, reader] = [await world.start(), await world.start(HOT)];
    const [key] = keysAt(writer.store, "a", 1) as [string];
    await writer.store.set(key, textWrite("old"), NO_CONTEXT);
    await world.time.advanceAsync(1_001);
    await heat(reader, key);
    await writer.store.set(key, textWrite("new"), NO_CONTEXT);
    const stale = new Set<string | undefined>();
    for (let read = 0; read < 30; read += 1) stale.add(await readText(reader.store, key));
    expect(stale).toContain("old");
    await world.time.advanceAsync(1_000);
    for (let read = 0; read < 300; read += 1) expect(await readText(reader.store, key)).toBe("new");
  });

  it("keep that bound when a copy is on its way for a long time", async () => {
    const world = createShardedWorld(SERVERS);
    const [writer, reader] = [await world.start(), await world.start(HOT)];
    const [key] = keysAt(writer.store, "a", 1) as [string];
    await writer.store.set(key, textWrite("old"), NO_CONTEXT);
    await world.time.advanceAsync(1_001);
    await heat(reader, key, 3_000);
    await world.time.advanceAsync(501);
    // Both marks pass, and the values that replace them are held up.
    const holds = SERVERS.map((name) => reader.links.get(name)!.map.hold("set", { at: "reply", calls: 1 }));
    await heat(reader, key, 200);
    const late = SERVERS.map((name) => reader.links.get(name)!.map.hold("set"));
    for (const hold of holds) hold.release();
    await heat(reader, key, 200);
    expect(late.some((hold) => hold.waitingCount() > 0)).toBe(true);
    await writer.store.set(key, textWrite("new"), NO_CONTEXT);
    await world.time.advanceAsync(5_000);
    for (const hold of late) hold.release();
    await new Promise((resolve) => setImmediate(resolve));
    for (let read = 0; read < 200; read += 1) expect(await readText(reader.store, key)).toBe("new");
  });

  it("are read at their own node while a copy's node does not answer", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start(HOT);
    const [key] = keysAt(process.store, "a", 1) as [string];
    await process.store.set(key, textWrite("v"), NO_CONTEXT);
    await world.time.advanceAsync(1_001);
    await heat(process, key);
    for (const name of ["b", "c", "d"]) process.links.get(name)!.isUp = false;
    for (let read = 0; read < 100; read += 1) expect(await readText(process.store, key)).toBe("v");
  });

  it("leave copies that no scan lists and every clear ends", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start(HOT);
    const [key] = keysAt(process.store, "a", 1, "@shop:k") as [string];
    await process.store.set(key, textWrite("v"), NO_CONTEXT);
    await world.time.advanceAsync(1_001);
    await heat(process, key);
    const listed: string[] = [];
    for await (const slice of process.store.scan!("", NO_CONTEXT)) listed.push(...slice);
    expect(listed).toEqual([key]);
    const copies = (): number =>
      SERVERS.reduce((sum, name) => sum + world.server(name).usage!("%~hot.0~").keyCount!, 0);
    expect(copies()).toBe(2);
    await process.store.clear!("shop", NO_CONTEXT);
    expect(copies()).toBe(0);
  });
});

describe("ReadShares", () => {
  it("finds the keys above the share among many others, and no others", () => {
    const random = createSeededRandom(3);
    const shares = new ReadShares(0.05, random);
    for (let read = 0; read < 200_000; read += 1) {
      const drawn = random.next();
      shares.count(drawn < 0.2 ? "first" : drawn < 0.28 ? "second" : drawn < 0.3 ? "third" : `k${read % 5_000}`);
    }
    expect(["first", "second", "third", "k1"].map((key) => shares.isHot(key))).toEqual([true, true, false, false]);
  });

  it("lets a key cool down", () => {
    const shares = new ReadShares(0.05, createSeededRandom(3));
    for (let read = 0; read < 50_000; read += 1) shares.count("hot");
    expect(shares.isHot("hot")).toBe(true);
    for (let read = 0; read < 200_000; read += 1) shares.count(`k${read % 50}`);
    expect(shares.isHot("hot")).toBe(false);
  });

  it("says nothing before it has seen enough", () => {
    const shares = new ReadShares(0.05, createSeededRandom(3));
    for (let read = 0; read < 200; read += 1) expect(shares.count("one")).toBe(false);
  });
});
