import { describe, expect, it } from "vitest";
import {
  createShardedWorld,
  keysAt,
  NO_CONTEXT,
  readText,
  type ShardedWorld,
  textWrite,
  type WorldProcess,
} from "../../test/support/sharded-world.ts";
import { BackendUnavailableError } from "../foundation/errors.ts";

const SERVERS = ["a", "b", "c"];
const NEXT = { failover: "next", viewMs: 1_000, returnAfterMs: 5_000 } as const;

function setUp(process: WorldProcess, name: string, isUp: boolean): void {
  process.links.get(name)!.isUp = isUp;
}

/** A result, or `undefined` when there was an error. */
async function outcome<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch {
    return undefined;
  }
}

function keyCount(world: ShardedWorld, server: string): number {
  return world.server(server).usage?.("").keyCount ?? 0;
}

/** Asks until the process has found out, for as long as it takes it to. */
async function runFor(world: ShardedWorld, ms: number, ...processes: WorldProcess[]): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 100) {
    for (const { store } of processes) {
      await Promise.allSettled(
        SERVERS.map((server) => store.get(keysAt(store, server, 1, "probe")[0] as string, NO_CONTEXT)),
      );
    }
    await world.time.advanceAsync(100);
  }
}

function isAway({ store }: WorldProcess, name: string): boolean {
  return store.nodes().find((node) => node.name === name)?.isAway === true;
}

