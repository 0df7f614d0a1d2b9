import { Buffer } from "node:buffer";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SharedTier } from "../../src/backend/shared-tier.ts";
import { OutcomeUnknownError } from "../../src/foundation/errors.ts";
import { encodeOwnerLetter } from "../../src/tiers/owners/owner-letter.ts";
import {
  BOUND_MS,
  keyOwnedBy,
  type OwnerNode,
  OwnerWorld,
  QUIET_MS,
  textOf,
  textWrite,
} from "../support/owners/owner-world.ts";

let world: OwnerWorld;

beforeEach(() => {
  world = new OwnerWorld();
});

afterEach(() => world.close());

const tierOf = ({ backend }: OwnerNode): SharedTier => backend.sharedTier as SharedTier;
const read = async ({ backend }: OwnerNode, key: string): Promise<string | undefined> =>
  textOf(await world.run(Promise.resolve(backend.get(key, {}))));
const write = async ({ backend }: OwnerNode, key: string, text: string): Promise<number> =>
  (await world.run(Promise.resolve(backend.set(key, textWrite(text), {})))).version;

test("a node alone acts at once", async () => {
  const [a] = (await world.startAll("a")) as [OwnerNode];
  const beganAtMs = world.time.clock.monotonicMs();
  await write(a, "x", "1");
  expect(await read(a, "x")).toBe("1");
  expect(world.time.clock.monotonicMs() - beganAtMs).toBeLessThan(100);
});

test("nodes that begin together act at once, and each key has one place", async () => {
  const nodes = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
  const beganAtMs = world.time.clock.monotonicMs();
  for (const { id } of nodes) {
    const key = keyOwnedBy(id, nodes[0]);
    for (const node of nodes) await write(node, key, node.id);
    for (const node of nodes) expect(await read(node, key)).toBe("c");
  }
  expect(world.time.clock.monotonicMs() - beganAtMs).toBeLessThan(QUIET_MS);
  expect(nodes.map(({ store }) => store.usage("").keyCount)).toEqual([1, 1, 1]);
});

