import { describe, expect, it } from "vitest";
import { FreshnessTable } from "./freshness-table.ts";
import { RecentChanges } from "./recent-changes.ts";
import { type StoredCopy, StoredProofs } from "./stored-proofs.ts";

const D = 1_000;

/** A table of one shard of the life "e", that followed it from 100 on, and was proven at 5,000 ms. */
function followed(): FreshnessTable {
  const table = new FreshnessTable(1, D, false, 16);
  table.applyHeads([{ shard: 0, head: 100, epoch: "e" }], [0], 4_000);
  table.applyTagHead(50, 0, 4_000);
  table.applyChange(0, 100, 110, ["a"]);
  table.applyChange(0, 110, 120, ["b"]);
  table.applyTags(50, 55);
  table.applyHeads([{ shard: 0, head: 120, epoch: "e" }], [120], 5_000);
  table.applyTagHead(55, 55, 4_900);
  return table;
}

const COPY: StoredCopy = { epoch: "e", head: 110, tagHead: 0, version: 110, tags: [] };

describe("a copy that lies elsewhere", () => {
  it("is proven as long as its shard is, and no longer", () => {
    const proofs = new StoredProofs(followed(), D);
    expect(proofs.provenAtMs("a", 0, COPY, 5_500)).toBe(5_000);
    expect(proofs.provenAtMs("a", 0, COPY, 6_000)).toBe(5_000);
    expect(proofs.provenAtMs("a", 0, COPY, 6_001)).toBeUndefined();
  });

  it.each<[string, string, Partial<StoredCopy>]>([
    ["was changed since", "b", { version: 105 }],
    ["is of another life", "a", { epoch: "other" }],
    ["is of a head that this process never had", "a", { head: 115 }],
    ["is of before all that this process knows", "a", { head: 90, version: 90 }],
    ["is of a head that is still to come", "a", { head: 130 }],
    ["has a version that another key was given", "c", { head: 120, version: 110 }],
    ["has a tag, and nobody knows since when", "a", { tags: ["t"], tagHead: 40 }],
  ])("is not proven when it %s", (_, key, more) => {
    const proofs = new StoredProofs(followed(), D);
    expect(proofs.provenAtMs(key, 0, { ...COPY, ...more }, 5_500)).toBeUndefined();
  });

  it("is not proven once this process has lost its shard", () => {
    const table = followed();
    const proofs = new StoredProofs(table, D);
    table.loseData(0, 90);
    expect(proofs.provenAtMs("a", 0, COPY, 5_500)).toBeUndefined();
  });

  it("has its tags proven as well, and is as old as the older proof", () => {
    const table = followed();
    const proofs = new StoredProofs(table, D);
    const tagged = { ...COPY, tags: ["t"], tagHead: 55 };
    expect(proofs.provenAtMs("a", 0, tagged, 5_500)).toBe(4_900);
    expect(proofs.provenAtMs("a", 0, tagged, 5_950)).toBeUndefined();
    expect(proofs.provenAtMs("a", 0, { ...tagged, tagHead: 50 }, 5_500)).toBeUndefined();
    table.applyChange(1, 55, 60, ["other"]);
    expect(proofs.provenAtMs("a", 0, tagged, 5_500)).toBe(4_900);
    table.applyChange(1, 60, 65, ["t"]);
    expect(proofs.provenAtMs("a", 0, tagged, 5_500)).toBeUndefined();
  });

  it("is not proven against an absence that was seen, which may be the end of a tag, until its tags are proven later too", () => {
    const table = followed();
    const proofs = new StoredProofs(table, D);
    const tagged = { ...COPY, tags: ["t"], tagHead: 55 };
    proofs.noteKey("a", 0, 121, 5_100);
    table.applyHeads([{ shard: 0, head: 120, epoch: "e" }], [120], 5_200);
    expect(proofs.provenAtMs("a", 0, tagged, 5_300)).toBeUndefined();
    table.applyTagHead(55, 55, 5_250);
    expect(proofs.provenAtMs("a", 0, tagged, 5_300)).toBe(5_200);
  });

  it("is not proven against what this process knows otherwise, until a probe is later than that", () => {
    const table = followed();
    const proofs = new StoredProofs(table, D);
    proofs.noteKey("a", 0, Number.POSITIVE_INFINITY, 5_100);
    expect(proofs.provenAtMs("a", 0, COPY, 5_200)).toBeUndefined();
    table.applyHeads([{ shard: 0, head: 120, epoch: "e" }], [120], 5_300);
    expect(proofs.provenAtMs("a", 0, COPY, 5_400)).toBe(5_300);
    proofs.noteKey("a", 0, 125, 5_500);
    expect(proofs.provenAtMs("a", 0, COPY, 5_600)).toBeUndefined();
    proofs.noteKey("b", 0, 120, 5_500);
    expect(proofs.provenAtMs("b", 0, { ...COPY, head: 120, version: 120 }, 5_600)).toBe(5_300);
    proofs.noteAll(5_700);
    expect(proofs.provenAtMs("b", 0, { ...COPY, head: 120, version: 120 }, 5_800)).toBeUndefined();
  });
});

describe("what was heard of lately", () => {
  it("is remembered for as long as a proof lasts, at least, and then forgotten", () => {
    const recent = new RecentChanges(D);
    recent.note("a", 50, 10_000);
    recent.note("b", 50, 10_999);
    expect(recent.allows("a", 49, 9_999)).toBe(false);
    expect(recent.allows("a", 50, 9_999)).toBe(true);
    recent.note("b", 60, 11_500);
    expect(recent.allows("a", 49, 9_999)).toBe(false);
    expect(recent.allows("b", 59, 11_499)).toBe(false);
    recent.note("c", 1, 12_600);
    recent.note("c", 1, 13_700);
    expect(recent.allows("a", 49, 9_999)).toBe(true);
  });

  it("keeps the largest version and the latest instant", () => {
    const recent = new RecentChanges(D);
    recent.note("a", Number.POSITIVE_INFINITY, 100);
    recent.note("a", 50, 200);
    expect(recent.allows("a", 60, 150)).toBe(false);
    expect(recent.allows("a", 60, 200)).toBe(true);
  });

  it("counts everything as changed when there is too much of it", () => {
    const recent = new RecentChanges(D);
    for (let index = 0; index < 16_385; index += 1) recent.note(`key ${index}`, 1, 100);
    expect(recent.allows("unheard of", 1_000, 99)).toBe(false);
    expect(recent.allows("unheard of", 0, 100)).toBe(true);
  });
});
