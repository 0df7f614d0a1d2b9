import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Backend } from "../../src/backend/backend.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import type { LeasedRead, LoadLease, LoadLeases } from "../../src/backends/memcached/load-leases.ts";
import type { MemcachedBackend } from "../../src/backends/memcached/memcached-backend.ts";
import { reservedKey } from "../../src/backends/memcached/reserved-key.ts";
import type { StoreOperations } from "../../src/backends/memcached/store-operations.ts";
import { encodeMemcachedKey } from "../../src/clients/memcached/memcached-key.ts";
import type { MetaKey, MetaRequest } from "../../src/clients/memcached/meta-message.ts";
import type { RequestGate } from "./support/gated-client.ts";
import { openGated, openMemcached } from "./support/memcached-target.ts";

/*
 * Leases of loads and what ends a namespace: a clear, or the loss of the item that stands for it. Each store is a process of its own: they share nothing but the server.
 */

const NEVER = Number.POSITIVE_INFINITY;
const LEASE = { leaseMs: 30_000 };
let server: TestServer;
let one: MemcachedBackend;
let two: MemcachedBackend;
/** A third process, whose requests can be stopped on their way. */
let gated: Awaited<ReturnType<typeof openGated>>;
let key = "";
let namespace = "";
let keyCount = 0;

beforeAll(async () => {
  server = await startMemcached();
  [one, two, gated] = await Promise.all([openMemcached(server), openMemcached(server), openGated(server)]);
});

afterAll(async () => {
  await Promise.all([one.close(), two.close(), gated.close()]);
  await server.stop();
});

beforeEach(() => {
  keyCount += 1;
  namespace = `clears/${keyCount}`;
  key = `@${namespace}:key`;
});

function leasesOf(backend: MemcachedBackend | StoreOperations): LoadLeases {
  return backend.loadLeases as LoadLeases;
}

function write(text: string): EntryWrite {
  return { value: Buffer.from(text), ttlMs: NEVER, tags: [] };
}

async function take(backend: MemcachedBackend | StoreOperations): Promise<LoadLease> {
  const read = await leasesOf(backend).read(key, LEASE, {});
  if (read.kind !== "leased") throw new Error(`expected a lease, got ${read.kind}`);
  return read.lease;
}

async function kindFor(backend: MemcachedBackend | StoreOperations): Promise<LeasedRead["kind"]> {
  return (await leasesOf(backend).read(key, LEASE, {})).kind;
}

async function isFilled(backend: MemcachedBackend | StoreOperations, lease: LoadLease, text: string): Promise<boolean> {
  return (await leasesOf(backend).fill(lease, write(text), {})) !== undefined;
}

async function textOf(backend: Pick<Backend, "get">): Promise<string | undefined> {
  const entry = await backend.get(key, {});
  return entry && Buffer.from(entry.value as Uint8Array).toString();
}

/** As the server does when it has no memory left. */
async function evict(item: MetaKey): Promise<void> {
  await gated.client.send({ kind: "delete", key: item, flags: "" }, { operation: "evict", kind: "write" });
}

/** Lets something happen once, right before the first request of the gated process that fits. */
function once(gate: RequestGate, fits: (request: MetaRequest) => boolean, act: () => unknown): void {
  gate.before = (request) => {
    if (!fits(request)) return undefined;
    gate.before = undefined;
    return Promise.resolve(act());
  };
}

function writesKey(request: MetaRequest): boolean {
  return request.kind === "set" && request.key.text === encodeMemcachedKey(key).text;
}

function writesMark(request: MetaRequest): boolean {
  return request.kind === "set" && request.key.text === reservedKey("n", namespace).text;
}

const clears: readonly (readonly [string, () => unknown])[] = [
  ["its namespace", () => two.clear?.(namespace, {})],
  ["a namespace around it", () => two.clear?.("clears", {})],
  ["everything", () => two.clear?.("", {})],
];

