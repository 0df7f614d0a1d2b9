import { describe, expect, it } from "vitest";
import { createFakeTime } from "../testing/fake-clock.ts";
import { type CopyVerdict, type FinishedLook, MAX_ASKED_COPIES, RevalidationCycle } from "./revalidation-cycle.ts";
import { RunningWork } from "./running-work.ts";
import type { RevalidatedCopy } from "./used-copies.ts";

const D = 3_000;

interface CycleTest {
  readonly cycle: RevalidationCycle;
  readonly work: RunningWork;
  readonly dropped: string[];
  readonly looks: FinishedLook[];
  /** How many entries each question was about. */
  readonly asked: number[];
  readonly moveOn: (ms: number) => Promise<void>;
  copy(): RevalidatedCopy;
  /** What the store answers. */
  answer: (count: number) => Promise<readonly CopyVerdict[]>;
}

function setUp(): CycleTest {
  const { clock, scheduler, advanceAsync } = createFakeTime();
  const work = new RunningWork();
  const dropped: string[] = [];
  const looks: FinishedLook[] = [];
  const asked: number[] = [];
  const cycle = new RevalidationCycle({
    ...{ clock, scheduler, maxStalenessMs: D },
    store: {
      life: "1",
      revalidate: (entries) => {
        asked.push(entries.length);
        return test.answer(entries.length);
      },
    },
    begin: (key) => {
      const ticket = { key, shard: 0, sentAtMs: clock.monotonicMs(), generation: 0, seenHead: 0, tagHead: 0, life: 1 };
      return work.begin(ticket);
    },
    end: (ticket) => work.end(ticket),
    isStanding: (ticket, { head, tags }) => work.isKeepable(ticket, head, tags),
    holds: () => true,
    drop: (key) => dropped.push(key),
    onLook: (look) => looks.push(look),
  });
  const test: CycleTest = {
    ...{ cycle, work, dropped, looks, asked, moveOn: advanceAsync },
    copy: () => {
      const readAtMs = clock.monotonicMs() - D / 2;
      const proof = { shard: 0, head: 7, tagHead: 0, generation: 0, readAtMs, age: -1, tagAge: -1 };
      const life = cycle.lifeNumber();
      return { ...proof, life, version: 7, expiresAt: Number.POSITIVE_INFINITY, tags: ["t"], useCount: 0 };
    },
    answer: async (count) => new Array<CopyVerdict>(count).fill("unchanged"),
  };
  return test;
}

describe("a look at copies", () => {
  it("proves a copy again that nothing was heard of", async () => {
    const { cycle, copy, moveOn, work, looks } = setUp();
    const one = copy();
    cycle.touch("k", one);
    await moveOn(0);
    expect(one.readAtMs).toBe(5_000);
    expect(work.count).toBe(0);
    expect(looks).toEqual([{ durationMs: 0, isAnswered: true, askedCopies: 1, changedCopies: 0 }]);
  });

  it.each<readonly [string, (work: RunningWork) => void]>([
    ["the key has changed", (work) => work.noteChange("k", 8)],
    ["something happened to the key", (work) => work.voidKey("k")],
    ["one of its tags was invalidated", (work) => work.noteTags(["t"])],
    ["its namespace was cleared", (work) => work.noteClear(() => true)],
    ["all was flushed", (work) => work.voidAll()],
  ])("proves nothing of a copy when it was heard meanwhile that %s", async (_, hear) => {
    const test = setUp();
    const one = test.copy();
    const { readAtMs } = one;
    test.answer = async () => {
      hear(test.work);
      return ["unchanged"];
    };
    test.cycle.touch("k", one);
    await test.moveOn(0);
    expect(one.readAtMs).toBe(readAtMs);
  });

  it("leaves alone what nobody could be asked about, and counts as a failure where nobody could be asked at all", async () => {
    const test = setUp();
    const [one, other] = [test.copy(), test.copy()];
    const { readAtMs } = one;
    test.answer = async () => ["unknown", "unchanged"];
    test.cycle.touch("one", one);
    test.cycle.touch("other", other);
    await test.moveOn(0);
    expect([one.readAtMs, other.readAtMs, test.dropped]).toEqual([readAtMs, 5_000, []]);
    test.answer = async () => ["unknown"];
    test.cycle.touch("one", one);
    await test.moveOn(D / 3);
    expect(test.looks.map(({ isAnswered }) => isAnswered)).toEqual([true, false]);
  });

  it("takes what is no answer for a failure", async () => {
    const test = setUp();
    const one = test.copy();
    const { readAtMs } = one;
    test.answer = async () => "unchanged" as unknown as readonly CopyVerdict[];
    test.cycle.touch("k", one);
    await test.moveOn(0);
    expect([one.readAtMs, test.work.count]).toEqual([readAtMs, 0]);
    expect(test.looks).toMatchObject([{ isAnswered: false }]);
  });

  it("ends what has changed", async () => {
    const test = setUp();
    test.answer = async () => ["changed", "unchanged"];
    test.cycle.touch("one", test.copy());
    test.cycle.touch("other", test.copy());
    await test.moveOn(0);
    expect(test.dropped).toEqual(["one"]);
    expect(test.looks[0]).toMatchObject({ askedCopies: 2, changedCopies: 1 });
  });

  it("is about a bounded number of copies, the hottest ones", async () => {
    const test = setUp();
    const hot = test.copy();
    for (let index = 0; index < 2 * MAX_ASKED_COPIES; index += 1) test.cycle.touch(`cold${index}`, test.copy());
    for (let use = 0; use < 2; use += 1) test.cycle.touch("hot", hot);
    await test.moveOn(0);
    expect(test.asked).toEqual([MAX_ASKED_COPIES]);
    expect(hot.readAtMs).toBe(5_000);
  });

  it("proves nothing any more once it is closed, and begins no other", async () => {
    const test = setUp();
    const one = test.copy();
    const { readAtMs } = one;
    test.answer = async () => {
      test.cycle.close();
      return ["unchanged"];
    };
    test.cycle.touch("k", one);
    await test.moveOn(0);
    expect([one.readAtMs, test.looks]).toEqual([readAtMs, []]);
    test.cycle.touch("k", one);
    await test.moveOn(D);
    expect(test.asked).toEqual([1]);
  });
});
