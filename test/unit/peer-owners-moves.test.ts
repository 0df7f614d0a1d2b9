import { afterEach, beforeEach, expect, test } from "vitest";
import type { CounterRequest } from "../../src/backend/counter.ts";
import type { LeaseOutcome } from "../../src/backend/lease.ts";
import type { SharedTier } from "../../src/backend/shared-tier.ts";
import { EntryTooLargeError, OutcomeUnknownError } from "../../src/foundation/errors.ts";
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

const read = async ({ backend }: OwnerNode, key: string): Promise<string | undefined> =>
  textOf(await world.run(Promise.resolve(backend.get(key, {}))));
const write = async ({ backend }: OwnerNode, key: string, text: string): Promise<number> =>
  (await world.run(Promise.resolve(backend.set(key, textWrite(text), {})))).version;
const lock = (node: OwnerNode, key: string, owner: string, kind: "acquire" | "extend" = "acquire") =>
  world.run(Promise.resolve(node.backend.lease?.({ kind, key, owner, ttlMs: 60_000 }, {})));
const lostOf = (outcome: LeaseOutcome | undefined): AbortSignal => {
  if (outcome?.kind !== "held" || outcome.lost === undefined) throw new Error("The lock is not held.");
  return outcome.lost;
};

test("a node that comes acts at once for what becomes its own, for nobody was lost", async () => {
  const [a] = (await world.startAll("a", "b")) as [OwnerNode];
  await write(a, "x", "1");
  const c = world.start("c");
  await world.pass(10);
  const beganAtMs = world.time.clock.monotonicMs();
  const key = keyOwnedBy("c", c);
  await write(a, key, "2");
  expect(await read(c, key)).toBe("2");
  expect(world.time.clock.monotonicMs() - beganAtMs).toBeLessThan(50);
});

test("a node that says that it goes leaves what it owned to others at once", async () => {
  const [a, b, c] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
  const key = keyOwnedBy("c", a);
  await write(a, key, "1");
  await world.run((c.backend.sharedTier as SharedTier).leave("c", {}));
  await world.pass(5);
  const leftAtMs = world.time.clock.monotonicMs();
  // Its links are there still.
  expect(await read(a, key)).toBeUndefined();
  await write(b, key, "2");
  expect(await read(a, key)).toBe("2");
  world.kill(c);
  await write(b, key, "3");
  expect(world.time.clock.monotonicMs() - leftAtMs).toBeLessThan(100);
});

test("a node that has left neither acts nor asks, whoever asks it", async () => {
  const [a, c] = (await world.startAll("a", "c")) as [OwnerNode, OwnerNode];
  const key = keyOwnedBy("c", a);
  world.onLetter = (from) => from !== "c";
  await world.run((c.backend.sharedTier as SharedTier).leave("c", {}));
  // Its goodbye was lost: for the other one it is there, and could act.
  await expect(world.run(Promise.resolve(a.backend.set(key, textWrite("1"), {})))).rejects.toThrow();
  expect(c.store.usage("").keyCount).toBe(0);
  await expect(world.run(Promise.resolve(c.backend.set(key, textWrite("1"), {})))).rejects.toMatchObject({
    code: "GCX_CACHE_CLOSED",
  });
});

