import { describe, expect, it } from "vitest";
import { FreshnessTable } from "./freshness-table.ts";
import { NO_TAGS, UNKNOWN_AGE } from "./provable-copy.ts";
import { OFF_CHAIN, ShardChain } from "./shard-chain.ts";

describe("the chain of a shard", () => {
  it("knows heads that it has led to, and that it begins from", () => {
    const chain = new ShardChain();
    chain.restart(50);
    expect(chain.step(60)).toBe(true);
    expect(chain.place(50, 60)).toBe(50);
    expect(chain.place(60, 60)).toBe(60);
    expect(chain.place(55, 60)).toBe(OFF_CHAIN);
  });

  it("must lead to the head of each copy that is ahead of it", () => {
    const chain = new ShardChain();
    chain.restart(50);
    expect(chain.place(70, 50)).toBe(70);
    expect(chain.step(70)).toBe(true);
    expect(chain.place(90, 70)).toBe(90);
    expect(chain.step(95)).toBe(false);
  });

  it("asks no more for heads below the one that it goes on from", () => {
    const chain = new ShardChain();
    chain.place(70, 0);
    chain.restart(80);
    expect(chain.step(90)).toBe(true);
  });

  it("takes only so many copies that are ahead", () => {
    const chain = new ShardChain();
    for (let head = 1; head <= 1_024; head += 1) expect(chain.place(head, 0)).toBe(head);
    expect(chain.place(2_000, 0)).toBe(OFF_CHAIN);
  });
});

describe("a table", () => {
  const copy = (head: number) => ({
    ...{ shard: 0, head, readAtMs: 0, tagHead: NO_TAGS, generation: 0, age: UNKNOWN_AGE, tagAge: UNKNOWN_AGE },
  });
  const probed = (): FreshnessTable => {
    const table = new FreshnessTable(1, 2_000);
    table.applyHeads([{ shard: 0, head: 50, epoch: "e" }], [0], 5_000);
    return table;
  };

  it("ends the life of data when a change follows a head that is older than the one that was applied", () => {
    const table = probed();
    expect(table.applyChange(0, 50, 100)).toBe(true);
    expect(table.isProven(copy(100), 5_001)).toBe(true);
    expect(table.applyChange(0, 50, 133)).toBe(false);
    expect(table.isProven(copy(100), 5_001)).toBe(false);
    expect(table.seenOf(0)).toBe(133);
  });

  it("ends it when a change passes over the head of a copy", () => {
    const table = probed();
    expect(table.placeHead(0, 100)).toBe(100);
    expect(table.applyChange(0, 50, 133)).toBe(false);
    expect(table.generationOf(0)).toBe(1);
  });

  it("ends everything when it is the clock of tags that went on from an older number", () => {
    const table = probed();
    table.applyTagHead(7, 0, 5_000);
    expect(table.applyTags(7, 9)).toBe(true);
    expect(table.applyTags(7, 11)).toBe(false);
    expect([table.generationOf(0), table.tagHead]).toEqual([1, 11]);
  });
});
