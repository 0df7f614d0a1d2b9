import type { Cache } from "../../../src/cache/cache.ts";
import { LockNotAcquiredError } from "../../../src/foundation/errors.ts";
import { assertResult, assertState, type MatrixOperation, WrongResultError } from "./matrix-operation.ts";

const OLD = "old";
const NEW = "new";
const HOUR_MS = 3_600_000;

const putOld: MatrixOperation["prepare"] = (view, [key]) => view.set(key, OLD);

/** Checks the value of the first key after the fault. */
function becomes(before: unknown, after: unknown): NonNullable<MatrixOperation["verify"]> {
  return async ({ view, keys: [key] }, happened) =>
    assertState("the value", await view.get(key), happened, { before, after });
}

/** Operations that change single entries. */
const ENTRY_OPERATIONS: readonly MatrixOperation[] = [
  {
    name: "set",
    kind: "write",
    stepCount: 1,
    prepare: putOld,
    run: async ({ view, keys: [key] }) => {
      await view.set(key, NEW);
      return "done";
    },
    verify: becomes(OLD, NEW),
  },
  {
    name: "setMulti",
    kind: "write",
    stepCount: 1,
    prepare: (view, keys) => view.setMulti(new Map(keys.map((key) => [key, OLD]))),
    run: async ({ view, keys }) => {
      await view.setMulti(new Map(keys.map((key) => [key, NEW])));
      return "done";
    },
    verify: async ({ view, keys }, happened) => {
      const found = await view.getMulti(keys);
      for (const key of keys) assertState("a value", found.get(key), happened, { before: OLD, after: NEW });
    },
  },
  {
    name: "delete",
    kind: "write",
    stepCount: 1,
    prepare: putOld,
    run: async ({ view, keys: [key] }) => {
      assertResult("delete", await view.delete(key), true);
      return "done";
    },
    verify: becomes(OLD, undefined),
  },
  {
    name: "increment",
    kind: "write",
    stepCount: 1,
    prepare: (view, [key]) => view.increment(key, 5),
    run: async ({ view, keys: [key] }) => {
      assertResult("increment", await view.increment(key), 6);
      return "done";
    },
    verify: becomes(5, 6),
  },
  {
    name: "setNX",
    kind: "write",
    stepCount: 1,
    prepare: async () => undefined,
    run: async ({ view, keys: [key] }) => {
      assertResult("setNX", await view.setNX(key, NEW), true);
      return "done";
    },
    verify: becomes(undefined, NEW),
  },
  {
    name: "getSet",
    kind: "write",
    stepCount: 1,
    prepare: putOld,
    run: async ({ view, keys: [key] }) => {
      assertResult("getSet", await view.getSet(key, NEW), OLD);
      return "done";
    },
    verify: becomes(OLD, NEW),
  },
  {
    name: "compareAndSet",
    kind: "write",
    stepCount: 1,
    prepare: async (view, [key]) => (await view.set(key, OLD)).version,
    run: async ({ view, keys: [key], prepared }) => {
      assertResult("compareAndSet", (await view.compareAndSet(key, prepared as number, NEW)).ok, true);
      return "done";
    },
    verify: becomes(OLD, NEW),
  },
  {
    name: "update",
    kind: "write",
    stepCount: 2,
    prepare: putOld,
    run: async ({ view, keys: [key] }) => {
      assertResult("update", await view.update(key, (value) => (value === OLD ? NEW : `${String(value)}?`)), NEW);
      return "done";
    },
    verify: becomes(OLD, NEW),
  },
  {
    name: "expire",
    kind: "write",
    stepCount: 1,
    prepare: putOld,
    run: async ({ view, keys: [key] }) => {
      assertResult("expire", await view.expire(key, HOUR_MS), true);
      return "done";
    },
    verify: async ({ view, keys: [key] }, happened) => {
      const ttl = await view.ttl(key);
      const isShort = ttl !== undefined && ttl <= HOUR_MS && ttl > HOUR_MS / 2;
      assertState("the TTL", isShort || ttl, happened, { before: Number.POSITIVE_INFINITY, after: true });
    },
  },
];

/** Operations that concern several keys or none. */
const GROUP_OPERATIONS: readonly MatrixOperation[] = [
  {
    name: "transaction",
    kind: "write",
    stepCount: 2,
    prepare: (view, keys) => view.setMulti(new Map(keys.map((key) => [key, OLD]))),
    run: async ({ view, keys: [first, second] }) => {
      await view.transaction([first, second], (tx) => {
        assertResult("a value in the transaction", tx.get(first), OLD);
        tx.set(first, NEW);
        tx.set(second, NEW);
      });
      return "done";
    },
    verify: async ({ view, keys: [first, second] }, happened) => {
      const found = await view.getMulti([first, second]);
      assertResult("the other value of the transaction", found.get(second), found.get(first));
      assertState("the value", found.get(first), happened, { before: OLD, after: NEW });
    },
  },
  {
    name: "lock",
    kind: "write",
    stepCount: 1,
    prepare: async () => undefined,
    run: async ({ view, keys: [key] }) => {
      const lock = await view.lock(key, { ttl: HOUR_MS });
      if (lock.token <= 0) throw new WrongResultError(`the fencing token is ${lock.token}`);
      return "done";
    },
    verify: async ({ view, keys: [key] }, happened) => {
      assertState("whether the lock is held", await isHeld(view, key), happened, { before: false, after: true });
    },
  },
  {
    name: "invalidateTags",
    kind: "write",
    stepCount: 1,
    prepare: (view, [key]) => view.set(key, OLD, { tags: [`tag of ${key}`] }),
    run: async ({ view, keys: [key] }) => {
      await view.invalidateTags([`tag of ${key}`]);
      return "done";
    },
    verify: becomes(OLD, undefined),
  },
  {
    name: "clear",
    kind: "write",
    stepCount: 1,
    prepare: putOld,
    run: async ({ view }) => {
      await view.clear();
      return "done";
    },
    verify: becomes(OLD, undefined),
  },
];

/** Operations that change something. */
export const WRITE_OPERATIONS: readonly MatrixOperation[] = [...ENTRY_OPERATIONS, ...GROUP_OPERATIONS];

async function isHeld(view: Cache, key: string): Promise<boolean> {
  try {
    await view.lock(key, { ttl: HOUR_MS });
    return false;
  } catch (error) {
    if (error instanceof LockNotAcquiredError) return true;
    throw error;
  }
}