describe("a lease that is from before a clear", () => {
  it.each(clears)("of %s counts as none: the next reader loads, and the late result is refused", async (_, clear) => {
    const early = await take(one);
    await clear();
    const next = await take(two);
    expect(await kindFor(one)).toBe("busy");
    expect(await isFilled(one, early, "late")).toBe(false);
    expect(await textOf(two)).toBeUndefined();
    expect(await isFilled(two, next, "loaded")).toBe(true);
    expect(await textOf(one)).toBe("loaded");
  });

  it.each(clears)("of %s stores nothing, also when its result comes before anybody else reads", async (_, clear) => {
    const early = await take(one);
    await clear();
    expect(await isFilled(one, early, "late")).toBe(false);
    expect([await textOf(one), await textOf(two)]).toEqual([undefined, undefined]);
    expect(await kindFor(two)).toBe("leased");
  });

  it.each(clears)("of %s does no harm to the next one when it is given back late", async (_, clear) => {
    const early = await take(one);
    await clear();
    const next = await take(two);
    await leasesOf(one).release(early, {});
    expect(await kindFor(one)).toBe("busy");
    expect(await isFilled(two, next, "loaded")).toBe(true);
  });

  it("goes to one of many that come after it", async () => {
    await take(one);
    await two.clear?.(namespace, {});
    const kinds = await Promise.all([one, two, gated.store, one, two, gated.store].map(kindFor));
    expect(kinds.filter((kind) => kind === "leased")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "busy")).toHaveLength(5);
  });

  it.each(clears)(
    "of %s that comes between the look at the lease before it and its own making stores nothing",
    async (_, clear) => {
      await take(one);
      await two.clear?.(namespace, {});
      once(gated.gate, writesKey, clear);
      const between = await take(gated.store);
      expect(gated.gate.before).toBeUndefined();
      expect(await isFilled(gated.store, between, "late")).toBe(false);
      expect(await textOf(two)).toBeUndefined();
      expect(await kindFor(two)).toBe("leased");
    },
  );

  it.each(clears)(
    "of %s that comes between its making and the look at the marks is made anew behind it",
    async (_, clear) => {
      await two.set(`${key} 2`, write("so that the marks are there"), {});
      gated.gate.within = { index: 1, act: clear };
      const lease = await take(gated.store);
      expect(gated.gate.within).toBeUndefined();
      // From before the clear it would be taken over by whoever looks.
      expect(await kindFor(two)).toBe("busy");
      expect(await isFilled(gated.store, lease, "loaded")).toBe(true);
      expect(await textOf(two)).toBe("loaded");
    },
  );

  it("is told from one that stands: clears of namespaces inside and beside it", async () => {
    const lease = await take(one);
    await two.clear?.(`${namespace}/inner`, {});
    await two.clear?.(`${namespace}0`, {});
    expect(await kindFor(two)).toBe("busy");
    expect(await isFilled(one, lease, "loaded")).toBe(true);
  });
});

describe("where the marks of a namespace are missing", () => {
  it("a lease goes to one of two that make them at the same time", async () => {
    const own = await startMemcached();
    const [first, second] = await Promise.all([openMemcached(own), openMemcached(own)]);
    for (const path of ["new", "new/inner", "other"]) {
      key = `@${path}:key`;
      const reads = await Promise.all([first, second].map((backend) => leasesOf(backend).read(key, LEASE, {})));
      expect(reads.map(({ kind }) => kind).toSorted()).toEqual(["busy", "leased"]);
      const holder = reads[0]?.kind === "leased" ? first : second;
      expect([await kindFor(first), await kindFor(second)]).toEqual(["busy", "busy"]);
      const { lease } = reads.find(({ kind }) => kind === "leased") as { lease: LoadLease };
      expect(await isFilled(holder, lease, "loaded")).toBe(true);
      expect(await textOf(second)).toBe("loaded");
    }
    await Promise.all([first.close(), second.close()]);
    await own.stop();
  });

  it.each([
    ["makes them", writesMark],
    ["has made them", writesKey],
  ])("who comes while somebody %s takes the lease, and that one waits", async (_, moment) => {
    let next: LoadLease | undefined;
    once(gated.gate, moment, async () => {
      next = await take(one);
    });
    expect(await kindFor(gated.store)).toBe("busy");
    expect(next && (await isFilled(one, next, "loaded"))).toBe(true);
    expect(await textOf(gated.store)).toBe("loaded");
  });

  it("who makes them and dies holds up nobody", async () => {
    once(gated.gate, writesMark, () => Promise.reject(new Error("died")));
    await expect(kindFor(gated.store)).rejects.toThrow("died");
    expect(await kindFor(one)).toBe("leased");
  });
});

describe("a lease whose namespace's mark was evicted", () => {
  const marks = [
    ["own", () => namespace],
    ["of a namespace around it", () => "clears"],
    ["root's", () => ""],
  ] as const;
  const successors: readonly (readonly [string, () => unknown])[] = [
    ["stays away", () => undefined],
    ["was made anew by a write", () => two.set(`${key} 2`, write("new"), {})],
    ["was made anew by a clear", () => two.clear?.(namespace, {})],
  ];
  describe.each(marks)("(%s)", (_, path) => {
    it.each(successors)("counts as none, and its result is refused: the mark %s", async (__, succeed) => {
      const early = await take(one);
      await evict(reservedKey("n", path()));
      await succeed();
      const next = await take(two);
      expect(await kindFor(one)).toBe("busy");
      expect(await isFilled(one, early, "late")).toBe(false);
      expect(await textOf(two)).toBeUndefined();
      expect(await isFilled(two, next, "loaded")).toBe(true);
      expect(await textOf(one)).toBe("loaded");
    });

    it.each(successors)("stores nothing that lives, also when nobody else came: the mark %s", async (__, succeed) => {
      const early = await take(one);
      await evict(reservedKey("n", path()));
      await succeed();
      expect(await isFilled(one, early, "late")).toBe(false);
      await two.set(`${key} 3`, write("so that the mark is there"), {});
      expect([await textOf(one), await textOf(two)]).toEqual([undefined, undefined]);
    });
  });
});