test("a lock whose shard moves to a node that comes is lost before another node can have it", async () => {
  const [a, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  const held = new Map<string, AbortSignal>();
  for (let index = 0; index < 40; index += 1) {
    held.set(`lock:${index}`, lostOf(await lock(a, `lock:${index}`, "first")));
  }
  world.start("c");
  // As soon as anybody else gets one, its holder must know.
  let takenCount = 0;
  for (const [key, lost] of held) {
    const other = await lock(b, key, "second");
    if (other?.kind !== "held") continue;
    takenCount += 1;
    expect(lost.aborted).toBe(true);
  }
  expect(takenCount).toBeGreaterThan(3);
  expect(takenCount).toBeLessThan(40);
  for (const [key, lost] of held) {
    expect((await lock(a, key, "first", "extend"))?.kind).toBe(lost.aborted ? "lost" : "held");
  }
});

test("an owner that loses what it has, and stays the owner, keeps its locks: their holders are not told", async () => {
  const [a, c] = (await world.startAll("a", "c")) as [OwnerNode, OwnerNode];
  const key = keyOwnedBy("c", a);
  const lost = lostOf(await lock(a, key, "first"));
  await write(a, key, "1");
  c.fleet.shards.drop(c.backend.sharedTier?.shardOf(key) as number, false);
  c.fleet.shards.begin(c.backend.sharedTier?.shardOf(key) as number);
  await world.pass(50);
  expect(await read(a, key)).toBeUndefined();
  const other = await lock(c, key, "second");
  expect([other?.kind, lost.aborted]).toEqual(["busy", false]);
});

test("who leaves has no locks any more, wherever they are", async () => {
  const [a, c] = (await world.startAll("a", "c")) as [OwnerNode, OwnerNode];
  const held = [lostOf(await lock(c, keyOwnedBy("a", a), "first")), lostOf(await lock(c, keyOwnedBy("c", a), "first"))];
  await world.run((c.backend.sharedTier as SharedTier).leave("c", {}));
  expect(held.map(({ aborted }) => aborted)).toEqual([true, true]);
});

test("a lock is lost when its owner goes, before the next owner gives it to somebody", async () => {
  const [a, b, c] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
  const key = keyOwnedBy("c", a);
  const lost = lostOf(await lock(a, key, "first"));
  world.kill(c);
  expect(lost.aborted).toBe(true);
  expect((await lock(b, key, "second"))?.kind).toBe("held");
});

test("a lock of a node that others have given up is lost before they give it away", async () => {
  const [a, b] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode];
  const key = keyOwnedBy("c", a);
  const lost = lostOf(await lock(a, key, "first"));
  // Neither `a` nor `c` notices; the other side of the cut is `b` alone.
  world.link("a", "b", false, ["b"]);
  world.link("b", "c", false, ["b"]);
  const taken = await lock(b, key, "second");
  expect(taken?.kind).toBe("held");
  expect(lost.aborted).toBe(true);
});

test("a lock ends before its node's right does, so that a process whose timers are late knows in time", async () => {
  const [a, b] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode];
  const key = keyOwnedBy("c", a);
  const lost = lostOf(await lock(a, key, "first"));
  let askedAtMs = 0;
  world.onLetter = (from, to, letter) => {
    if (from === "a" && to === "b" && letter.includes('"ask"')) askedAtMs = world.time.clock.monotonicMs();
    return true;
  };
  await world.pass(BOUND_MS);
  world.link("a", "b", false, ["b"]);
  world.link("b", "c", false, ["b"]);
  const untilMs = askedAtMs + BOUND_MS;
  await world.pass(untilMs - BOUND_MS / 4 - world.time.clock.monotonicMs());
  expect(lost.aborted).toBe(false);
  await world.pass(untilMs - BOUND_MS / 8 - world.time.clock.monotonicMs());
  expect(lost.aborted).toBe(true);
  // No timer of its process helps it from here on.
  world.stop("a", true);
  expect((await lock(b, key, "second"))?.kind).toBe("held");
});

test("a lock that stays where it is outlives changes of the fleet and the time of a right", async () => {
  const [a, , c] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
  const key = keyOwnedBy("b", a);
  const lost = lostOf(await lock(a, key, "first"));
  world.kill(c);
  await world.pass(BOUND_MS * 5);
  expect(lost.aborted).toBe(false);
  expect(await lock(a, key, "first", "extend")).toMatchObject({ kind: "held" });
  expect(a.fleet.locks.count).toBe(1);
  await world.run(Promise.resolve(a.backend.lease?.({ kind: "release", key, owner: "first" }, {})));
  expect(a.fleet.locks.count).toBe(0);
});

test("a change of a key that has just moved was not done, and says so before its caller's deadline", async () => {
  const [a, , c] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
  const key = keyOwnedBy("c", a);
  world.kill(c);
  const askedAtMs = world.time.clock.monotonicMs();
  const untilMs = askedAtMs + BOUND_MS / 2;
  await expect(world.run(Promise.resolve(a.backend.set(key, textWrite("1"), { untilMs })))).rejects.toMatchObject({
    code: "GCX_BACKEND_UNAVAILABLE",
    message: expect.stringMatching(/one can in \d+ ms/),
  });
  expect(world.time.clock.monotonicMs()).toBeLessThan(untilMs);
  // With time enough it waits, and is done.
  const patient = { untilMs: world.time.clock.monotonicMs() + QUIET_MS * 4 };
  await world.run(Promise.resolve(a.backend.set(key, textWrite("2"), patient)));
  expect(await read(a, key)).toBe("2");
});

