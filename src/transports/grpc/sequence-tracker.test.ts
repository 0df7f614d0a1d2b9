import { describe, expect, it } from "vitest";
import { SequenceTracker } from "./sequence-tracker.ts";

describe("the numbers of a node's messages", () => {
  it("are no gap while each follows the one before", () => {
    const tracker = new SequenceTracker();
    tracker.restart(41);
    expect(tracker.receive(42, 3)).toEqual({ isGap: false, areNew: undefined });
    expect(tracker.receive(45, 1)).toEqual({ isGap: false, areNew: undefined });
    expect(tracker.noteSent(45)).toBe(false);
  });

  it("tell a gap when they jump, once", () => {
    const tracker = new SequenceTracker();
    tracker.receive(1, 2);
    expect(tracker.receive(5, 1)).toEqual({ isGap: true, areNew: [true] });
    expect(tracker.receive(6, 1).isGap).toBe(false);
  });

  it("tell by a heartbeat that the last message was lost", () => {
    const tracker = new SequenceTracker();
    tracker.receive(1, 2);
    expect(tracker.noteSent(3)).toBe(true);
    expect(tracker.noteSent(3)).toBe(false);
    expect(tracker.receive(4, 1).isGap).toBe(false);
  });

  it("let a double through once only, and a late one that was missing", () => {
    const tracker = new SequenceTracker();
    tracker.receive(1, 2);
    tracker.receive(6, 1);
    expect(tracker.receive(2, 3).areNew).toEqual([false, true, true]);
    expect(tracker.receive(4, 2).areNew).toEqual([false, true]);
    expect(tracker.receive(5, 2).areNew).toEqual([false, false]);
  });

  it("take no more memory however many gaps there are", () => {
    const tracker = new SequenceTracker();
    for (let sequence = 1; sequence < 10_000; sequence += 2) tracker.receive(sequence, 1);
    expect(tracker.receive(9_998, 1).areNew).toEqual([true]);
    // So far back is not remembered: it is taken for a double, and its loss was told.
    expect(tracker.receive(2, 1).areNew).toEqual([false]);
  });
});
