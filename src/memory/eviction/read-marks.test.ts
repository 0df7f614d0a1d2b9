import { describe, expect, it } from "vitest";
import { ReadMarks } from "./read-marks.ts";

describe("ReadMarks", () => {
  it("counts up to three reads and takes them off one by one", () => {
    const marks = new ReadMarks();
    marks.ensure(0);
    marks.place(0, false);
    for (let read = 0; read < 9; read += 1) marks.countRead(0);
    expect([marks.takeRead(0), marks.takeRead(0), marks.isRead(0)]).toEqual([true, true, true]);
    expect([marks.takeRead(0), marks.takeRead(0), marks.isRead(0)]).toEqual([true, false, false]);
  });

  it("knows the ring of a slot whatever was read, and forgets the reads when it moves", () => {
    const marks = new ReadMarks();
    marks.ensure(0);
    marks.place(0, true);
    for (let read = 0; read < 9; read += 1) marks.countRead(0);
    expect([marks.isInMain(0), marks.isRead(0)]).toEqual([true, true]);
    marks.place(0, false);
    expect([marks.isInMain(0), marks.isRead(0)]).toEqual([false, false]);
  });

  it("keeps marks when it grows over pages", () => {
    const marks = new ReadMarks();
    for (let slot = 0; slot < 140_000; slot += 1) {
      marks.ensure(slot);
      marks.place(slot, slot % 3 === 0);
      if (slot % 2 === 0) marks.countRead(slot);
    }
    for (const slot of [0, 63, 64, 65_535, 65_536, 131_072, 139_999]) {
      expect([marks.isInMain(slot), marks.isRead(slot)]).toEqual([slot % 3 === 0, slot % 2 === 0]);
    }
  });
});
