import { describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import type { KnownEntry } from "../../src/backend/revalidation.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import { InProcessHub } from "../../src/coherence/in-process-transport.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { createFakeTime, type FakeTime } from "../../src/testing/fake-clock.ts";
import { createMapBackend, type MapBackend } from "../../src/testing/map-backend/map-backend.ts";
import { type NearSetup, type NearSetupOptions, nearOver } from "../support/near/near-over.ts";

const D = 3_000;
/** Between two looks. */
const THIRD = D / 3;
const CONTEXT = {};

interface RevalidatedTest extends NearSetup {
  readonly time: FakeTime;
  readonly far: MapBackend;
  /** The shared store as the copies see it. */
  readonly counted: MapBackend;
  /** Another client of the shared store, without copies; what it changes is told to nobody. */
  readonly elsewhere: MapBackend;
  /** Keys of each question. */
  readonly questions: string[][];
  /** Reads of values that came to the store. */
  readonly readCount: () => number;
  /** Begins another life of the store. */
  readonly renewLife: () => void;
  /** Reads a key as a busy process does, until so much time is over. */
  readonly readFor: (ms: number, ...keys: string[]) => Promise<void>;
}

function setUp(options: NearSetupOptions = {}): RevalidatedTest {
  const time = createFakeTime();
  const host = { ...time, random: createSeededRandom(1), onRemoval: () => undefined };
  const far = createMapBackend({ async: true, clock: time.clock });
  const questions: string[][] = [];
  let readCount = 0;
  let life = 1;
  const { revalidation } = far;
  const counted: MapBackend = {
    ...far,
    get: (key, context) => {
      readCount += 1;
      return far.get(key, context);
    },
    revalidation: {
      get life() {
        return String(life);
      },
      revalidate: (entries: readonly KnownEntry[], context) => {
        questions.push(entries.map(({ key }) => key));
        return (revalidation as NonNullable<typeof revalidation>).revalidate(entries, context);
      },
    },
  };
  const setup = nearOver(counted, host, { maxStalenessMs: D, isRevalidated: true, ...options });
  return {
    ...{ time, far, counted, elsewhere: far.openSecond(), questions, ...setup },
    readCount: () => readCount,
    renewLife: () => {
      life += 1;
    },
    async readFor(ms, ...keys) {
      for (let doneMs = 0; doneMs < ms; doneMs += 50) {
        await Promise.all(keys.map((key) => read(setup.backend, key)));
        await time.advanceAsync(50);
      }
    },
  };
}

function entry(value: unknown, more: Partial<EntryWrite> = {}): EntryWrite {
  return { value, ttlMs: Number.POSITIVE_INFINITY, tags: [], ...more };
}

const read = async (backend: Backend, key: string): Promise<unknown> => (await backend.get(key, CONTEXT))?.value;

describe("a copy that is read", () => {
  it("is read from the store once, however long it is read, while the store is asked three times in the bound", async () => {
    const { far, readFor, readCount, questions } = setUp();
    await far.set("k", entry("v"), CONTEXT);
    await readFor(10 * D, "k");
    expect(readCount()).toBe(1);
    expect(questions.length).toBeGreaterThanOrEqual(29);
    expect(questions.length).toBeLessThanOrEqual(31);
  });

  it("is served what another process wrote within the bound, though nobody tells of it", async () => {
    const { far, elsewhere, backend, readFor } = setUp();
    await far.set("k", entry("old"), CONTEXT);
    await readFor(2 * D, "k");
    await elsewhere.set("k", entry("new"), CONTEXT);
    await readFor(THIRD + 50, "k");
    expect(await read(backend, "k")).toBe("new");
  });

  it.each<readonly [string, (elsewhere: MapBackend) => unknown]>([
    ["deleted", (elsewhere) => elsewhere.delete("k", CONTEXT)],
    ["cleared", (elsewhere) => elsewhere.clear?.("", CONTEXT)],
    ["ended by a tag", (elsewhere) => elsewhere.invalidateTags?.(["t"], CONTEXT)],
    ["ended by time that was cut short", (elsewhere) => elsewhere.expire("k", 10, CONTEXT)],
  ])("ends within the bound when its entry was %s", async (_, change) => {
    const { far, elsewhere, backend, readFor } = setUp();
    await far.set("k", entry("v", { tags: ["t"], ttlMs: 60_000 }), CONTEXT);
    await readFor(D, "k");
    await change(elsewhere);
    await readFor(THIRD + 50, "k");
    expect(backend.peek?.("k")).toBeUndefined();
    expect(await read(backend, "k")).toBeUndefined();
  });

  it("ends with its entry, however often the store was asked", async () => {
    const { far, backend, readFor } = setUp();
    await far.set("k", entry("v", { ttlMs: 2 * D }), CONTEXT);
    await readFor(2 * D - 50, "k");
    expect(backend.peek?.("k")).toBe("v");
    await readFor(50, "k");
    expect(backend.peek?.("k")).toBeUndefined();
  });

  it("is proven from when the question was sent, not from when its answer came", async () => {
    const { far, backend, time } = setUp();
    await far.set("k", entry("v"), CONTEXT);
    await read(backend, "k");
    await time.advanceAsync(THIRD);
    const held = far.hold("revalidate", { at: "reply" });
    backend.peek?.("k");
    await time.advanceAsync(0);
    await held.arrived();
    await time.advanceAsync(THIRD);
    held.release();
    await time.advanceAsync(0);
    // Nothing proves it anew.
    far.hold("revalidate");
    await time.advanceAsync(2 * THIRD);
    expect(backend.peek?.("k")).toBe("v");
    await time.advanceAsync(1);
    expect(backend.peek?.("k")).toBeUndefined();
  });

  it("lapses at the bound while the store answers no questions", async () => {
    const { far, backend, time, readCount, readFor, node } = setUp();
    await far.set("k", entry("v"), CONTEXT);
    await readFor(D, "k");
    const held = far.hold("revalidate");
    for (let asked = 0; asked < 3; asked += 1) {
      backend.peek?.("k");
      await time.advanceAsync(THIRD);
    }
    expect(held.waitingCount()).toBe(3);
    await time.advanceAsync(1);
    expect(backend.peek?.("k")).toBeUndefined();
    expect(await read(backend, "k")).toBe("v");
    expect(readCount()).toBe(2);
    // A hung store gets no more.
    await readFor(THIRD + 50, "k");
    expect(held.waitingCount()).toBe(3);
    held.fail(new Error("The server hangs."));
    await time.advanceAsync(0);
    expect(node.status()).toMatchObject({ probeFailures: 3, isProvable: true });
  });

  it("is not asked about when nobody reads it any more, and nothing is sent then", async () => {
    const { far, readFor, questions, time } = setUp();
    await far.set("k", entry("v"), CONTEXT);
    await readFor(2 * D, "k");
    await time.advanceAsync(D);
    const askedCount = questions.length;
    await time.advanceAsync(10 * D);
    expect(questions).toHaveLength(askedCount);
  });

  it("is not asked about while its proof is young, nor when it was read once", async () => {
    const { far, backend, questions, time } = setUp();
    await far.set("k", entry("v"), CONTEXT);
    await read(backend, "k");
    await time.advanceAsync(2 * THIRD);
    expect(questions).toEqual([]);
    expect(await read(backend, "k")).toBe("v");
    await time.advanceAsync(0);
    expect(questions).toEqual([["k"]]);
    expect(await read(backend, "k")).toBe("v");
    await time.advanceAsync(0);
    expect(questions).toHaveLength(1);
  });
});

describe("an answer about a copy", () => {
  it("proves nothing when a change of the key was heard of meanwhile", async () => {
    const hub = new InProcessHub();
    const { far, elsewhere, backend, time, node } = setUp({ transports: [hub.join("node")] });
    await backend.connect?.(CONTEXT);
    await far.set("k", entry("old"), CONTEXT);
    await read(backend, "k");
    await time.advanceAsync(THIRD);
    const held = far.hold("revalidate", { at: "reply" });
    backend.peek?.("k");
    await time.advanceAsync(0);
    await held.arrived();
    const { version } = (await elsewhere.set("k", entry("new"), CONTEXT)) as { version: number };
    node.receive({ kind: "change", key: "k", version, previousHead: undefined });
    expect(await read(backend, "k")).toBe("new");
    held.release();
    await time.advanceAsync(0);
    expect(backend.peek?.("k")).toBe("new");
  });

  it("does not end the copy of something newer that was read meanwhile", async () => {
    const { far, elsewhere, backend, time } = setUp();
    await far.set("k", entry("old"), CONTEXT);
    await read(backend, "k");
    await time.advanceAsync(THIRD);
    await elsewhere.set("k", entry("new"), CONTEXT);
    const held = far.hold("revalidate", { at: "reply" });
    backend.peek?.("k");
    await time.advanceAsync(0);
    await held.arrived();
    await backend.get("k", { notBefore: { version: 2, epoch: "1" } });
    expect(backend.peek?.("k")).toBe("new");
    held.release();
    await time.advanceAsync(0);
    expect(backend.peek?.("k")).toBe("new");
  });

  it("proves nothing of what was read in another life of the store", async () => {
    const { far, backend, readFor, renewLife, questions, time } = setUp();
    await far.set("k", entry("v"), CONTEXT);
    await readFor(D, "k");
    renewLife();
    const askedCount = questions.length;
    for (let ms = 0; ms < D + THIRD; ms += 50) {
      backend.peek?.("k");
      await time.advanceAsync(50);
    }
    expect(questions).toHaveLength(askedCount);
    expect(backend.peek?.("k")).toBeUndefined();
    await readFor(2 * D, "k");
    expect(questions.length).toBeGreaterThan(askedCount);
  });

  it("proves nothing when another life of the store begins while it is on its way", async () => {
    const { far, backend, time, renewLife } = setUp();
    await far.set("k", entry("v"), CONTEXT);
    await read(backend, "k");
    await time.advanceAsync(THIRD);
    const held = far.hold("revalidate", { at: "request" });
    backend.peek?.("k");
    await time.advanceAsync(0);
    await held.arrived();
    renewLife();
    held.release();
    await time.advanceAsync(2 * THIRD + 1);
    expect(backend.peek?.("k")).toBeUndefined();
  });

  it("proves nothing of a read during which another life of the store began", async () => {
    const { far, backend, time, renewLife, questions } = setUp();
    await far.set("k", entry("v"), CONTEXT);
    const held = far.hold("get");
    const reading = read(backend, "k");
    await held.arrived();
    renewLife();
    held.release();
    await reading;
    await time.advanceAsync(THIRD);
    expect(backend.peek?.("k")).toBe("v");
    await time.advanceAsync(THIRD);
    expect(questions).toEqual([]);
  });

  it("proves nothing of what this process wrote, until it was read", async () => {
    const { backend, readFor, readCount, questions } = setUp();
    await backend.set("k", entry("v"), CONTEXT);
    await readFor(D, "k");
    expect([readCount(), questions]).toEqual([0, []]);
    await readFor(10 * D, "k");
    expect(readCount()).toBe(1);
    expect(questions.length).toBeGreaterThan(20);
  });
});

describe("many copies that are read", () => {
  it("are asked about in one question", async () => {
    const { far, readFor, questions } = setUp();
    for (const key of ["a", "b", "c"]) await far.set(key, entry(key), CONTEXT);
    await readFor(2 * D, "a", "b", "c");
    for (const question of questions) expect([...question].sort()).toEqual(["a", "b", "c"]);
  });

  it("are counted, those that changed apart", async () => {
    const { far, elsewhere, readFor, node } = setUp();
    for (const key of ["a", "b", "c"]) await far.set(key, entry(key), CONTEXT);
    await readFor(D, "a", "b", "c");
    await elsewhere.set("b", entry("new"), CONTEXT);
    await readFor(D, "a", "b", "c");
    const status = node.status();
    expect(status).toMatchObject({ repairs: 1, probeFailures: 0, isProvable: true });
    expect(status.probes).toBeGreaterThan(3);
    expect(status.probeAgeMs).toBeLessThanOrEqual(THIRD);
  });
});

it("a store that is closed is asked nothing any more, and leaves no timer", async () => {
  const { far, backend, readFor, questions, time } = setUp();
  await far.set("k", entry("v"), CONTEXT);
  await readFor(D, "k");
  await backend.close();
  const askedCount = questions.length;
  await time.advanceAsync(2 * D);
  expect(questions).toHaveLength(askedCount);
  expect(time.pendingCount()).toBe(0);
});

it("a gap in the messages is followed by a look at once", async () => {
  const { far, readFor, questions, node, backend, time } = setUp();
  await far.set("k", entry("v"), CONTEXT);
  await readFor(D, "k");
  const askedCount = questions.length;
  await time.advanceAsync(THIRD * 0.9);
  backend.peek?.("k");
  node.noteGap();
  await time.advanceAsync(0);
  expect(questions.length).toBeGreaterThan(askedCount);
});

describe("a store of several servers, whose versions are each their own", () => {
  /** Versions of one key are lower than all others', as those of a server whose clock is behind. */
  function setUpBehind(): RevalidatedTest & { fallBack(): void } {
    const test = setUp();
    let isBehind = false;
    const { get, set } = test.far;
    const lower = <T extends { readonly version: number }>(found: T): T => ({
      ...found,
      version: found.version / 1_000,
    });
    Object.assign(test.counted, {
      get: async (key: string, context: object) => {
        const found = await get(key, context);
        return found !== undefined && (isBehind || key === "behind") ? lower(found) : found;
      },
      set: async (key: string, write: EntryWrite, context: object) => {
        const result = await set(key, write, context);
        return isBehind || key === "behind" ? lower(result) : result;
      },
    });
    return {
      ...test,
      fallBack: () => {
        isBehind = true;
      },
    };
  }

  it("leaves the copies of other keys when one is written at a server whose versions are lower", async () => {
    const { backend } = setUpBehind();
    await backend.set("ahead", entry("v"), CONTEXT);
    await backend.set("behind", entry("w"), CONTEXT);
    expect([backend.peek?.("ahead"), backend.peek?.("behind")]).toEqual(["v", "w"]);
  });

  it("is served what it wrote at a server whose versions are lower than the copy's", async () => {
    const { backend, fallBack } = setUpBehind();
    await backend.set("k", entry("old"), CONTEXT);
    fallBack();
    await backend.set("k", entry("new"), CONTEXT);
    expect(backend.peek?.("k")).toBe("new");
  });

  it("is served what it read at a server whose versions are lower than the copy's, and keeps it", async () => {
    const { backend, elsewhere, fallBack, time } = setUpBehind();
    await backend.set("k", entry("old"), CONTEXT);
    await time.advanceAsync(D + 1);
    await elsewhere.set("k", entry("new"), CONTEXT);
    fallBack();
    expect(await read(backend, "k")).toBe("new");
    expect(backend.peek?.("k")).toBe("new");
  });
});
