import { describe, expect, it } from "vitest";
import { RunningWork, type WorkTicket } from "./running-work.ts";

function begin(work: RunningWork, key = "k"): WorkTicket {
  return work.begin({ key, shard: key.length, sentAtMs: 0, generation: 0, seenHead: 0, tagHead: 0, life: 0 });
}

describe("an answer", () => {
  it("may be kept when nothing was heard of since its question was sent", () => {
    const work = new RunningWork();
    work.noteChange("k", 9);
    work.noteTags(["t"]);
    expect(work.isKeepable(begin(work), 5, ["t"])).toBe(true);
  });

  it("may not be kept when the key has changed beyond it, and may when it has that change", () => {
    const work = new RunningWork();
    const ticket = begin(work);
    work.noteChange("k", 9);
    work.noteChange("other", 20);
    expect(work.isKeepable(ticket, 8, [])).toBe(false);
    expect(work.isKeepable(ticket, 9, [])).toBe(true);
  });

  it("may not be kept when something happened to the key that has no version", () => {
    const work = new RunningWork();
    const ticket = begin(work);
    const other = begin(work, "other");
    work.voidKey("k");
    expect(work.isKeepable(ticket, 100, [])).toBe(false);
    expect(work.isKeepable(other, 100, [])).toBe(true);
    work.voidAll();
    expect(work.isKeepable(other, 100, [])).toBe(false);
  });

  it("may not be kept when something of its shard has changed beyond it, and nobody said what", () => {
    const work = new RunningWork();
    const ticket = begin(work, "k");
    const other = begin(work, "of another shard");
    work.noteShard(1, 9);
    work.noteShard(1, 8);
    expect([8, 9].map((head) => work.isKeepable(ticket, head, []))).toEqual([false, true]);
    work.noteShard(1, undefined);
    expect([work.isKeepable(ticket, 100, []), work.isKeepable(other, 1, [])]).toEqual([false, true]);
  });

  it("may not be kept with a tag that was invalidated meanwhile, nor under a namespace that was cleared", () => {
    const work = new RunningWork();
    const ticket = begin(work);
    work.noteTags(["t", "u"]);
    expect(work.isKeepable(ticket, 100, ["u"])).toBe(false);
    expect(work.isKeepable(ticket, 100, ["v"])).toBe(true);
    const later = begin(work);
    work.noteClear((key) => key === "k");
    expect(work.isKeepable(later, 100, [])).toBe(false);
    expect(work.isKeepable(begin(work), 100, [])).toBe(true);
  });

  it("may not be kept when more happened meanwhile than is remembered", () => {
    const work = new RunningWork();
    const ticket = begin(work);
    for (let index = 0; index < 1_000; index += 1) work.noteTags([`t${index}`]);
    expect(work.isKeepable(ticket, 100, ["none of these"])).toBe(false);
    const young = begin(work);
    work.noteTags(["t"]);
    expect(work.isKeepable(young, 100, ["none of these"])).toBe(true);
    expect(work.isKeepable(young, 100, ["t"])).toBe(false);
  });
});

it("forgets what is over", () => {
  const work = new RunningWork();
  const first = begin(work);
  const second = begin(work);
  work.noteTags(["t"]);
  work.end(first);
  work.end(first);
  expect(work.count).toBe(1);
  expect(work.isKeepable(second, 1, ["t"])).toBe(false);
  work.end(second);
  expect(work.count).toBe(0);
  expect(work.isKeepable(begin(work), 1, ["t"])).toBe(true);
});
