import { describe, expect, it } from "vitest";
import type { SharedSlabHandle } from "../../backend/shared-slab-handle.ts";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { createFakeTime } from "../../testing/fake-clock.ts";
import { KeyHash } from "./key-hash.ts";
import { ScopeHasher } from "./scope-hashes.ts";
import { createSharedMemoryBackend, type SharedMemoryBackend } from "./shared-memory-backend.ts";
import { createSharedSlab, SharedSlab } from "./shared-slab.ts";
import { VersionCells } from "./version-cells.ts";

type Action = (store: SharedMemoryBackend) => unknown;

const NAMES = ["load", "store", "add", "exchange", "compareExchange"] as const;
const MOST_STEPS = 400;
const OLD = `old ${"o".repeat(300)}`;
const forever = { ttlMs: Number.POSITIVE_INFINITY, tags: ["tag"] };
const counter = { delta: 1n, initial: 0n, ttlMs: Number.POSITIVE_INFINITY, minimum: 0n, maximum: 99n };

/** Two threads' ways into one memory, with a neighbour of the key in most buckets. */
function createPair(value: unknown): readonly [SharedMemoryBackend, SharedMemoryBackend] {
  return createPairIn(createSlab(), value);
}

const host = { ...createFakeTime(), random: createSeededRandom(11), onRemoval: () => undefined };

function createSlab(): SharedSlabHandle {
  return createSharedSlab({ sizeBytes: 2 ** 20, expectedKeyCount: 64 }, host);
}

function createPairIn(slab: SharedSlabHandle, value: unknown): readonly [SharedMemoryBackend, SharedMemoryBackend] {
  const pair = [createSharedMemoryBackend({ slab }, host), createSharedMemoryBackend({ slab }, host)] as const;
  for (let index = 0; index < 100; index += 1) pair[0].set(`neighbour ${index}`, { ...forever, value: OLD });
  if (value !== undefined) pair[0].set("key", { ...forever, value });
  for (let index = 100; index < 150; index += 1) pair[0].set(`neighbour ${index}`, { ...forever, value: OLD });
  return pair;
}

/**
 * Runs an operation and lets something else happen right after its nth atomic access, as if another thread had run there.
 *
 * @returns its result, and whether it had that many accesses
 */
function interrupt<T>(operation: () => T, step: number, happening: () => void): { result: T; hasHappened: boolean } {
  const originals = NAMES.map((name) => [name, Atomics[name]] as const);
  let left = step;
  const restore = (): void => {
    for (const [name, original] of originals) Object.assign(Atomics, { [name]: original });
  };
  for (const [name, original] of originals) {
    Object.assign(Atomics, {
      [name](...parameters: unknown[]) {
        const answer = (original as (...parameters: unknown[]) => unknown)(...parameters);
        left -= 1;
        if (left === 0) {
          restore();
          happening();
        }
        return answer;
      },
    });
  }
  try {
    return { result: operation(), hasHappened: left <= 0 };
  } finally {
    restore();
  }
}

/** Everything about a result that does not depend on when it was. */
function plain(result: unknown): unknown {
  if (typeof result !== "object" || result === null) return result;
  const { stored, value, previous } = result as { stored?: boolean; value?: unknown; previous?: { value: unknown } };
  return { stored, value, previous: previous?.value };
}

const expectedVersions = new WeakMap<SharedMemoryBackend, number>();
const OPERATIONS: Readonly<Record<string, Action>> = {
  get: (store) => store.get("key")?.value,
  peek: (store) => store.peek("key"),
  set: (store) => store.set("key", { ...forever, value: 50, returnPrevious: true }),
  "set on absence": (store) => store.set("key", { ...forever, value: 60, condition: { kind: "absent" } }),
  "set on version": (store) => {
    const version = expectedVersions.get(store) ?? 1;
    return store.set("key", { ...forever, value: 70, condition: { kind: "version", version } });
  },
  increment: (store) => store.increment("key", counter),
  delete: (store) => store.delete("key"),
  expire: (store) => store.expire("key", 1_000),
};
const HAPPENINGS: Readonly<Record<string, Action>> = {
  "sets the key": (store) => store.set("key", { ...forever, value: 20 }),
  "increments it": (store) => store.increment("key", counter),
  "deletes it": (store) => store.delete("key"),
  "deletes and sets it": (store) => [store.delete("key"), store.set("key", { ...forever, value: 30 })],
  "sets and deletes it": (store) => [store.set("key", { ...forever, value: 40 }), store.delete("key")],
  "clears everything": (store) => store.clear(""),
  "invalidates its tag": (store) => store.invalidateTags(["tag"]),
};

const OPERATIONS_THAT_WRITE = ["set", "set on absence", "increment"];

/** What can be seen of two operations, in an order or interleaved. */
function outcome(value: unknown, run: (pair: readonly [SharedMemoryBackend, SharedMemoryBackend]) => unknown): string {
  const pair = createPair(value);
  expectedVersions.set(pair[0], pair[1].get("key")?.version ?? 1);
  const result = run(pair);
  const lines = [plain(result), pair[1].get("key")?.value, pair[0].get("key")?.value];
  return JSON.stringify(lines, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));
}

