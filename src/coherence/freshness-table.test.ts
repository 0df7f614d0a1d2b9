import { describe, expect, it } from "vitest";
import { FreshnessTable } from "./freshness-table.ts";
import { NO_TAGS, type ProvableCopy, UNKNOWN_AGE } from "./provable-copy.ts";

const D = 2_000;
const TAGS = 2;

function copyAt(head: number, readAtMs: number, more: Partial<ProvableCopy> = {}): ProvableCopy {
  return { shard: 0, head, readAtMs, tagHead: NO_TAGS, generation: 0, age: UNKNOWN_AGE, tagAge: UNKNOWN_AGE, ...more };
}

/** A table of two shards. */
function createTable(): FreshnessTable {
  return new FreshnessTable(2, D);
}

function probe(
  table: FreshnessTable,
  head: number,
  sentAtMs: number,
  epoch = "e",
): ReturnType<FreshnessTable["applyHeads"]> {
  return table.applyHeads([{ shard: 0, head, epoch }], [table.seenOf(0)], sentAtMs);
}

describe("a copy", () => {
  it("is proven by its own read for as long as the bound, and not a millisecond longer", () => {
    const table = createTable();
    expect(table.isProven(copyAt(10, 1_000), 1_000 + D)).toBe(true);
    expect(table.isProven(copyAt(10, 1_000), 1_001 + D)).toBe(false);
  });

  it("is proven by a probe that finds nothing but what was applied", () => {
    const table = createTable();
    probe(table, 10, 5_000);
    expect(table.isProven(copyAt(10, 0), 5_000 + D)).toBe(true);
    expect(table.isProven(copyAt(10, 0), 5_001 + D)).toBe(false);
    expect(table.isProven(copyAt(9, 0), 5_000)).toBe(false);
  });

  it("is not proven by the probe of another shard", () => {
    const table = createTable();
    probe(table, 10, 5_000);
    expect(table.isProven(copyAt(10, 0, { shard: 1 }), 5_000)).toBe(false);
  });

  it("stays proven over changes that were heard of in a chain", () => {
    const table = createTable();
    probe(table, 10, 1_000);
    table.applyChange(0, 10, 14);
    table.applyChange(0, 14, 20);
    expect(probe(table, 20, 9_000).owed).toEqual([]);
    expect(table.isProven(copyAt(10, 0), 9_000)).toBe(true);
  });

  it("is proven although changes were heard of in another order", () => {
    const table = createTable();
    probe(table, 10, 1_000);
    table.applyChange(0, 14, 20);
    expect(probe(table, 20, 9_000).owed).toEqual([0]);
    expect(table.isProven(copyAt(10, 0), 9_000)).toBe(false);
    table.applyChange(0, 10, 14);
    expect(table.isProven(copyAt(10, 0), 9_000)).toBe(true);
  });

  it("is no longer proven once changes stay unheard of; one that was read after them is", () => {
    const table = createTable();
    probe(table, 10, 1_000);
    expect(probe(table, 20, 9_000).owed).toEqual([0]);
    expect(table.isProven(copyAt(20, 0), 9_000)).toBe(false);
    table.settle(0);
    expect(table.isProven(copyAt(10, 0), 9_000)).toBe(false);
    expect(table.isProven(copyAt(20, 0), 9_000)).toBe(true);
  });

  it("is not proven by a change whose predecessor nobody named", () => {
    const table = createTable();
    probe(table, 10, 1_000);
    table.applyChange(0, undefined, 20);
    expect(probe(table, 20, 9_000).owed).toEqual([0]);
  });

  it("keeps a change that was heard of before the first probe", () => {
    const table = createTable();
    table.applyChange(0, 10, 14);
    table.applyHeads([{ shard: 0, head: 10, epoch: "e" }], [0], 1_000);
    expect(probe(table, 14, 2_000).owed).toEqual([]);
  });

  it("is over when the shard's data is another, or has lost what was seen", () => {
    const table = createTable();
    probe(table, 10, 1_000);
    expect(probe(table, 12, 2_000, "other").renewed).toEqual([0]);
    expect(table.isProven(copyAt(10, 2_000), 2_000)).toBe(false);
    expect(table.isProven(copyAt(12, 0, { generation: 1 }), 2_000)).toBe(true);
    expect(probe(table, 11, 3_000, "other").renewed).toEqual([0]);
    expect(table.isProven(copyAt(12, 3_000, { generation: 1 }), 3_000)).toBe(false);
  });

  it("is not over because an answer is older than what was heard since its question was sent", () => {
    const table = createTable();
    probe(table, 10, 1_000);
    const seenAtSend = table.seenOf(0);
    table.applyChange(0, 10, 14);
    expect(table.applyHeads([{ shard: 0, head: 10, epoch: "e" }], [seenAtSend], 2_000)).toEqual({
      owed: [],
      renewed: [],
    });
    expect(table.generationOf(0)).toBe(0);
  });

  it("is over when a read is answered by other data", () => {
    const table = createTable();
    expect(table.admit({ shard: 0, head: 10, epoch: "e" }, 0)).toBe(true);
    expect(table.admit({ shard: 0, head: 11, epoch: "e" }, 10)).toBe(true);
    expect(table.admit({ shard: 0, head: 10, epoch: "e" }, 11)).toBe(false);
    expect(table.generationOf(0)).toBe(1);
    expect(table.admit({ shard: 0, head: 20, epoch: "f" }, 10)).toBe(false);
  });
});