describe('failover "next"', () => {
  it("lets others stand in for a node that is away, and keeps what they were given until it is back", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start(NEXT);
    const keys = keysAt(process.store, "a", 20);
    await process.store.setMulti(
      keys.map((key) => [key, textWrite("before")] as const),
      NO_CONTEXT,
    );
    setUp(process, "a", false);
    await runFor(world, 3_000, process);
    expect(isAway(process, "a")).toBe(true);
    for (const key of keys) expect(await readText(process.store, key)).toBeUndefined();
    await process.store.setMulti(
      keys.map((key) => [key, textWrite("during")] as const),
      NO_CONTEXT,
    );
    for (const key of keys) expect(await readText(process.store, key)).toBe("during");
    expect(keyCount(world, "b") + keyCount(world, "c")).toBeGreaterThanOrEqual(20);
  });

  it("serves nothing from before it left, and nothing that lived at a stand-in, when it comes back and leaves again", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start(NEXT);
    const keys = keysAt(process.store, "a", 20);
    await process.store.setMulti(
      keys.map((key) => [key, textWrite("before")] as const),
      NO_CONTEXT,
    );
    setUp(process, "a", false);
    await runFor(world, 3_000, process);
    await process.store.setMulti(
      keys.map((key) => [key, textWrite("during")] as const),
      NO_CONTEXT,
    );
    setUp(process, "a", true);
    await runFor(world, 9_000, process);
    expect(isAway(process, "a")).toBe(false);
    for (const key of keys) expect(await readText(process.store, key)).toBeUndefined();
    await process.store.set(keys[0] as string, textWrite("after"), NO_CONTEXT);
    expect(await readText(process.store, keys[0] as string)).toBe("after");
    setUp(process, "a", false);
    await runFor(world, 3_000, process);
    expect(isAway(process, "a")).toBe(true);
    for (const key of keys) expect(await readText(process.store, key)).toBeUndefined();
  });

  it("never lets one process use a node while another uses its stand-in, though it answers the first one", async () => {
    const world = createShardedWorld(SERVERS);
    const options = { ...NEXT, returnAfterMs: 60_000 };
    const [cut, well] = [await world.start(options), await world.start(options)];
    const [key] = keysAt(cut.store, "a", 1) as [string];
    await well.store.set(key, textWrite("old"), NO_CONTEXT);
    setUp(cut, "a", false);
    let written = "old";
    for (let round = 0; round < 60; round += 1) {
      await runFor(world, 100, cut);
      const write = await outcome(async () => cut.store.set(key, textWrite(`new ${round}`), NO_CONTEXT));
      if (write !== undefined) written = `new ${round}`;
      const read = await readText(well.store, key).catch((error: unknown) => error);
      if (!(read instanceof BackendUnavailableError)) expect([written, undefined]).toContain(read);
    }
    expect(written).toMatch(/^new/);
    expect(await readText(well.store, key)).toBe(written);
  });

  it("does not let a process that slept use what it knew before", async () => {
    const world = createShardedWorld(SERVERS);
    const [cut, sleeper] = [await world.start(NEXT), await world.start(NEXT)];
    const [key] = keysAt(cut.store, "a", 1) as [string];
    await sleeper.store.set(key, textWrite("old"), NO_CONTEXT);
    setUp(cut, "a", false);
    await runFor(world, 3_000, cut);
    await cut.store.set(key, textWrite("new"), NO_CONTEXT);
    const first = await readText(sleeper.store, key).catch((error: unknown) => error);
    expect(first).not.toBe("old");
    await runFor(world, 1_500, cut, sleeper);
    expect(await readText(sleeper.store, key)).toBe("new");
  });

  it("stops a process that reaches too few nodes to know, and does not let it declare others away", async () => {
    const world = createShardedWorld(SERVERS);
    const [alone, other] = [await world.start(NEXT), await world.start(NEXT)];
    for (const server of ["b", "c"]) setUp(alone, server, false);
    await runFor(world, 3_000, alone, other);
    const [key] = keysAt(alone.store, "a", 1) as [string];
    await expect(alone.store.get(key, NO_CONTEXT)).rejects.toBeInstanceOf(BackendUnavailableError);
    expect(other.store.nodes().some((node) => node.isAway)).toBe(false);
    for (const server of ["b", "c"]) setUp(alone, server, true);
    await runFor(world, 3_000, alone, other);
    await alone.store.get(key, NO_CONTEXT);
    expect(alone.store.nodes().some((node) => node.isAway)).toBe(false);
  });

  it("tells a process that starts later who is away", async () => {
    const world = createShardedWorld(SERVERS);
    const early = await world.start(NEXT);
    setUp(early, "a", false);
    await runFor(world, 4_000, early);
    const [key] = keysAt(early.store, "a", 1) as [string];
    await early.store.set(key, textWrite("during"), NO_CONTEXT);
    const late = await world.start(NEXT);
    const read = await readText(late.store, key).catch((error: unknown) => error);
    expect(read instanceof BackendUnavailableError || read === "during").toBe(true);
    await runFor(world, 1_200, early, late);
    expect(await readText(late.store, key)).toBe("during");
  });

  it("clears and lists what stand-ins hold like everything else", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start(NEXT);
    setUp(process, "a", false);
    await runFor(world, 3_000, process);
    const inside = keysAt(process.store, "a", 3, "@shop:k");
    const outside = keysAt(process.store, "a", 3);
    for (const key of [...inside, ...outside]) await process.store.set(key, textWrite(key), NO_CONTEXT);
    const list = async (prefix: string): Promise<string[]> => {
      const listed: string[] = [];
      for await (const slice of process.store.scan!(prefix, NO_CONTEXT)) listed.push(...slice);
      return listed.sort();
    };
    expect(await list("")).toEqual([...inside, ...outside].sort());
    expect(await list("@shop:")).toEqual([...inside].sort());
    await process.store.clear!("shop", NO_CONTEXT);
    expect(await list("")).toEqual([...outside].sort());
    await process.store.clear!("", NO_CONTEXT);
    expect(await list("")).toEqual([]);
    expect(isAway(await world.start(NEXT), "a")).toBe(true);
  });

  it("gives no lease anywhere but at the key's own node", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start(NEXT);
    const [key] = keysAt(process.store, "a", 1) as [string];
    const request = { kind: "acquire", key, owner: "one", ttlMs: 60_000 } as const;
    expect(await process.store.lease!(request, NO_CONTEXT)).toMatchObject({ kind: "held" });
    setUp(process, "a", false);
    await runFor(world, 3_000, process);
    const second = process.store.lease!({ ...request, owner: "two" }, NO_CONTEXT);
    await expect(second).rejects.toBeInstanceOf(BackendUnavailableError);
  });

  it("changes its epoch when a node goes and when it comes back", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start(NEXT);
    const epochs = [process.store.epoch];
    setUp(process, "a", false);
    await runFor(world, 3_000, process);
    epochs.push(process.store.epoch);
    setUp(process, "a", true);
    await runFor(world, 9_000, process);
    epochs.push(process.store.epoch);
    expect(new Set(epochs).size).toBe(3);
  });

  it("works with two nodes", async () => {
    const world = createShardedWorld(["a", "b"]);
    const process = await world.start(NEXT);
    const [key] = keysAt(process.store, "a", 1) as [string];
    setUp(process, "a", false);
    for (let round = 0; round < 30; round += 1) {
      await outcome(async () => process.store.get(key, NO_CONTEXT));
      await world.time.advanceAsync(100);
    }
    await process.store.set(key, textWrite("during"), NO_CONTEXT);
    expect(await readText(process.store, key)).toBe("during");
  });

  it("has no timers of its own", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start(NEXT);
    await runFor(world, 2_000, process);
    await process.store.close();
    await world.time.advanceAsync(0);
    expect(world.time.pendingCount()).toBe(0);
  });
});
