import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { MAX_COUNTER, MIN_COUNTER } from "../../src/backend/counter.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import type { LeasedRead, LoadLease, LoadLeases } from "../../src/backends/memcached/load-leases.ts";
import type { MemcachedBackend } from "../../src/backends/memcached/memcached-backend.ts";
import { BackendError } from "../../src/foundation/errors.ts";
import { startFaultProxy } from "./support/fault-proxy.ts";
import { openMemcached } from "./support/memcached-target.ts";

const NEVER = Number.POSITIVE_INFINITY;
const LEASE = { leaseMs: 30_000 };
let server: TestServer;
let one: MemcachedBackend;
let two: MemcachedBackend;
let key = "";
let keyCount = 0;

beforeAll(async () => {
  server = await startMemcached();
  [one, two] = await Promise.all([openMemcached(server), openMemcached(server)]);
});

afterAll(async () => {
  await Promise.all([one.close(), two.close()]);
  await server.stop();
});

beforeEach(() => {
  keyCount += 1;
  key = `@leases/${keyCount}:key`;
});

function leasesOf(backend: MemcachedBackend): LoadLeases {
  return backend.loadLeases as LoadLeases;
}

function write(text: string, details: Partial<EntryWrite> = {}): EntryWrite {
  return { value: Buffer.from(text), ttlMs: NEVER, tags: [], ...details };
}

async function take(backend: MemcachedBackend): Promise<LoadLease> {
  const read = await leasesOf(backend).read(key, LEASE, {});
  if (read.kind !== "leased") throw new Error(`expected a lease, got ${read.kind}`);
  return read.lease;
}

async function textOf(backend: MemcachedBackend): Promise<string | undefined> {
  const entry = await backend.get(key, {});
  return entry && Buffer.from(entry.value as Uint8Array).toString();
}

function kindOf({ kind }: LeasedRead): string {
  return kind;
}

