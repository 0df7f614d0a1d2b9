import { describe, expect, it } from "vitest";
import {
  createShardedWorld,
  keysAt,
  type Link,
  NO_CONTEXT,
  type ProcessOptions,
  type ShardedWorld,
  textWrite,
  type WorldProcess,
} from "../../test/support/sharded-world.ts";
import type { ChangeListener, StoreChange } from "../backend/change-feed.ts";
import type { EntryVerdict, KnownEntry, Revalidation } from "../backend/revalidation.ts";
import { BackendUnavailableError } from "../foundation/errors.ts";

const SERVERS = ["a", "b", "c"];
const NEXT = { failover: "next", viewMs: 1_000, returnAfterMs: 5_000 } as const;

/** Lives of nodes, by name; what is not there is the first. */
type Lives = Map<string, number>;

interface Started extends WorldProcess {
  readonly lives: Lives;
  readonly revalidation: Revalidation;
}

/** Nodes that take every entry for unchanged, so that only the sharded store can know better. */
async function start(world: ShardedWorld, options: ProcessOptions = {}): Promise<Started> {
  const lives: Lives = new Map();
  const equip = (link: Link): void => {
    const { name } = link.map;
    const revalidation: Revalidation = {
      get life() {
        return String(lives.get(name) ?? 1);
      },
      async revalidate(entries) {
        link.calls["revalidate"] = (link.calls["revalidate"] ?? 0) + 1;
        if (!link.isUp) throw new BackendUnavailableError(name, "revalidate", `${name} is down.`);
        return entries.map((): EntryVerdict => "unchanged");
      },
    };
    Object.assign(link.backend, { revalidation });
  };
  const process = await world.start({ ...options, equip });
  return { ...process, lives, revalidation: process.store.revalidation as Revalidation };
}

function known(key: string): KnownEntry {
  return { key, version: 1, expiresAt: Number.POSITIVE_INFINITY, tags: [] };
}

const ask = ({ revalidation }: Started, keys: readonly string[]): Promise<readonly EntryVerdict[]> =>
  revalidation.revalidate(keys.map(known), NO_CONTEXT);

/** Reads until the process has found out who is there. */
async function runFor(world: ShardedWorld, ms: number, { store }: WorldProcess): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 100) {
    await Promise.allSettled(SERVERS.map((server) => store.get(keysAt(store, server, 1)[0] as string, NO_CONTEXT)));
    await world.time.advanceAsync(100);
  }
}

function setUp(process: WorldProcess, name: string, isUp: boolean): void {
  (process.links.get(name) as Link).isUp = isUp;
}

describe("questions of a sharded store", () => {
  it("go to the place of each entry, in one call for each node, and are answered in their order", async () => {
    const world = createShardedWorld(SERVERS);
    const asked: string[][] = [];
    const process = await start(world);
    for (const [name, link] of process.links) {
      Object.assign(link.backend, {
        revalidation: {
          life: "1",
          revalidate: async (entries: readonly KnownEntry[]) => {
            asked.push(entries.map(({ key }) => key));
            for (const { key } of entries) expect(process.store.nodeOf(key)).toBe(name);
            return entries.map(({ key }) => (key === "k3" ? "changed" : "unchanged"));
          },
        },
      });
    }
    const keys = Array.from({ length: 30 }, (_, index) => `k${index}`);
    expect(await ask(process, keys)).toEqual(keys.map((key) => (key === "k3" ? "changed" : "unchanged")));
    expect(asked).toHaveLength(3);
    expect(await ask(process, [])).toEqual([]);
  });

  it("leave unknown what a node does not answer, and no other", async () => {
    const process = await start(createShardedWorld(SERVERS));
    const keys = SERVERS.map((server) => keysAt(process.store, server, 1)[0] as string);
    setUp(process, "b", false);
    expect(await ask(process, keys)).toEqual(["unchanged", "unknown", "unchanged"]);
  });

  it("leave unknown what has no place now, and go to the one that stands in then", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await start(world, NEXT);
    const keys = keysAt(process.store, "a", 5);
    setUp(process, "a", false);
    const isAway = (): boolean => process.store.nodes().some((node) => node.isAway);
    for (let rounds = 0; rounds < 100 && !isAway(); rounds += 1) await runFor(world, 100, process);
    expect(await ask(process, keys)).toEqual(keys.map(() => "unknown"));
    await runFor(world, 2_000, process);
    expect(await ask(process, keys)).toEqual(keys.map(() => "unchanged"));
  });

  it("are about nothing while entries move", async () => {
    const world = createShardedWorld(["a", "b"]);
    const process = await start(world);
    await process.store.addNode({ name: "c", backend: process.link("c").backend }, { migrates: true });
    expect(await ask(process, ["k1", "k2"])).toEqual(["unknown", "unknown"]);
    await process.store.endMove();
    expect(await ask(process, ["k1", "k2"])).toEqual(["unchanged", "unchanged"]);
  });

  it("are there only where every node answers some, and leave unknown those of one that joined without", async () => {
    const world = createShardedWorld(["a", "b"]);
    const without = await world.start({ equip: ({ backend }) => Object.assign(backend, { revalidation: undefined }) });
    expect(without.store.revalidation).toBeUndefined();
    const process = await start(world);
    const link = process.link("c");
    Object.assign(link.backend, { revalidation: undefined });
    await process.store.addNode({ name: "c", backend: link.backend });
    const [key] = keysAt(process.store, "c", 1) as [string];
    expect(await ask(process, [key])).toEqual(["unknown"]);
  });
});