test("a change that cannot be agreed on ends before its caller's deadline, and was not done", async () => {
  const [a] = (await world.startAll("a", "b", "c")) as [OwnerNode];
  const key = keyOwnedBy("b", a);
  // For `a` the third one is gone, for `b` it is there.
  world.link("a", "c", false);
  const untilMs = world.time.clock.monotonicMs() + 400;
  await expect(world.run(Promise.resolve(a.backend.set(key, textWrite("1"), { untilMs })))).rejects.toMatchObject({
    code: "GCX_BACKEND_UNAVAILABLE",
  });
  expect(world.time.clock.monotonicMs()).toBeLessThan(untilMs);
});

test("a change that left and is not answered has an unknown outcome", async () => {
  const [a] = (await world.startAll("a", "b")) as [OwnerNode];
  const key = keyOwnedBy("b", a);
  world.stop("b");
  const untilMs = world.time.clock.monotonicMs() + 300;
  await expect(world.run(Promise.resolve(a.backend.set(key, textWrite("1"), { untilMs })))).rejects.toBeInstanceOf(
    OutcomeUnknownError,
  );
});

test("a clear that some members have carried out, and not all, has an unknown outcome", async () => {
  const [a] = (await world.startAll("a", "b")) as [OwnerNode];
  world.stop("b");
  await expect(world.run(Promise.resolve(a.backend.clear?.("", {})))).rejects.toBeInstanceOf(OutcomeUnknownError);
});

test("a list of keys that is not answered on is a read that timed out", async () => {
  const [a, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  for (let index = 0; index < 20; index += 1) await write(a, `key:${index}`, "1");
  const list = async (): Promise<void> => {
    for await (const _slice of b.backend.scan?.("", {}) ?? []) world.stop("a");
  };
  await expect(world.run(list())).rejects.toMatchObject({ code: "GCX_BACKEND_TIMEOUT" });
});

test.each(["dialing", "silent"] as const)(
  "a node behind whose addresses nobody answers waits D and e since it began: its life before may have let others own (%s)",
  async (search) => {
    const { clock, scheduler } = world.time;
    const slow = new OwnerWorld({ clock, scheduler, delayMs: 1, boundMs: 5_000 });
    slow.search = search;
    const beganAtMs = clock.monotonicMs();
    const { backend } = slow.start("a");
    await world.run(Promise.resolve(backend.set("x", textWrite("1"), { untilMs: beganAtMs + 60_000 })));
    expect(clock.monotonicMs() - beganAtMs).toBeGreaterThanOrEqual(5_060);
    expect(clock.monotonicMs() - beganAtMs).toBeLessThan(5_500);
    slow.close();
  },
);

test("an entry that no message can carry says so, and one beyond the owner's memory says that", async () => {
  const [a] = (await world.startAll("a", "b")) as [OwnerNode];
  const large = (sizeBytes: number) => ({ value: Buffer.alloc(sizeBytes), ttlMs: 1_000, tags: [] });
  const refusal = async (key: string, sizeBytes: number): Promise<EntryTooLargeError> => {
    const error: unknown = await world.run(Promise.resolve(a.backend.set(key, large(sizeBytes), {}))).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(EntryTooLargeError);
    return error as EntryTooLargeError;
  };
  for (const owner of ["a", "b"]) {
    expect((await refusal(keyOwnedBy(owner, a), 3_700_000)).message).toMatch(
      /one message between the nodes.*compression/,
    );
  }
});

const UNBOUNDED: Omit<CounterRequest, "opId"> = {
  ...{ delta: 1n, initial: 0n, ttlMs: Number.POSITIVE_INFINITY },
  ...{ minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n },
};

test("a counter whose answer is lost is not moved again by the fleet", async () => {
  const [a, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  const key = keyOwnedBy("b", a);
  let isLosing = true;
  world.onLetter = (from) => from !== "b" || !isLosing;
  await expect(world.run(Promise.resolve(a.backend.increment?.(key, UNBOUNDED, {})))).rejects.toBeInstanceOf(
    OutcomeUnknownError,
  );
  isLosing = false;
  await world.pass(BOUND_MS * 2);
  expect(await read(b, key)).toBe("1");
});
