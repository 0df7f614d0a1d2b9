import { describe, expect, it } from "vitest";
import {
  createShardedWorld,
  keysAt,
  type Link,
  NO_CONTEXT,
  readText,
  type ShardedWorld,
  textWrite,
  type WorldProcess,
} from "../../test/support/sharded-world.ts";
import type { LoadFillResult, LoadLease, LoadTier } from "../backend/load-tier.ts";
import type { EntryWrite } from "../backend/stored-entry.ts";
import { BackendUnavailableError, ConfigError } from "../foundation/errors.ts";

const SERVERS = ["a", "b", "c"];
const NEXT = { failover: "next", viewMs: 1_000, returnAfterMs: 5_000 } as const;
const REQUEST = { tokenMs: 1_000 };

/** Gives everybody a token and takes every result, so that only the sharded store can refuse one. */
function equip(link: Link): void {
  const { map, calls } = link;
  const enter = (operation: string): void => {
    calls[operation] = (calls[operation] ?? 0) + 1;
    if (!link.isUp) throw new BackendUnavailableError(map.name, operation, `${map.name} is down.`);
  };
  const tier: LoadTier = {
    async getOrLease(key): Promise<LoadLease> {
      enter("getOrLease");
      const entry = await map.get(key, NO_CONTEXT);
      return entry === undefined ? { kind: "token", token: map.name, stale: undefined } : { kind: "hit", entry };
    },
    async fill(key, { write }) {
      enter("fill");
      return map.set(key, write, NO_CONTEXT);
    },
    async release() {
      enter("release");
      return true;
    },
    async renew() {
      enter("renew");
      return { stored: true, version: 7 };
    },
    async claimRefresh() {
      enter("claimRefresh");
      return false;
    },
    async releaseRefresh() {
      enter("releaseRefresh");
    },
    watchKey: (key, onChange) => {
      enter("watchKey");
      onChange();
      return () => enter(`unwatch ${key}`);
    },
  };
  Object.assign(link.backend, { loadTier: tier });
}

const tierOf = ({ store }: WorldProcess): LoadTier => store.loadTier as LoadTier;

function leaseOf(process: WorldProcess, key: string): Promise<LoadLease> {
  return tierOf(process).getOrLease(key, REQUEST, NO_CONTEXT);
}

function fill(
  process: WorldProcess,
  key: string,
  lease: LoadLease,
  text: string,
  details: Partial<EntryWrite> = {},
): Promise<LoadFillResult> {
  if (lease.kind !== "token") throw new Error(`The lease is "${lease.kind}".`);
  return tierOf(process).fill(key, { token: lease.token, write: textWrite(text, details) }, NO_CONTEXT);
}

const linkOf = ({ links }: WorldProcess, name: string): Link => links.get(name) as Link;

function callsOf(process: WorldProcess, operation: string): number {
  return [...process.links.values()].reduce((sum, { calls }) => sum + (calls[operation] ?? 0), 0);
}

/** Asks until the process has found out, for as long as it takes it to. */
async function runFor(world: ShardedWorld, ms: number, { store }: WorldProcess): Promise<void> {
  const probes = SERVERS.map((server) => keysAt(store, server, 1, "probe")[0] as string);
  for (let passedMs = 0; passedMs < ms; passedMs += 100) {
    await Promise.allSettled(probes.map((key) => store.get(key, NO_CONTEXT)));
    await world.time.advanceAsync(100);
  }
}

