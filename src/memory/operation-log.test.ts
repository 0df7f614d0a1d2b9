import { describe, expect, it } from "vitest";
import { createFakeTime, type FakeTime } from "../testing/fake-clock.ts";
import { OperationLog } from "./operation-log.ts";

const result = { value: 1n, version: 1 };

function open(): { log: OperationLog; time: FakeTime } {
  const time = createFakeTime();
  return { log: new OperationLog(time.clock, time.scheduler), time };
}

describe("operation log", () => {
  it("frees what is over by its timer, although nobody asks, and then rests", () => {
    const { log, time } = open();
    expect(time.pendingCount()).toBe(0);
    for (let index = 0; index < 25_000; index += 1) log.record("n", `op ${index}`, result);
    expect(time.pendingCount()).toBe(1);
    time.advance(599_999);
    expect(log.size).toBe(25_000);
    time.advance(1);
    expect(log.size).toBe(0);
    expect(time.pendingCount()).toBe(0);
  });

  it("keeps each result for ten minutes and frees it within a second more", () => {
    const { log, time } = open();
    log.record("n", "first", result);
    time.advance(500);
    log.record("n", "second", result);
    time.advance(599_500);
    expect([log.find("n", "first"), log.find("n", "second")]).toEqual([undefined, result]);
    time.advance(500);
    expect(log.find("n", "second"), "over, though not yet freed").toBeUndefined();
    time.advance(500);
    expect([log.size, time.pendingCount()]).toEqual([0, 0]);
  });

  it("keeps an id that comes again after its end for ten minutes more", () => {
    const { log, time } = open();
    log.record("n", "first", result);
    time.advance(1);
    log.record("n", "again", result);
    time.advance(299_999);
    log.record("n", "other", result);
    time.advance(300_001);
    log.record("n", "again", { value: 2n, version: 2 });
    time.advance(301_000);
    expect(log.size, "the other is freed although the id stood before it").toBe(1);
    time.advance(298_999);
    expect(log.find("n", "again")?.value).toBe(2n);
    time.advance(2_000);
    expect([log.size, time.pendingCount()]).toEqual([0, 0]);
  });

  it("takes its timer back when it is cleared", () => {
    const { log, time } = open();
    log.record("n", "op", result);
    log.clear();
    expect([log.size, time.pendingCount()]).toEqual([0, 0]);
  });
});