describe("a lease", () => {
  it("goes to one of many that miss; the others hear how long they may wait, and then hit", async () => {
    const reads = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const backend = index % 2 === 0 ? one : two;
        return { backend, read: await leasesOf(backend).read(key, LEASE, {}) };
      }),
    );
    const leased = reads.flatMap(({ backend, read }) =>
      read.kind === "leased" ? [{ backend, lease: read.lease }] : [],
    );
    expect(leased.length).toBe(1);
    for (const { read } of reads) if (read.kind === "busy") expect(read.remainingMs).toBeGreaterThan(0);
    const [winner] = leased as [{ backend: MemcachedBackend; lease: LoadLease }];
    const version = await leasesOf(winner.backend).fill(winner.lease, write("loaded"), {});
    expect(version).toBeGreaterThan(0);
    const hit = await leasesOf(two).read(key, LEASE, {});
    expect(hit.kind === "hit" && hit.entry.version).toBe(version);
    expect(await textOf(two)).toBe("loaded");
  });

  it("is no entry: it is a miss for reads, and absent for conditions, deletes and counters", async () => {
    await take(one);
    expect(await two.get(key, {})).toBeUndefined();
    expect(await two.getMulti([key], {})).toEqual([undefined]);
    expect(await two.expire(key, 60_000, {})).toBe(false);
    expect(await two.delete(key, {})).toBe(false);
    await take(one);
    expect((await two.set(key, write("theirs", { condition: { kind: "absent" } }), {})).stored).toBe(true);
  });

  it("that is given back goes to the next reader", async () => {
    const lease = await take(one);
    await leasesOf(one).release(lease, {});
    expect(await leasesOf(one).fill(lease, write("late"), {})).toBeUndefined();
    const next = await take(two);
    await leasesOf(one).release(lease, {});
    expect(await leasesOf(two).fill(next, write("loaded"), {})).toBeGreaterThan(0);
  });

  it("that ran out goes to the next reader, and the first holder's result is refused", async () => {
    const read = await leasesOf(one).read(key, { leaseMs: 1 }, {});
    const slow = (read as { lease: LoadLease }).lease;
    const untilMs = performance.now() + 5_000;
    let next = await leasesOf(two).read(key, LEASE, {});
    while (next.kind === "busy" && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      next = await leasesOf(two).read(key, LEASE, {});
    }
    expect(next.kind).toBe("leased");
    expect(await leasesOf(one).fill(slow, write("late"), {})).toBeUndefined();
  });

  it("of each key of a batch is filled, although the first result makes the mark of their tag", async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `${key} ${index}`);
    const reads = await Promise.all(keys.map((each) => leasesOf(one).read(each, LEASE, {})));
    const leases = reads.map((read) => (read as { lease: LoadLease }).lease);
    const fill = (lease: LoadLease): Promise<number | undefined> =>
      leasesOf(one).fill(lease, write("loaded", { tags: [key] }), {});
    const [first, ...others] = leases as [LoadLease, ...LoadLease[]];
    // One alone, so that its mark stands there, younger than all stamps; the others at once.
    const versions = [await fill(first), ...(await Promise.all(others.map(fill)))];
    expect(versions.filter((version) => version === undefined)).toEqual([]);
    expect((await two.getMulti(keys, {})).filter((entry) => entry === undefined)).toEqual([]);
    await two.invalidateTags?.([key], {});
    expect((await one.getMulti(keys, {})).filter((entry) => entry !== undefined)).toEqual([]);
  });

  it("of a batch is void once their new tag was invalidated, also for those that are filled later", async () => {
    const [early, late] = await Promise.all(
      [`${key} 1`, `${key} 2`].map((each) => leasesOf(one).read(each, LEASE, {})),
    );
    const filled = write("loaded", { tags: [key] });
    expect(await leasesOf(one).fill((early as { lease: LoadLease }).lease, filled, {})).toBeGreaterThan(0);
    await two.invalidateTags?.([key], {});
    expect(await leasesOf(one).fill((late as { lease: LoadLease }).lease, filled, {})).toBeUndefined();
    expect(await two.getMulti([`${key} 1`, `${key} 2`], {})).toEqual([undefined, undefined]);
  });

  it("is taken for what stands there dead: expired, cleared, with an invalidated tag, somebody else's", async () => {
    const namespace = key.slice(1, key.indexOf(":"));
    const ends: (() => unknown)[] = [
      () => one.set(key, write("old", { ttlMs: 1 }), {}),
      async () => {
        await one.set(key, write("old"), {});
        await one.clear?.(namespace, {});
      },
      async () => {
        await one.set(key, write("old", { tags: [key] }), {});
        await one.invalidateTags?.([key], {});
      },
      async () => {
        const plain = await openMemcached(server, { mode: "plain" });
        await plain.set(key, write("bytes of another program"), {});
        await plain.close();
      },
    ];
    for (const end of ends) {
      await end();
      await new Promise((resolve) => setTimeout(resolve, 5));
      const lease = await take(one);
      expect(kindOf(await leasesOf(two).read(key, LEASE, {}))).toBe("busy");
      expect(await leasesOf(one).fill(lease, write("loaded"), {})).toBeGreaterThan(0);
      expect(await textOf(two)).toBe("loaded");
    }
  });
});

describe("the result of a load is refused", () => {
  const COUNT = { delta: 1n, initial: 0n, ttlMs: NEVER, minimum: MIN_COUNTER, maximum: MAX_COUNTER };
  it.each<[string, (namespace: string) => unknown, string | undefined]>([
    ["the key was deleted", () => two.delete(key, {}), undefined],
    ["keys were deleted", () => two.deleteMulti([key], {}), undefined],
    ["the key was invalidated", () => leasesOf(two).invalidate(key, {}, {}), undefined],
    [
      "the key was invalidated and stale values are kept",
      () => leasesOf(two).invalidate(key, { keepStaleMs: 9_000 }, {}),
      undefined,
    ],
    ["the key was written", () => two.set(key, write("theirs"), {}), "theirs"],
    ["keys were written", () => two.setMulti([[key, write("theirs")]], {}), "theirs"],
    [
      "the key was written on condition",
      () => two.set(key, write("theirs", { condition: { kind: "absent" } }), {}),
      "theirs",
    ],
    ["the key was counted", () => two.increment?.(key, COUNT, {}), "1"],
    ["its namespace was cleared", (namespace) => two.clear?.(namespace, {}), undefined],
    ["everything was cleared", () => two.clear?.("", {}), undefined],
    ["its tag was invalidated", () => two.invalidateTags?.([key], {}), undefined],
  ])("when %s while it ran", async (_, change, left) => {
    const lease = await take(one);
    await change(key.slice(1, key.indexOf(":")));
    expect(await leasesOf(one).fill(lease, write("late", { tags: [key] }), {})).toBeUndefined();
    expect(await textOf(two)).toBe(left);
    expect(kindOf(await leasesOf(two).read(key, LEASE, {}))).toBe(left === undefined ? "leased" : "hit");
  });

  it("when the connection that brought the lease was lost", async () => {
    const proxy = await startFaultProxy({ target: server });
    const client = await openMemcached(proxy);
    const lease = await take(client);
    proxy.resetAll();
    await until(() => client.get("unrelated", {}));
    expect(await leasesOf(client).fill(lease, write("late"), {})).toBeUndefined();
    expect(await two.get(key, {})).toBeUndefined();
    await client.close();
    await proxy.stop();
  });

  it("when the server restarted meanwhile, although its CAS numbers repeat", async () => {
    let own = await startMemcached();
    const client = await openMemcached(own);
    // So that the number is larger than those that connecting takes.
    for (let index = 0; index < 50; index += 1) await client.set(`${key} ${index}`, write("before"), {});
    const lease = await take(client);
    const { port } = own;
    await own.stop();
    own = await startMemcached({ port });
    const late = await openMemcached(own);
    // Until another item has the very number of the lease.
    for (;;) {
      const { version } = await late.set(key, write("after the restart"), {});
      if (version % 4_096 === lease.cas) break;
    }
    const read = await until(() => client.get(key, {}));
    expect(Buffer.from(read?.value as Uint8Array).toString()).toBe("after the restart");
    expect((read?.version ?? 0) % 4_096).toBe(lease.cas);
    expect(await leasesOf(client).fill(lease, write("late"), {})).toBeUndefined();
    expect(await textOf(client)).toBe("after the restart");
    await Promise.all([client.close(), late.close()]);
    await own.stop();
  });
});