describe("the load tier of a sharded store", () => {
  it("is there when every node has one, and tells of changes when every node does", async () => {
    const world = createShardedWorld(SERVERS);
    expect((await world.start()).store.loadTier).toBe(undefined);
    const some = await world.start({ equip: (link) => void (link.map.name === "a" && equip(link)) });
    expect(some.store.loadTier).toBe(undefined);
    const mute = await world.start({
      equip: (link) => {
        equip(link);
        if (link.map.name === "a")
          Object.assign(link.backend, { loadTier: { ...link.backend.loadTier, watchKey: undefined } });
      },
    });
    expect(tierOf(mute).watchKey).toBe(undefined);
  });

  it("takes on no node that has none", async () => {
    const world = createShardedWorld(["a"]);
    const process = await world.start({ equip });
    const bare = world.server("b").openSecond();
    await expect(
      process.store.addNode({ name: "b", backend: { ...bare, loadTier: undefined } }),
    ).rejects.toBeInstanceOf(ConfigError);
    expect(process.store.nodes().map(({ name }) => name)).toEqual(["a"]);
  });

  it("asks the key's node alone, for a lease, a result, a token that is given back, a refresh, another end, and what happens to it", async () => {
    const process = await createShardedWorld(SERVERS).start({ equip });
    const [key] = keysAt(process.store, "b", 1) as [string];
    const lease = await leaseOf(process, key);
    expect((await fill(process, key, lease, "loaded")).stored).toBe(true);
    expect((await leaseOf(process, key)).kind).toBe("hit");
    if (lease.kind === "token") await tierOf(process).release(key, lease.token, NO_CONTEXT);
    expect(await tierOf(process).claimRefresh?.(key, 1, 1_000, NO_CONTEXT)).toBe(false);
    await tierOf(process).releaseRefresh?.(key, 1, NO_CONTEXT);
    expect(await tierOf(process).renew?.(key, { version: 1, token: undefined, ttlMs: 1 }, NO_CONTEXT)).toEqual({
      stored: true,
      version: 7,
    });
    tierOf(process).watchKey?.(key, () => undefined)();
    for (const operation of [
      ...["getOrLease", "fill", "release", "renew", "claimRefresh", "releaseRefresh"],
      ...["watchKey", `unwatch ${key}`],
    ]) {
      expect([callsOf(process, operation) > 0, linkOf(process, "b").calls[operation]]).toEqual([
        true,
        callsOf(process, operation),
      ]);
    }
  });

  it("lets each process refresh for itself, and has results written, where a node knows neither claims nor renewals", async () => {
    const process = await createShardedWorld(["a"]).start({ equip });
    const tier = tierOf(process);
    const node = linkOf(process, "a").backend;
    Object.assign(node, {
      loadTier: { ...node.loadTier, claimRefresh: undefined, releaseRefresh: undefined, renew: undefined },
    });
    expect(await tier.claimRefresh?.("k", 1, 1_000, NO_CONTEXT)).toBe(true);
    await tier.releaseRefresh?.("k", 1, NO_CONTEXT);
    expect(await tier.renew?.("k", { version: 1, token: undefined, ttlMs: 1 }, NO_CONTEXT)).toBe(undefined);
    const old = await createShardedWorld(["a"]).start({
      equip: (link) => {
        equip(link);
        Object.assign(link.backend, {
          loadTier: { ...link.backend.loadTier, claimRefresh: undefined, renew: undefined },
        });
      },
    });
    expect([tierOf(old).claimRefresh, tierOf(old).releaseRefresh, tierOf(old).renew]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("takes no token that it did not give", async () => {
    const process = await createShardedWorld(SERVERS).start({ equip });
    const write = textWrite("v");
    expect(await tierOf(process).fill("k", { token: "a", write }, NO_CONTEXT)).toEqual({ stored: false, version: 0 });
    expect(await tierOf(process).release("k", "a", NO_CONTEXT)).toBe(false);
    expect(await readText(process.store, "k")).toBe(undefined);
  });

  it("fails at once while the breaker of the key's node is open", async () => {
    const process = await createShardedWorld(SERVERS).start({ equip });
    const [key] = keysAt(process.store, "a", 1) as [string];
    linkOf(process, "a").isUp = false;
    for (let count = 0; count < 5; count += 1) {
      await expect(leaseOf(process, key)).rejects.toBeInstanceOf(BackendUnavailableError);
    }
    expect(linkOf(process, "a").calls["getOrLease"]).toBe(2);
  });

  it("gives a node its own stamp, and refuses a result whose stamp nobody knows, whose token goes back", async () => {
    const process = await createShardedWorld(SERVERS).start({ equip });
    const { store } = process;
    const tagsUnchangedSince = await store.stamp?.(NO_CONTEXT);
    const [fresh, outdated] = keysAt(store, "a", 2) as [string, string];
    const leases = [await leaseOf(process, fresh), await leaseOf(process, outdated)] as const;
    expect((await fill(process, fresh, leases[0], "v", { tags: ["t"], tagsUnchangedSince })).stored).toBe(true);
    await store.invalidateTags?.(["u"], NO_CONTEXT);
    const late = { tags: ["u"], tagsUnchangedSince };
    expect((await fill(process, outdated, leases[1], "v", late)).stored).toBe(false);
    expect((await fill(process, outdated, leases[1], "v", { tags: ["t"], tagsUnchangedSince: 999 })).stored).toBe(
      false,
    );
    expect(callsOf(process, "release")).toBe(1);
  });

  it("refuses what was begun before a node went away, also when it is back, and lets stand-ins be filled", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start({ ...NEXT, equip });
    const [key] = keysAt(process.store, "a", 1) as [string];
    const before = await leaseOf(process, key);
    linkOf(process, "a").isUp = false;
    await runFor(world, 5_000, process);
    expect(await fill(process, key, before, "old")).toEqual({ stored: false, version: 0 });
    const during = await leaseOf(process, key);
    expect((await fill(process, key, during, "during")).stored).toBe(true);
    expect(await readText(process.store, key)).toBe("during");
    linkOf(process, "a").isUp = true;
    await runFor(world, 20_000, process);
    expect(process.store.nodes().some(({ isAway }) => isAway)).toBe(false);
    for (const late of [before, during]) expect((await fill(process, key, late, "late")).stored).toBe(false);
    expect(await readText(process.store, key)).toBe(undefined);
    expect((await fill(process, key, await leaseOf(process, key), "after")).stored).toBe(true);
  });

  it("refuses what was begun before nodes changed, also when the key is back at its node", async () => {
    const world = createShardedWorld(["a", "b"]);
    const process = await world.start({ equip });
    const { store } = process;
    const keys = keysAt(store, "a", 60);
    const leases = new Map(await Promise.all(keys.map(async (key) => [key, await leaseOf(process, key)] as const)));
    await store.addNode({ name: "c", backend: process.link("c").backend });
    const [key] = keys.filter((each) => store.nodeOf(each) === "c") as [string];
    const old = leases.get(key) as LoadLease;
    expect((await fill(process, key, old, "old")).stored).toBe(false);
    const token = old.kind === "token" ? old.token : "none";
    expect(await tierOf(process).renew?.(key, { version: 1, token, ttlMs: 1_000 }, NO_CONTEXT)).toEqual({
      stored: false,
      version: 0,
    });
    await store.removeNode("c");
    expect(store.nodeOf(key)).toBe("a");
    expect((await fill(process, key, old, "old")).stored).toBe(false);
    expect(await readText(store, key)).toBe(undefined);
  });

  it("lets nothing older of a key that is moving appear after its result", async () => {
    const world = createShardedWorld(["a", "b"]);
    const process = await world.start({ equip });
    const { store } = process;
    const keys = keysAt(store, "a", 60);
    await store.setMulti(
      keys.map((key) => [key, textWrite("older")] as const),
      NO_CONTEXT,
    );
    await store.addNode({ name: "c", backend: process.link("c").backend }, { migrates: true });
    const [key] = keys.filter((each) => store.nodeOf(each) === "c") as [string];
    expect((await fill(process, key, await leaseOf(process, key), "newer", { ttlMs: 50 })).stored).toBe(true);
    await world.time.advanceAsync(60);
    await store.migrate({ entriesPerSecond: Number.POSITIVE_INFINITY });
    expect(await readText(store, key)).toBe(undefined);
  });

  it("answers hot keys from copies as well, and drops them when a result is stored or renewed", async () => {
    const world = createShardedWorld(SERVERS);
    const process = await world.start({ equip, hotKeys: { share: 0.1, copies: 2, maxStalenessMs: 1_000 } });
    await process.store.set("hot", textWrite("v"), NO_CONTEXT);
    await world.time.advanceAsync(2_000);
    for (let count = 0; count < 6_000; count += 1) expect((await leaseOf(process, "hot")).kind).toBe("hit");
    const asked = callsOf(process, "getOrLease");
    expect(asked).toBeLessThan(5_000);
    // What is to be fresh asks the key's node each time.
    const askedFresh = callsOf(process, "getOrLease");
    for (let count = 0; count < 100; count += 1) {
      await tierOf(process).getOrLease("hot", { ...REQUEST, takesOver: true }, NO_CONTEXT);
    }
    expect(callsOf(process, "getOrLease") - askedFresh).toBe(100);
    const deletes = callsOf(process, "delete");
    // Somebody else's delete, which this process does not know of.
    await world.server(process.store.nodeOf("hot")).delete("hot", NO_CONTEXT);
    let lease = await leaseOf(process, "hot");
    for (let count = 0; count < 100 && lease.kind === "hit"; count += 1) lease = await leaseOf(process, "hot");
    expect((await fill(process, "hot", lease, "new")).stored).toBe(true);
    expect(callsOf(process, "delete") - deletes).toBe(2);
    await tierOf(process).renew?.("hot", { version: 1, token: undefined, ttlMs: 1_000 }, NO_CONTEXT);
    expect(callsOf(process, "delete") - deletes).toBe(4);
    for (let count = 0; count < 20; count += 1) {
      const hit = await leaseOf(process, "hot");
      expect(hit.kind === "hit" && String.fromCharCode(...(hit.entry.value as Uint8Array))).toBe("new");
    }
  });

  it("reads stale data at each key's node", async () => {
    const world = createShardedWorld(SERVERS);
    const plain = await world.start();
    const keys = SERVERS.flatMap((server) => keysAt(plain.store, server, 2));
    const stale = await world.start({
      equip: (link) => {
        const { map } = link;
        const getStale: NonNullable<Link["backend"]["getStale"]> = (of, context) => map.getMulti(of, context);
        Object.assign(link.backend, { getStale, capabilities: { ...map.capabilities, stale: true } });
      },
    });
    await plain.store.setMulti(
      keys.map((key) => [key, textWrite(key)] as const),
      NO_CONTEXT,
    );
    const found = await stale.store.getStale?.([...keys, "unknown"], NO_CONTEXT);
    const texts = found?.map((entry) => entry && String.fromCharCode(...(entry.value as Uint8Array)));
    expect(texts).toEqual([...keys, undefined]);
    expect([stale.store.capabilities.stale, stale.store.loadTier]).toEqual([true, undefined]);
  });
});
