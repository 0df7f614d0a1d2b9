import { describe, expect, it, vi } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { SlotRefs } from "../slot-refs.ts";
import { KeyIndex } from "./key-index.ts";

/** An index with the slots it points to, and the same in a `Map`. */
class Subject {
  readonly refs = new SlotRefs();
  readonly index: KeyIndex;
  readonly model = new Map<string, number>();
  readonly #free: number[] = [];
  #highWater = 0;

  constructor(seed: number) {
    this.index = new KeyIndex(this.refs, createSeededRandom(seed));
  }

  find(key: string): number {
    return this.index.find(key, this.index.hash(key));
  }

  insert(key: string): void {
    const slot = this.#free.pop() ?? this.#highWater++;
    this.refs.ensure(slot);
    this.index.hashes.ensure(slot);
    this.index.insert(key, this.index.hash(key), slot);
    this.refs.fill(slot, key, key);
    this.model.set(key, slot);
  }

  rename(formerKey: string, key: string): void {
    const slot = this.model.get(formerKey) as number;
    this.index.rename(slot, key, this.index.hash(key));
    this.refs.fill(slot, key, key);
    this.model.delete(formerKey);
    this.model.set(key, slot);
  }

  remove(key: string): void {
    const slot = this.model.get(key) as number;
    this.index.remove(slot);
    this.refs.drop(slot);
    this.model.delete(key);
    this.#free.push(slot);
  }

  check(): void {
    this.index.checkInvariants(this.model.values());
    for (const key of this.model.keys()) this.checkKey(key);
  }

  /** For loops of hundreds of thousands: to make an expectation takes longer than what it looks at. */
  checkKey(key: string): void {
    const found = this.find(key);
    if (found !== (this.model.get(key) ?? -1)) expect(found, key).toBe(this.model.get(key) ?? -1);
  }
}

/** Keys that differ only where the sampled hash does not look. */
const crafted = (id: number): string => `${"a".repeat(33)}${id.toString(2).padStart(20, "0")}${"b".repeat(60)}`;

describe("key index", () => {
  it.each([1, 2, 3])("finds what a Map finds, whatever is inserted and removed, with seed %d", (seed) => {
    const random = createSeededRandom(seed);
    const subject = new Subject(seed);
    const pick = (count: number): number => Math.floor(random.next() * count);
    // The number of keys swings between none and thousands, so that the table grows and shrinks, mostly while it is being replaced.
    for (let step = 0; step < 150_000; step += 1) {
      const isGrowing = Math.floor(step / 15_000) % 2 === 0;
      const key = `key:${pick(20_000)}`;
      const slot = subject.model.get(key);
      subject.checkKey(key);
      if (slot === undefined && random.next() < (isGrowing ? 0.9 : 0.1)) subject.insert(key);
      else if (slot !== undefined && random.next() < (isGrowing ? 0.1 : 0.95)) subject.remove(key);
      else if (slot !== undefined && random.next() < 0.1) subject.rename(key, `renamed:${step}`);
      if (step % 10_007 === 0) subject.check();
    }
    subject.check();
    for (const key of [...subject.model.keys()]) subject.remove(key);
    subject.check();
    expect(subject.index.size).toBe(0);
  });

  it("checks itself after every single step of a growth and a shrinkage", () => {
    const subject = new Subject(5);
    for (let id = 0; id < 300; id += 1) {
      subject.insert(`k${id}`);
      subject.check();
    }
    for (let id = 0; id < 300; id += 1) {
      subject.remove(`k${id}`);
      subject.check();
      expect(subject.find(`k${id}`)).toBe(-1);
    }
  });

  it("does not count a collision again when the table grows", () => {
    const subject = new Subject(7);
    // 36 pairs.
    for (let id = 0; id < 9; id += 1) subject.insert(crafted(id));
    for (let id = 0; id < 3_000; id += 1) subject.insert(`user:${id}`);
    expect(subject.index.isKeyed).toBe(false);
    subject.check();
  });

  it("stays with the sampled hash while the platform has no room for another table", () => {
    const subject = new Subject(7);
    for (let id = 0; id < 20; id += 1) subject.insert(`user:${id}`);
    vi.stubGlobal("Int32Array", function refuse() {
      throw new RangeError("Array buffer allocation failed");
    });
    try {
      for (let id = 0; id < 11; id += 1) subject.insert(crafted(id));
      for (let id = 0; id < 20; id += 1) subject.rename(`user:${id}`, crafted(11 + id));
    } finally {
      vi.unstubAllGlobals();
    }
    expect(subject.index.isKeyed).toBe(false);
    subject.check();
    for (let id = 31; id < 50; id += 1) subject.insert(crafted(id));
    expect(subject.index.isKeyed).toBe(true);
    subject.check();
  });

  it("goes over to the keyed hash also while a full store gives slots from key to key", () => {
    const subject = new Subject(7);
    for (let id = 0; id < 500; id += 1) subject.insert(`user:${id}`);
    for (let id = 0; id < 500; id += 1) subject.rename(`user:${id}`, crafted(id));
    expect(subject.index.isKeyed).toBe(true);
    subject.check();
  });

  it("goes over to the keyed hash when somebody floods it, and loses nothing on the way", () => {
    const subject = new Subject(7);
    for (let id = 0; id < 5_000; id += 1) subject.insert(`user:${id}`);
    expect(subject.index.isKeyed).toBe(false);
    let insertedCount = 0;
    while (!subject.index.isKeyed && insertedCount < 5_000) subject.insert(crafted(insertedCount++));
    // 64 collisions are borne; the 12th key has met that many others already.
    expect(insertedCount).toBeLessThan(40);
    subject.check();
    for (let id = insertedCount; id < 5_000; id += 1) subject.insert(crafted(id));
    subject.check();
    for (let id = 0; id < 5_000; id += 2) subject.remove(crafted(id));
    for (let id = 0; id < 5_000; id += 3) subject.remove(`user:${id}`);
    subject.check();
  });

  it("goes over while the table is being replaced", () => {
    // Found by trying: at any of these sizes one of the floods meets a replacement.
    for (let before = 0; before < 200; before += 1) {
      const subject = new Subject(9);
      for (let id = 0; id < before; id += 1) subject.insert(`user:${id}`);
      for (let id = 0; id < 40; id += 1) subject.insert(crafted(id));
      expect(subject.index.isKeyed).toBe(true);
      subject.check();
    }
  });

  it("keeps the sampled hash for ordinary keys, however many", () => {
    const subject = new Subject(11);
    for (let id = 0; id < 200_000; id += 1) subject.insert(`user:${id}`);
    expect(subject.index.isKeyed).toBe(false);
  });

  it("tells apart keys that are alike: numbers, prototype names, case, trailing zero bytes, lone surrogates, 64 KiB", () => {
    const subject = new Subject(13);
    const huge = "k".repeat(65_536);
    const keys = [
      "1",
      "01",
      "1.0",
      "-0",
      "0",
      "__proto__",
      "constructor",
      "a",
      "A",
      "a\0",
      "a\0\0",
      "\ud800",
      "\udc00",
    ];
    keys.push("é", "e\u0301", huge, `${huge.slice(1)}j`, `j${huge.slice(1)}`);
    for (const key of keys) subject.insert(key);
    subject.check();
    expect(subject.model.size).toBe(keys.length);
    for (const key of keys) subject.remove(key);
    expect(subject.index.size).toBe(0);
  });
});