describe("an operation that another thread cuts in two, at each of its atomic accesses", () => {
  const cases = Object.keys(OPERATIONS).flatMap((name) =>
    Object.keys(HAPPENINGS).map((event) => [name, event] as const),
  );
  it.each(cases)("%s, while the other %s: as if one had come after the other", (name, event) => {
    const operation = OPERATIONS[name] as Action;
    const happening = HAPPENINGS[event] as Action;
    for (const value of [5, undefined]) {
      const explained = [
        outcome(value, ([mine, other]) => [operation(mine), happening(other)][0]),
        outcome(value, ([mine, other]) => [happening(other), operation(mine)][1]),
      ];
      let hasHappened = true;
      for (let step = 1; hasHappened && step < MOST_STEPS; step += 1) {
        const seen = outcome(value, ([mine, other]) => {
          let otherVersion = 0;
          const cut = interrupt(
            () => operation(mine),
            step,
            () => {
              happening(other);
              otherVersion = other.stamp();
            },
          );
          hasHappened = cut.hasHappened;
          // What is there in the end although the other deleted the key came after that, and says so by its version.
          const isMineLast = event === "sets and deletes it" && OPERATIONS_THAT_WRITE.includes(name);
          const lastVersion = other.get("key")?.version;
          if (isMineLast && hasHappened && lastVersion !== undefined) {
            expect(lastVersion, `after access ${step}`).toBeGreaterThan(otherVersion);
          }
          return cut.result;
        });
        if (hasHappened) expect(explained, `after access ${step}`).toContain(seen);
      }
      expect(hasHappened).toBe(false);
    }
  });

  it.each(["get", "peek", "set", "expire", "delete"])(
    "%s, while the other writes everything over: whole values or none",
    (name) => {
      let hasHappened = true;
      for (let step = 1; hasHappened && step < MOST_STEPS; step += 1) {
        const [mine, other] = createPair(OLD);
        const flood = (): void => {
          for (let index = 0; index < 900; index += 1) {
            // Read all the time, the key most often survives, in another place.
            if (index % 10 === 0) other.peek("key");
            other.set(`flood ${index}`, { ...forever, value: `new ${"n".repeat(1_200 + (index % 7))}` });
          }
        };
        const cut = interrupt(() => (OPERATIONS[name] as Action)(mine), step, flood);
        hasHappened = cut.hasHappened;
        if (name === "get" || name === "peek") expect([undefined, OLD], `after access ${step}`).toContain(cut.result);
        if (name === "set") {
          const { previous } = cut.result as { previous?: { value: unknown } };
          expect([undefined, OLD], `after access ${step}`).toContain(previous?.value);
        }
        const isReading = name === "get" || name === "peek";
        if (isReading && other.get("key") !== undefined) expect(cut.result, `after access ${step}`).toBe(OLD);
        const now = mine.get("key")?.value;
        if (now !== undefined) expect([OLD, 50]).toContain(now);
        for (let index = 0; index < 150; index += 1) {
          const neighbour = mine.peek(`neighbour ${index}`);
          if (neighbour !== undefined) expect(neighbour).toBe(OLD);
        }
      }
    },
    30_000,
  );

  it.each(["increment", "set on version", "set"])(
    "%s, while a third, slow in the middle of it, ends what is there: what others saw ended does not come back",
    (name) => {
      let endedCount = 0;
      let hasHappened = true;
      for (let step = 1; hasHappened && step < MOST_STEPS; step += 1) {
        const handle = createSlab();
        const [mine, other] = createPairIn(handle, 5);
        expectedVersions.set(mine, other.get("key")?.version ?? 1);
        // The first half of an invalidation: it has its version before the operation draws one, and raises the tag in the middle of it.
        const slab = new SharedSlab(handle);
        const { scopeCellAt, scopeCellCount } = slab.layout;
        slab.countInvalidation(1);
        const version = slab.nextVersion();
        const [low, high] = new ScopeHasher(new KeyHash(slab)).ofTag("tag");
        let isEnded = false;
        const raise = (): void => {
          new VersionCells(slab, scopeCellAt, scopeCellCount).raise(low as number, high as number, version);
          isEnded = other.get("key") === undefined;
        };
        const cut = interrupt(() => (OPERATIONS[name] as Action)(mine), step, raise);
        hasHappened = cut.hasHappened;
        if (!hasHappened || !isEnded) continue;
        endedCount += 1;
        // Made of what was ended, or of nothing, which is after the end.
        const { stored, value, previous } = cut.result as { stored?: boolean; value?: bigint; previous?: unknown };
        const isDerived =
          name === "set" ? previous !== undefined : name === "increment" ? value === 6n : stored === true;
        if (isDerived) expect(mine.get("key"), `after access ${step}`).toBeUndefined();
      }
      expect(hasHappened).toBe(false);
      expect(endedCount).toBeGreaterThan(3);
    },
  );
});
