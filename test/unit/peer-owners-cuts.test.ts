import { afterEach, beforeEach, expect, test } from "vitest";
import type { SharedTier } from "../../src/backend/shared-tier.ts";
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
const write = async ({ backend }: OwnerNode, key: string, text: string, tags: string[] = []): Promise<number> =>
  (await world.run(Promise.resolve(backend.set(key, textWrite(text, { tags }), {})))).version;

test.each([
  ["clear", (node: OwnerNode) => node.backend.clear?.("", {})],
  ["invalidation of tags", (node: OwnerNode) => node.backend.invalidateTags?.(["t"], {})],
])(
  "a change (%s) that a node missed, away for less than the bound, ends what that node owns",
  async (_name, change) => {
    const [a, b, c] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
    const key = keyOwnedBy("c", a);
    await write(a, key, "old", ["t"]);
    const told: string[] = [];
    tierOf(c).watchChanges?.({ onChange: ({ kind }) => void told.push(kind), onGap: () => undefined });
    world.cut("c");
    await world.run(Promise.resolve(change(a)));
    world.link("c", "a", true);
    world.link("c", "b", true);
    await world.pass(QUIET_MS * 2);
    expect(await read(b, key)).toBeUndefined();
    expect(await read(c, key)).toBeUndefined();
    // Copies of others' keys in it, too: nobody knows of which.
    expect(told).toContain("unknown");
  },
);

test("a cut in which nothing happened costs no data", async () => {
  const [a, b] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode];
  const keys = [keyOwnedBy("a", a), keyOwnedBy("b", a), keyOwnedBy("c", a)];
  for (const key of keys) await write(b, key, "kept");
  world.cut("c");
  await world.pass(BOUND_MS / 2);
  world.link("c", "a", true);
  world.link("c", "b", true);
  await world.pass(QUIET_MS * 2);
  for (const key of keys) expect(await read(b, key)).toBe("kept");
});

test("nodes that meet first after each had worked alone do not show one side what is older than its own", async () => {
  const a = world.start("a");
  const b = world.start("b", []);
  await world.pass(10);
  const both = Array.from({ length: 30 }, (_, index) => `key:${index}`);
  for (const key of both) await write(a, key, "a");
  for (const key of both) await write(b, key, "b");
  world.link("a", "b", true);
  await world.pass(QUIET_MS * 2);
  for (const key of both) expect(await read(b, key)).not.toBe("a");
});

test("a node that comes empty-handed costs nothing of what others own", async () => {
  const a = world.start("a");
  await world.pass(10);
  const keys = Array.from({ length: 30 }, (_, index) => `key:${index}`);
  for (const key of keys) await write(a, key, "a");
  // Alone for a moment, and unused.
  const b = world.start("b", []);
  await world.pass(10);
  world.link("a", "b", true);
  await world.pass(QUIET_MS * 2);
  let keptCount = 0;
  for (const key of keys) if ((await read(b, key)) === "a") keptCount += 1;
  expect(keptCount).toBeGreaterThan(8);
});

test("a write is known to be seen everywhere only when copies that the owner before has proven are over", async () => {
  const [a, b] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
  const key = keyOwnedBy("b", a);
  // Only `a` notices; `b` answers `c` on.
  world.link("a", "b", false, ["a"]);
  world.link("a", "c", false, ["a"]);
  const cutAtMs = world.time.clock.monotonicMs();
  await world.run(Promise.resolve(b.backend.get(key, {})));
  await write(a, key, "new");
  const { ageMs } = await world.run(tierOf(a).nodes({}));
  const settledAtMs = world.time.clock.monotonicMs() + Math.max(0, QUIET_MS - ageMs);
  // What `b` proved with its last right.
  expect(settledAtMs).toBeGreaterThanOrEqual(cutAtMs + 2 * BOUND_MS);
});

test("a node that comes back asks nobody before it was told what it has missed", async () => {
  const [a, b, c] = (await world.startAll("a", "b", "c")) as [OwnerNode, OwnerNode, OwnerNode];
  const key = keyOwnedBy("a", a);
  await write(c, key, "old", ["t"]);
  world.cut("c");
  await world.run(Promise.resolve(b.backend.invalidateTags?.(["t"], {})));
  // Else what it had loaded before would be taken: it is told to forget that only afterwards.
  let isTold = false;
  tierOf(c).watchChanges?.({
    onChange: ({ kind }) => {
      isTold ||= kind === "unknown";
    },
    onGap: () => undefined,
  });
  // The answers to its questions for the right are late.
  world.onLetter = (_from, to, letter) => to !== "c" || !letter.includes('"grant"');
  world.time.scheduler.after(100, () => {
    world.onLetter = () => true;
  });
  world.link("c", "a", true);
  world.link("c", "b", true);
  await write(c, key, "loaded before");
  expect(isTold).toBe(true);
});

test.each(["the loss of the other one", "its timers"])(
  "an owner that stood still, and was given up meanwhile, has nothing of before, also alone; it hears first of %s",
  async (first) => {
    const [a, c] = (await world.startAll("a", "c")) as [OwnerNode, OwnerNode];
    const key = keyOwnedBy("c", a);
    await write(a, key, "old");
    world.stop("c", true);
    world.link("a", "c", false, ["a"]);
    await write(a, key, "new");
    if (first === "its timers") world.releaseTimers("c");
    world.link("a", "c", false, ["c"]);
    world.releaseTimers("c");
    world.goOn("c");
    expect(await read(c, key)).not.toBe("old");
  },
);

test("an owner that stood still, and was not given up, keeps what it has", async () => {
  const [a, c] = (await world.startAll("a", "c")) as [OwnerNode, OwnerNode];
  const key = keyOwnedBy("c", a);
  await write(a, key, "kept");
  world.stop("c", true);
  await world.pass(BOUND_MS * 2);
  world.releaseTimers("c");
  world.goOn("c");
  await world.pass(50);
  expect(await read(a, key)).toBe("kept");
  // Nor does it forget later.
  world.kill(a);
  expect(await read(c, key)).toBe("kept");
});
