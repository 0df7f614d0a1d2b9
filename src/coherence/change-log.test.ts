import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../foundation/random-source.ts";
import { ChangeLog } from "./change-log.ts";

function logOf(
  links: ReadonlyArray<readonly [version: number, names: readonly string[] | undefined]>,
  floor = 10,
): ChangeLog {
  const log = new ChangeLog(16);
  log.restart(floor);
  for (const [version, names] of links) {
    log.note(version, names);
    log.append(version);
  }
  return log;
}

describe("a log of changes", () => {
  it("knows what was changed since a head of the chain", () => {
    const log = logOf([
      [20, ["a"]],
      [30, ["b"]],
      [40, ["a"]],
    ]);
    expect([10, 20, 30, 40].map((head) => log.isUnchanged(head, ["a"]))).toEqual([false, false, false, true]);
    expect([10, 20, 30, 40].map((head) => log.isUnchanged(head, ["b"]))).toEqual([false, false, true, true]);
    expect(log.isUnchanged(10, ["c"])).toBe(true);
    expect(log.isUnchanged(30, ["c", "a"])).toBe(false);
  });

  it("says nothing of a head that is not of the chain: below the floor, between two links, or ahead", () => {
    const log = logOf([[20, ["a"]]]);
    expect([9, 15, 21].map((head) => log.isUnchanged(head, ["c"]))).toEqual([false, false, false]);
  });

  it("says nothing before the chain has a head", () => {
    const log = new ChangeLog(16);
    expect(log.isUnchanged(0, ["a"])).toBe(false);
    log.note(5, ["b"]);
    log.append(5);
    // What was before the first link nobody has told.
    expect(log.isUnchanged(5, ["a"])).toBe(true);
    expect(log.isUnchanged(4, ["a"])).toBe(false);
  });

  it("begins anew at a change that may have concerned anything", () => {
    const log = logOf([
      [20, ["b"]],
      [30, undefined],
      [40, ["b"]],
    ]);
    expect([10, 20, 30, 40].map((head) => log.isUnchanged(head, ["a"]))).toEqual([false, false, true, true]);
  });

  it("forgets the oldest links when it is full, and what was before them", () => {
    const log = logOf([[20, ["a"]], ...Array.from({ length: 16 }, (_, index) => [30 + index, ["b"]] as const)]);
    expect(log.isUnchanged(10, ["c"])).toBe(false);
    expect(log.isUnchanged(20, ["c"])).toBe(true);
    expect(log.isUnchanged(20, ["a"])).toBe(true);
    expect(log.isUnchanged(10, ["a"])).toBe(false);
    expect(log.ageRatioOf(20)).toBe(1);
    expect(log.ageRatioOf(45)).toBe(0);
  });

  it("knows who was given a version, as far back as it goes", () => {
    const log = logOf([
      [20, ["a"]],
      [30, ["b", "c"]],
    ]);
    expect(log.mayHaveGiven(20, "a")).toBe(true);
    expect(log.mayHaveGiven(20, "b")).toBe(false);
    expect(log.mayHaveGiven(25, "b")).toBe(false);
    expect(["a", "b", "c"].map((name) => log.mayHaveGiven(30, name))).toEqual([false, true, true]);
    expect(log.mayHaveGiven(10, "anything")).toBe(true);
  });

  it("takes a name that was noted and forgotten for anything", () => {
    const log = logOf([[20, ["a"]]]);
    log.note(30, ["b"]);
    for (let version = 1_000; version < 3_000; version += 1) log.note(version, ["x"]);
    log.append(30);
    expect(log.isUnchanged(20, ["a"])).toBe(false);
    expect(log.isUnchanged(30, ["a"])).toBe(true);
  });

  it("agrees with a list of all changes, whatever happens", () => {
    const random = createSeededRandom(7);
    const names = ["a", "b", "c", "d"];
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random.next() * all.length)] as T;
    for (let round = 0; round < 200; round += 1) {
      const log = new ChangeLog(16);
      let head = 1;
      log.restart(head);
      let heads = [head];
      let changes: { readonly version: number; readonly name: string }[] = [];
      for (let step = 0; step < 60; step += 1) {
        head += 1 + Math.floor(random.next() * 3);
        const kind = random.next();
        if (kind < 0.03) {
          log.restart(head);
          [heads, changes] = [[head], []];
        } else if (kind < 0.06) {
          log.append(head);
          [heads, changes] = [[head], []];
        } else {
          const name = pick(names);
          log.note(head, [name]);
          log.append(head);
          heads.push(head);
          changes.push({ version: head, name });
        }
        const asked = Math.max(1, head - Math.floor(random.next() * 40));
        const name = pick(names);
        const isKnown = heads.slice(-17).includes(asked);
        const isChanged = changes.some((change) => change.version > asked && change.name === name);
        expect(log.isUnchanged(asked, [name])).toBe(isKnown && !isChanged);
      }
    }
  });
});