test("versions grow over all nodes, also when clocks of machines differ", async () => {
  const [a, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  const far = await write(b, keyOwnedBy("a", a), "1");
  b.store.raiseVersions(far + 5_000_000);
  const ahead = await write(a, keyOwnedBy("b", a), "2");
  expect(ahead).toBeGreaterThan(far + 5_000_000);
  expect(await write(b, keyOwnedBy("a", a), "3")).toBeGreaterThan(ahead);
});

test("a version of a broken clock is not believed", async () => {
  const [a, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  b.store.raiseVersions(Number.MAX_SAFE_INTEGER - 1_000);
  await read(b, keyOwnedBy("a", a));
  expect(await write(a, keyOwnedBy("a", a), "1")).toBeLessThan(world.time.clock.wallMs() * 1_001);
});

test("one of a fleet has the token, the others wait and are told of the result", async () => {
  const nodes = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
  const [a, b, c] = nodes;
  const key = keyOwnedBy("b", a);
  const lease = await world.run(tierOf(a).getOrLease(key, { tokenMs: 5_000 }, {}));
  expect(lease.kind).toBe("token");
  const busy = await world.run(tierOf(c).getOrLease(key, { tokenMs: 5_000 }, {}));
  expect(busy.kind).toBe("busy");
  let isTold = false;
  tierOf(c).watchKey?.(key, () => {
    isTold = true;
  });
  if (lease.kind !== "token") throw new Error("no token");
  const { token } = lease;
  const filled = await world.run(tierOf(a).fill(key, { token, write: textWrite("loaded") }, {}));
  expect(filled.stored).toBe(true);
  await world.pass(10);
  expect(isTold).toBe(true);
  expect(await read(c, key)).toBe("loaded");
  expect(await read(b, key)).toBe("loaded");
});

test.each([
  ["set", (node: OwnerNode, key: string) => node.backend.set(key, textWrite("newer"), {})],
  ["delete", (node: OwnerNode, key: string) => node.backend.delete(key, {})],
  ["clear", (node: OwnerNode) => node.backend.clear?.("", {})],
  [
    "commit",
    (node: OwnerNode, key: string) =>
      node.backend.commit?.([{ key, version: 0 }], [{ key, write: textWrite("newer") }], {}),
  ],
])("a %s that comes while a load runs voids its token", async (_name, change) => {
  const [a, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  const key = keyOwnedBy("b", a);
  const lease = await world.run(tierOf(a).getOrLease(key, { tokenMs: 5_000 }, {}));
  await world.run(Promise.resolve(change(b, key)));
  if (lease.kind !== "token") throw new Error("no token");
  const filled = await world.run(tierOf(a).fill(key, { token: lease.token, write: textWrite("older") }, {}));
  expect(filled.stored).toBe(false);
  expect(await read(a, key)).not.toBe("older");
});

test("an invalidation of tags ends entries at every owner, and refuses what was loaded before it", async () => {
  const [a, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  const keys = [keyOwnedBy("a", a), keyOwnedBy("b", a)];
  const stamp = (await a.backend.stamp?.({})) as number;
  for (const key of keys) {
    await world.run(Promise.resolve(a.backend.set(key, textWrite("1", { tags: ["t"] }), {})));
  }
  await world.run(Promise.resolve(b.backend.invalidateTags?.(["t"], {})));
  for (const key of keys) {
    expect(await read(a, key)).toBeUndefined();
    const late = textWrite("late", { tags: ["t"], tagsUnchangedSince: stamp });
    expect((await world.run(Promise.resolve(a.backend.set(key, late, {})))).stored).toBe(false);
  }
  const after = (await a.backend.stamp?.({})) as number;
  const fresh = textWrite("fresh", { tags: ["t"], tagsUnchangedSince: after });
  for (const key of keys) expect((await world.run(Promise.resolve(a.backend.set(key, fresh, {})))).stored).toBe(true);
});

test("a counter moves once for each call, and once for each id", async () => {
  const [a, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  const key = keyOwnedBy("b", a);
  const move = (node: OwnerNode, opId?: string) =>
    world.run(
      Promise.resolve(
        node.backend.increment?.(
          key,
          {
            delta: 2n,
            initial: 0n,
            ttlMs: Number.POSITIVE_INFINITY,
            minimum: -(2n ** 63n),
            maximum: 2n ** 63n - 1n,
            opId,
          },
          {},
        ),
      ),
    );
  await move(a);
  await move(b);
  await move(a, "once");
  expect((await move(b, "once"))?.value).toBe(6n);
  expect(await read(a, key)).toBe("6");
});

test("keys are listed once, over all nodes, by their prefix", async () => {
  const [a, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  const keys = Array.from({ length: 40 }, (_, index) => `@shop:item:${index}`);
  for (const key of keys) await write(a, key, "1");
  for (const key of ["item:1", "@:@item", "@shop/eu:item:1"]) await write(b, key, "1");
  const found: string[] = [];
  const list = async (): Promise<void> => {
    for await (const slice of b.backend.scan?.("@shop:", {}) ?? []) found.push(...slice);
  };
  await world.run(list());
  expect(found.sort()).toEqual([...keys].sort());
});

test("a new owner of a shard acknowledges nothing for D and e", async () => {
  const nodes = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
  const [a, b, c] = nodes;
  const key = keyOwnedBy("c", a);
  await write(a, key, "1");
  const stamp = (await world.run(tierOf(a).read([key], {})))[0]?.stamp;
  world.kill(c);
  const goneAtMs = world.time.clock.monotonicMs();
  expect(await read(a, key)).toBeUndefined();
  await write(b, key, "2");
  expect(world.time.clock.monotonicMs() - goneAtMs).toBeGreaterThanOrEqual(QUIET_MS);
  const after = (await world.run(tierOf(a).read([key], {})))[0];
  expect(textOf(after?.entry)).toBe("2");
  expect(after?.stamp.epoch).not.toBe(stamp?.epoch);
});

test("what a token of the owner before was given for is not stored by the next one", async () => {
  const [a, b, c] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
  const key = keyOwnedBy("c", a);
  const lease = await world.run(tierOf(a).getOrLease(key, { tokenMs: 60_000 }, {}));
  world.kill(c);
  await world.pass(QUIET_MS * 2);
  await world.run(Promise.resolve(b.backend.delete(key, {})));
  if (lease.kind !== "token") throw new Error("no token");
  expect((await world.run(tierOf(a).fill(key, { token: lease.token, write: textWrite("old") }, {}))).stored).toBe(
    false,
  );
});

test("a result that comes in the quiet time is its caller's alone", async () => {
  const [a, , c] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
  const key = keyOwnedBy("c", a);
  world.kill(c);
  await world.pass(20);
  const lease = await world.run(tierOf(a).getOrLease(key, { tokenMs: 60_000 }, {}));
  if (lease.kind !== "token") throw new Error("no token");
  expect((await world.run(tierOf(a).fill(key, { token: lease.token, write: textWrite("old") }, {}))).stored).toBe(
    false,
  );
  await world.pass(QUIET_MS);
  expect(await read(a, key)).toBeUndefined();
});

test("what others own is kept when a node comes, and what the new one owns begins empty", async () => {
  const [a, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  const keys = Array.from({ length: 60 }, (_, index) => `key:${index}`);
  for (const key of keys) await write(a, key, "1");
  const c = world.start("c");
  await world.pass(QUIET_MS + 100);
  const own = new Set(keys.filter((key) => keyOwnedBy("c", a, key) === `${key}:0`));
  let kept = 0;
  for (const key of keys) if ((await read(c, key)) === "1") kept += 1;
  expect(kept).toBeGreaterThan(25);
  expect(kept).toBeLessThan(60);
  expect(own.size).toBeLessThanOrEqual(60);
  expect(await read(b, keys[0] as string)).toBe(await read(a, keys[0] as string));
});

test("a node that stood still does not act when it goes on, and has nothing of before", async () => {
  const [a, b, c] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
  const key = keyOwnedBy("c", a);
  await write(a, key, "old");
  world.stop("c");
  // The others give it up; it does not notice.
  world.link("a", "c", false, ["a"]);
  world.link("b", "c", false, ["b"]);
  await write(b, key, "new");
  // For itself it is the owner still.
  const own = Promise.resolve(c.backend.get(key, {})).then(textOf);
  own.catch(() => undefined);
  world.goOn("c");
  world.link("a", "c", true);
  world.link("b", "c", true);
  const found = await world.run(own);
  expect(found).not.toBe("old");
  await world.pass(QUIET_MS * 2);
  expect(await read(c, key)).not.toBe("old");
  expect(await read(a, key)).toBe(await read(c, key));
});

test("no two nodes act for a shard at a time, whoever notices first that a link is cut", async () => {
  const [a, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  const key = keyOwnedBy("b", a);
  await write(a, key, "1");
  // Only `a` notices; `b` would go on for ever.
  world.link("a", "b", false, ["a"]);
  const cutAtMs = world.time.clock.monotonicMs();
  let lastOfB = 0;
  const keepWriting = async (): Promise<void> => {
    for (;;) {
      await b.backend.set(key, textWrite("b"), {});
      lastOfB = world.time.clock.monotonicMs();
      await new Promise<void>((resolve) => world.time.scheduler.after(20, resolve));
    }
  };
  const ended = keepWriting().catch(() => undefined);
  await world.run(Promise.resolve(a.backend.set(key, textWrite("a"), {})));
  const firstOfA = world.time.clock.monotonicMs();
  await world.pass(2_000);
  expect(lastOfB).toBeLessThan(firstOfA);
  expect(lastOfB - cutAtMs).toBeGreaterThan(BOUND_MS / 3);
  expect(lastOfB - cutAtMs).toBeLessThanOrEqual(BOUND_MS);
  await world.run(ended);
});

test("nodes of different views do not serve each other, and do when they agree again", async () => {
  const [a, b, c] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
  const key = keyOwnedBy("b", a);
  await write(a, key, "1");
  // `c` is there for `b` only.
  world.link("a", "c", false);
  const found = Promise.resolve(a.backend.get(key, {})).then(textOf);
  found.catch(() => undefined);
  await world.pass(500);
  world.link("a", "c", true);
  expect(await world.run(found)).toBe("1");
  expect(await read(c, key)).toBe("1");
  await expect(
    (async () => {
      world.link("a", "c", false);
      return world.run(Promise.resolve(a.backend.get(key, {})));
    })(),
  ).rejects.toMatchObject({ code: "GCX_BACKEND_UNAVAILABLE" });
  expect(b.fleet.view?.members).toEqual(["a", "b", "c"]);
});

test("what is asked by another view is not done", async () => {
  const [, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  const key = keyOwnedBy("b", b);
  const request = { op: "set", items: [[key, textWrite("1")]] } as const;
  world.inject("a", "b", encodeOwnerLetter({ clock: 1, calls: [{ id: 1, view: "another", request }] }));
  await world.pass(10);
  expect(await read(b, key)).toBeUndefined();
});

test("a change whose owner goes before it answers has an unknown outcome, and a read is asked again", async () => {
  const [a, , c] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
  const key = keyOwnedBy("c", a);
  world.stop("c");
  const change = Promise.resolve(a.backend.set(key, textWrite("1"), {}));
  const look = Promise.resolve(a.backend.get(key, {}));
  change.catch(() => undefined);
  await world.pass(20);
  world.kill(c);
  await expect(world.run(change)).rejects.toBeInstanceOf(OutcomeUnknownError);
  expect(await world.run(look)).toBeUndefined();
});

test("a late answer, an answer of somebody else, and one to nothing are no answers", async () => {
  const [a, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  world.onLetter = (from) => from === "a";
  const look = Promise.resolve(a.backend.get(keyOwnedBy("b", a), {})).then(textOf);
  look.catch(() => undefined);
  await world.pass(10);
  const reply = { kind: "answer", answer: [] } as const;
  const replies = Array.from({ length: 50 }, (_, id) => [id, reply] as const);
  world.inject("c", "a", encodeOwnerLetter({ clock: 1, replies }));
  await expect(world.run(look)).rejects.toMatchObject({ code: "GCX_BACKEND_TIMEOUT" });
  world.inject("b", "a", encodeOwnerLetter({ clock: 1, replies }));
  world.onLetter = () => true;
  expect(await read(b, keyOwnedBy("a", a))).toBeUndefined();
});

test("an answer that is none fails the call that it is for, and no other", async () => {
  const [a] = (await world.startAll("a", "b")) as [OwnerNode];
  const look = Promise.resolve(a.backend.get(keyOwnedBy("b", a), {}));
  look.catch(() => undefined);
  world.onLetter = (from) => from === "a";
  await world.pass(5);
  const reply = { kind: "answer", answer: { entry: "what is this" } } as const;
  const replies = Array.from({ length: 50 }, (_, id) => [id, reply] as const);
  world.inject("b", "a", encodeOwnerLetter({ clock: 1, replies }));
  await expect(world.run(look)).rejects.toMatchObject({ code: "GCX_BACKEND_FAILED" });
});

test("bytes that are no letter change nothing", async () => {
  const [a, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  const letter = encodeOwnerLetter({
    clock: 1,
    calls: [{ id: 1, view: a.fleet.view?.id ?? "", request: { op: "set", items: [["x", textWrite("1")]] } }],
  });
  let seed = 7;
  const next = (bound: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed % bound;
  };
  for (let round = 0; round < 2_000; round += 1) {
    const bytes = Buffer.from(letter);
    for (let flips = 1 + next(4); flips > 0; flips -= 1) bytes[next(bytes.length)] = next(256);
    world.inject("b", "a", bytes.subarray(0, next(4) === 0 ? next(bytes.length) : bytes.length));
  }
  const text = (json: string): Buffer => {
    const body = Buffer.from(json);
    const head = Buffer.from([1, 0, 0, 0, 0]);
    head.writeUInt32LE(body.length, 1);
    return Buffer.concat([head, body]);
  };
  for (const json of [
    "null",
    "[]",
    "{}",
    '{"clock":1,"calls":[{}]}',
    '{"clock":{"$n":"9"}}',
    `${"[".repeat(50_000)}`,
  ]) {
    world.inject("b", "a", text(json));
  }
  world.inject("b", "a", text('{"clock":1,"__proto__":{"calls":[]}}'));
  expect(a.fleet.malformedCount).toBeGreaterThan(1_000);
  await write(b, keyOwnedBy("a", a), "after");
  expect(await read(a, keyOwnedBy("a", a))).toBe("after");
});

test("a node that looks for others answers nothing before it has tried them all, or the time is over", async () => {
  world.search = "dialing";
  const a = world.start("a");
  let isDone = false;
  const change = Promise.resolve(a.backend.set("x", textWrite("1"), {})).then(() => {
    isDone = true;
  });
  await world.pass(1_000);
  expect(isDone).toBe(false);
  expect(a.fleet.view).toBeUndefined();
  await world.pass(1_100);
  expect(isDone).toBe(true);
  await change;
});

test("a node looks for others for as long after it listens, however long that took", async () => {
  world.search = "unopened";
  const a = world.start("a");
  await world.pass(10_000);
  expect(a.fleet.view).toBeUndefined();
  world.goOnTo("dialing");
  await world.pass(1_900);
  expect(a.fleet.view).toBeUndefined();
  await world.pass(200);
  expect(a.fleet.view?.members).toEqual(["a"]);
});

test("a node that stands still while it looks for others looks for them as long as if it had not", async () => {
  world.search = "dialing";
  const a = world.start("a");
  await world.pass(1_000);
  world.stop("a", true);
  await world.pass(5_000);
  world.goOn("a");
  world.releaseTimers("a");
  await world.pass(900);
  expect(a.fleet.view).toBeUndefined();
  await world.pass(200);
  expect(a.fleet.view?.members).toEqual(["a"]);
});

test("a node does not count as alone while somebody who has accepted its connection has not said who it is", async () => {
  const b = world.start("b");
  world.search = "answer-due";
  const a = world.start("a", []);
  await world.pass(4_000);
  expect(a.fleet.view).toBeUndefined();
  world.search = "dialing";
  world.link("a", "b", true);
  await world.pass(20);
  expect(a.fleet.view?.members).toEqual(["a", "b"]);
  expect(b.fleet.view?.members).toEqual(["a", "b"]);
});