describe("a copy of a shard of which keys were changed that nobody names", () => {
  it("is over when it was read below the head that is told, though its own read is young; one that has the change is not, nor one of another shard", () => {
    const table = createTable();
    probe(table, 10, 5_000);
    table.applyHeads([{ shard: 1, head: 10, epoch: "e" }], [0], 5_000);
    const [below, above] = [copyAt(10, 5_000), copyAt(12, 5_000)];
    const other = copyAt(10, 5_000, { shard: 1 });
    expect([below, above, other].map((copy) => table.isProven(copy, 5_100))).toEqual([true, true, true]);
    table.doubt(0, 12, 5_100);
    expect([below, above, other].map((copy) => table.isProven(copy, 5_100))).toEqual([false, true, true]);
  });

  it("is over too when the head is one that the changes that were heard of have led to", () => {
    const table = createTable();
    probe(table, 10, 5_000);
    const copy = copyAt(9, 5_000);
    table.applyChange(0, 10, 12);
    table.doubt(0, 11, 5_100);
    expect(table.isProven(copy, 5_100)).toBe(false);
    // What is told of once more goes on.
    expect(table.applyChange(0, 12, 14)).toBe(true);
    expect(table.isProven(copyAt(14, 0), 5_200)).toBe(true);
  });

  it("may be proven by its own read, whatever its head says, when that was sent after it was told", () => {
    const table = createTable();
    table.doubt(0, 12, 5_100);
    expect(table.isProven(copyAt(11, 5_100), 5_200)).toBe(false);
    expect(table.isProven(copyAt(Number.NEGATIVE_INFINITY, 5_101), 5_200)).toBe(true);
  });

  it("is over when no head is told, and the next one begins anew", () => {
    const table = createTable();
    probe(table, 10, 5_000);
    const copy = copyAt(10, 5_000);
    table.doubt(0, undefined, 5_100);
    expect([table.isProven(copy, 5_100), table.generationOf(0), table.generationOf(1)]).toEqual([false, 1, 0]);
    expect(table.isProven(copyAt(10, 5_100, { generation: 1 }), 5_200)).toBe(true);
  });

  it("shows a store that has lost what was told", () => {
    const table = createTable();
    probe(table, 10, 5_000);
    table.doubt(0, 12, 5_100);
    expect(probe(table, 11, 5_200).renewed).toEqual([0]);
    expect(table.isProven(copyAt(11, 5_000, { generation: 1 }), 5_300)).toBe(true);
  });
});

describe("a copy with tags", () => {
  it("needs the clock of tags as well", () => {
    const table = createTable();
    probe(table, 10, 5_000);
    const copy = copyAt(10, 0, { tagHead: 7 });
    expect(table.isProven(copy, 5_000)).toBe(false);
    expect(table.applyTagHead(7, 0, 5_000)).toBe("known");
    expect(table.isProven(copy, 5_000)).toBe(true);
    expect(table.isProven(copyAt(10, 0, { tagHead: 6 }), 5_000)).toBe(false);
  });

  it("is not proven while invalidations are missing", () => {
    const table = createTable();
    probe(table, 10, 5_000);
    table.applyTagHead(7, 0, 5_000);
    expect(table.applyTagHead(9, table.seenOf(TAGS), 8_000)).toBe("owed");
    probe(table, 10, 8_000);
    const copy = copyAt(10, 0, { tagHead: 7 });
    expect(table.isProven(copy, 8_000)).toBe(false);
    table.applyTags(7, 9);
    expect(table.isProven(copy, 8_000)).toBe(true);
  });

  it("is over, and so are all, when the clock of tags is another one, though it stands higher", () => {
    const table = createTable();
    probe(table, 10, 5_000);
    expect(table.applyTagHead(7, 0, 5_000, "first")).toBe("known");
    const copy = copyAt(10, 0, { tagHead: 7 });
    expect(table.isProven(copy, 5_000)).toBe(true);
    // What it lost was at 8, and 9 is told as following 7: to who did not hear of 8 the chain is whole.
    expect(table.applyTags(7, 9)).toBe(true);
    expect(table.applyTagHead(9, 9, 6_000, "second")).toBe("lost");
    expect([table.isProven(copy, 6_000), table.generationOf(0)]).toEqual([false, 1]);
    expect(table.applyTagHead(9, 9, 7_000, "second")).toBe("known");
    // A store that does not say it is the same as before.
    expect(table.applyTagHead(9, 9, 8_000)).toBe("known");
  });

  it("is over, and so are all, when the clock of tags went back", () => {
    const table = createTable();
    table.applyTagHead(7, 0, 5_000);
    expect(table.applyTagHead(3, table.seenOf(TAGS), 6_000)).toBe("lost");
    expect(table.isProven(copyAt(10, 6_000), 6_000)).toBe(false);
  });
});

describe("a process in the table of nodes", () => {
  it("serves nothing before it is in it, nor after it fell out", () => {
    const table = new FreshnessTable(1, D, true);
    expect(table.isProven(copyAt(10, 1_000), 1_000)).toBe(false);
    table.renewMembership(1_000);
    expect(table.isProven(copyAt(10, 1_000), 1_000 + D)).toBe(true);
    expect(table.isProven(copyAt(10, 2_000), 1_001 + D)).toBe(false);
  });

  it("serves no copy after its return that was proven before it", () => {
    const table = new FreshnessTable(1, D, true);
    table.renewMembership(1_000);
    table.renewMembership(5_000);
    expect(table.isProven(copyAt(10, 4_900), 5_000)).toBe(false);
    expect(table.isProven(copyAt(10, 5_000), 5_000)).toBe(true);
  });

  it("keeps its copies when it renews in time", () => {
    const table = new FreshnessTable(1, D, true);
    table.renewMembership(1_000);
    table.renewMembership(2_500);
    expect(table.isProven(copyAt(10, 2_000), 3_500)).toBe(true);
  });
});
