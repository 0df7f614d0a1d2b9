import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { TimerWheel } from "../../src/memory/expiry/timer-wheel.ts";
import { Float64Pages } from "../../src/memory/slot-pages.ts";

const SLOT_COUNT = 3_000;
const BUDGET_COUNT = 64;

/** What a wheel has to agree with: instants by slot, sorted when time moves. */
interface Reference {
  schedule(slot: number, dueAtMs: number): void;
  cancel(slot: number): void;
  /** Takes out the slots that are due, in the order of their instants. */
  takeDue(nowMs: number): number[];
  earliest(): number;
  readonly size: number;
}

/** A list sorted by instant and slot. Instants are looked up by binary search. */
function createSortedList(): Reference {
  const dueBySlot = new Map<number, number>();
  const sorted: { slot: number; dueAtMs: number }[] = [];
  const indexOf = (slot: number, dueAtMs: number): number => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = sorted[middle] as { slot: number; dueAtMs: number };
      if (other.dueAtMs < dueAtMs || (other.dueAtMs === dueAtMs && other.slot < slot)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const cancel = (slot: number): void => {
    const dueAtMs = dueBySlot.get(slot);
    if (dueAtMs === undefined) return;
    dueBySlot.delete(slot);
    sorted.splice(indexOf(slot, dueAtMs), 1);
  };
  return {
    cancel,
    schedule(slot, dueAtMs) {
      cancel(slot);
      if (dueAtMs === Number.POSITIVE_INFINITY) return;
      dueBySlot.set(slot, dueAtMs);
      sorted.splice(indexOf(slot, dueAtMs), 0, { slot, dueAtMs });
    },
    takeDue(nowMs) {
      const due = sorted.splice(0, indexOf(Number.POSITIVE_INFINITY, nowMs)).map(({ slot }) => slot);
      for (const slot of due) dueBySlot.delete(slot);
      return due;
    },
    earliest: () => sorted[0]?.dueAtMs ?? Number.POSITIVE_INFINITY,
    get size() {
      return dueBySlot.size;
    },
  };
}

function run(seed: number, operationCount: number, isWhole: boolean): void {
  const random = createSeededRandom(seed);
  const below = (count: number): number => Math.floor(random.next() * count);
  const startMs = isWhole ? 5_000 : 5_000.37;
  const pages = new Float64Pages();
  for (let slot = 0; slot < SLOT_COUNT; slot += 1) pages.ensure(slot);
  const wheel = new TimerWheel(pages, startMs);
  const reference = createSortedList();
  const wasScheduled = new Uint8Array(SLOT_COUNT);
  /** Due by the exact clock, but perhaps not by the wheel's ms yet. */
  let owed = new Set<number>();
  let nowMs = startMs;
  const where = (step: number): string => `seed ${seed}, step ${step}`;

  /** From 0 ms to some hundred years, short and round ones often, so that slots share buckets and instants. */
  const drawSpan = (): number => {
    const choice = random.next();
    if (choice < 0.03) return 0;
    if (choice < 0.3) return below(100) * (isWhole ? 1 : 0.37);
    if (choice < 0.5) return [64, 4_096, 262_144, 60_000, 3_600_000, 2 ** 30][below(6)] as number;
    const span = 2 ** (random.next() * (choice < 0.95 ? 24 : 42));
    return isWhole ? Math.floor(span) : span;
  };

  const advance = (step: number): void => {
    const choice = random.next();
    nowMs += choice < 0.9 ? below(200) * (isWhole ? 1 : 0.73) : choice < 0.99 ? drawSpan() : drawSpan() * 16;
    for (const slot of reference.takeDue(nowMs)) owed.add(slot);
    const isExhaustive = random.next() < 0.7;
    let isDone = false;
    while (!isDone) {
      let sliceCount = 0;
      isDone = wheel.advance(nowMs, BUDGET_COUNT, (slot) => {
        sliceCount += 1;
        if (!owed.delete(slot)) throw new Error(`${where(step)}: slot ${slot} handed out early or twice`);
      });
      if (sliceCount > BUDGET_COUNT) throw new Error(`${where(step)}: a slice of ${sliceCount}`);
      if (!isExhaustive) return;
    }
    for (const slot of owed) {
      // The wheel rounds instants up to its own ms, which starts at a whole one.
      if (Math.ceil(pages.get(slot)) <= Math.floor(nowMs))
        throw new Error(`${where(step)}: slot ${slot} was forgotten`);
    }
    if (wheel.size !== reference.size + owed.size) throw new Error(`${where(step)}: size ${wheel.size}`);
    if (wheel.nextDueAt() > Math.ceil(reference.earliest())) throw new Error(`${where(step)}: next is too late`);
  };

  for (let step = 0; step < operationCount; step += 1) {
    const slot = below(SLOT_COUNT);
    const choice = random.next();
    if (choice < 0.6) {
      const dueAtMs = random.next() < 0.02 ? Number.POSITIVE_INFINITY : nowMs + drawSpan();
      if (wasScheduled[slot] === 1 || dueAtMs !== Number.POSITIVE_INFINITY) {
        wheel.schedule(slot, dueAtMs);
        wasScheduled[slot] = 1;
        reference.schedule(slot, dueAtMs);
        owed.delete(slot);
      }
    } else if (choice < 0.8) {
      if (wasScheduled[slot] === 1) wheel.cancel(slot);
      reference.cancel(slot);
      owed.delete(slot);
    } else {
      advance(step);
    }
    if (step % 5_003 === 0) wheel.checkInvariants();
    if (step % 200_003 === 200_002) {
      wheel.clear();
      for (let each = 0; each < SLOT_COUNT; each += 1) reference.cancel(each);
      owed = new Set();
      wasScheduled.fill(0);
    }
  }
  wheel.checkInvariants();
  while (!wheel.advance(2 ** 53, BUDGET_COUNT, (slot) => owed.delete(slot) || reference.cancel(slot)));
  expect(wheel.size, `seed ${seed}`).toBe(0);
  expect(reference.size + owed.size, `seed ${seed}`).toBe(0);
}

describe("TimerWheel", () => {
  it("hands out what a sorted list does, in a million operations over whole ms", () => {
    run(1_987, 1_000_000, true);
  });

  it("hands out what a sorted list does, over fractions of ms", () => {
    run(24, 300_000, false);
  });

  it("hands out what a sorted list does, whatever the seed", () => {
    for (let seed = 100; seed < 110; seed += 1) run(seed, 20_000, seed % 2 === 0);
  });
});