describe("a stale value that an invalidation keeps", () => {
  it("is no hit; it goes along with the lease and to those who wait, until its successor is there", async () => {
    await one.set(key, write("old"), {});
    expect(await leasesOf(one).invalidate(key, { keepStaleMs: 60_000 }, {})).toBe(true);
    expect(await two.get(key, {})).toBeUndefined();
    const first = await leasesOf(one).read(key, LEASE, {});
    const second = await leasesOf(two).read(key, LEASE, {});
    expect([first.kind, second.kind]).toEqual(["leased", "busy"]);
    for (const read of [first, second]) {
      const { stale } = read as Exclude<LeasedRead, { kind: "hit" }>;
      expect(Buffer.from(stale?.value as Uint8Array).toString()).toBe("old");
    }
    expect(await leasesOf(one).fill((first as { lease: LoadLease }).lease, write("new"), {})).toBeGreaterThan(0);
    expect(await textOf(two)).toBe("new");
  });

  it("survives a load that failed, and a second invalidation voids the lease of the first", async () => {
    await one.set(key, write("old"), {});
    await leasesOf(one).invalidate(key, { keepStaleMs: 60_000 }, {});
    await leasesOf(one).release(await take(one), {});
    const lease = await take(two);
    expect(Buffer.from((lease.stale?.payload ?? []) as Uint8Array).toString()).toBe("old");
    expect(await leasesOf(one).invalidate(key, { keepStaleMs: 60_000 }, {})).toBe(false);
    expect(await leasesOf(two).fill(lease, write("late"), {})).toBeUndefined();
    expect((await take(one)).stale).toBeDefined();
  });

  it("is given to nobody after a clear", async () => {
    await one.set(key, write("old"), {});
    await leasesOf(one).invalidate(key, { keepStaleMs: 60_000 }, {});
    await one.clear?.(key.slice(1, key.indexOf(":")), {});
    const read = await leasesOf(two).read(key, LEASE, {});
    expect(read.kind === "leased" && read.stale).toBe(undefined);
  });
});

describe("a server that is away", () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  it("fails a leased read and a fill; neither looks like a miss or a refusal", async () => {
    const proxy = await startFaultProxy({ target: server });
    const client = await openMemcached(proxy, { timeoutMs: 200 });
    closers.push(
      () => client.close(),
      () => proxy.stop(),
    );
    const lease = await take(client);
    proxy.set({ blackHolesReplies: true });
    await expect(leasesOf(client).fill(lease, write("unknown"), {})).rejects.toBeInstanceOf(BackendError);
    await expect(leasesOf(client).read(key, LEASE, {})).rejects.toBeInstanceOf(BackendError);
  });
});

async function until<T>(read: () => T | Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await read();
    } catch (error) {
      if (attempt === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