describe("what a sharded store tells of changes", () => {
  const change = (key: string): StoreChange => ({ kind: "change", key, version: 7, previousHead: 6 });

  it("is what all its nodes tell, also those that are added later, until nobody listens or the node has gone", async () => {
    const world = createShardedWorld(["a", "b"]);
    const listeners = new Map<string, ChangeListener>();
    const equip = (link: Link): void => {
      const watchChanges = (listener: ChangeListener): (() => void) => {
        listeners.set(link.map.name, listener);
        return () => listeners.delete(link.map.name);
      };
      const revalidation: Revalidation = { life: "1", revalidate: async () => [], watchChanges };
      Object.assign(link.backend, { revalidation });
    };
    const process = await world.start({ equip });
    const revalidation = process.store.revalidation as Revalidation;
    const heard: StoreChange[] = [];
    const stop = revalidation.watchChanges?.({ onChange: (one) => heard.push(one), onGap: () => undefined });
    expect([...listeners.keys()]).toEqual(["a", "b"]);
    await process.store.addNode({ name: "c", backend: process.link("c").backend });
    await process.store.removeNode("a");
    expect(revalidation.life).toBeDefined();
    expect([...listeners.keys()]).toEqual(["b", "c"]);
    for (const [name, listener] of listeners) listener.onChange(change(name));
    expect(heard).toEqual([change("b"), change("c")]);
    stop?.();
    expect(listeners.size).toBe(0);
  });

  it("is nothing where a node tells nothing", async () => {
    const process = await start(createShardedWorld(SERVERS));
    expect(process.revalidation.watchChanges).toBeUndefined();
  });
});

describe("the life of a sharded store", () => {
  it("stays the same while keys have their places and nodes their data", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await start(world, NEXT);
    const { life } = process.revalidation;
    await process.store.set("k", textWrite("v"), NO_CONTEXT);
    await runFor(world, 3_000, process);
    expect(process.revalidation.life).toBe(life);
  });

  it("is another when nodes are added and removed, and when a move begins and ends", async () => {
    const process = await start(createShardedWorld(["a", "b"]));
    const lives = [process.revalidation.life];
    await process.store.addNode({ name: "c", backend: process.link("c").backend }, { migrates: true });
    lives.push(process.revalidation.life);
    await process.store.endMove();
    lives.push(process.revalidation.life);
    await process.store.removeNode("b");
    lives.push(process.revalidation.life);
    expect(new Set(lives).size).toBe(4);
  });

  it("is another when a node is stood in for, and when it is back", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await start(world, NEXT);
    const lives = [process.revalidation.life];
    setUp(process, "a", false);
    await runFor(world, 3_000, process);
    lives.push(process.revalidation.life);
    setUp(process, "a", true);
    await runFor(world, 9_000, process);
    lives.push(process.revalidation.life);
    expect(new Set(lives).size).toBe(3);
  });

  it("is another when that of a node is, and never one that was before", async () => {
    const process = await start(createShardedWorld(SERVERS));
    const lives = [process.revalidation.life];
    for (const life of [2, 1]) {
      process.lives.set("b", life);
      lives.push(process.revalidation.life);
    }
    expect(new Set(lives).size).toBe(3);
  });
});
