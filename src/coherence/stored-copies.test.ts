import { describe, expect, it } from "vitest";
import { createFakeTime } from "../testing/fake-clock.ts";
import { FreshnessTable } from "./freshness-table.ts";
import type { WorkTicket } from "./running-work.ts";
import { StoredCopies } from "./stored-copies.ts";
import { type StoredCopy, StoredProofs } from "./stored-proofs.ts";

const D = 1_000;
const COPY: StoredCopy = { epoch: "e", head: 100, tagHead: 0, version: 90, tags: [] };

/** Copies of one shard, which was proven `provenAgoMs` ago at head 120. */
function setUp(provenAgoMs: number) {
  const { clock, advance } = createFakeTime();
  const table = new FreshnessTable(1, D, false, 16);
  table.applyHeads([{ shard: 0, head: 100, epoch: "e" }], [0], clock.monotonicMs());
  table.applyTagHead(50, 0, clock.monotonicMs());
  table.applyChange(0, 100, 120, ["b"]);
  const asked: number[] = [];
  const served: (readonly [string, number])[] = [];
  const stored = new StoredCopies({
    ...{ proofs: new StoredProofs(table, D), table, clock },
    shardOf: () => 0,
    onAsked: (shard) => asked.push(shard),
    onServed: (key, version) => served.push([key, version]),
  });
  const provenAtMs = clock.monotonicMs();
  advance(provenAgoMs);
  return { stored, table, asked, served, provenAtMs };
}

describe("a copy that lies outside the process", () => {
  it("becomes one here that is as old as its proof, and has every change up to where its shard is", () => {
    const { stored, table, served, provenAtMs } = setUp(400);
    expect(stored.prove("a", COPY)).toMatchObject({
      ...{ shard: 0, head: 120, readAtMs: provenAtMs, tagHead: Number.POSITIVE_INFINITY },
      generation: table.generationOf(0),
    });
    expect(stored.prove("a", { ...COPY, tags: ["t"], tagHead: 50 })).toMatchObject({ tagHead: 50 });
    expect(served).toEqual([
      ["a", 90],
      ["a", 90],
    ]);
  });

  it("is asked for only where it can be proven, and makes its shard be asked for", () => {
    const [fresh, late] = [setUp(D), setUp(D + 1)];
    expect([fresh.stored.mayProve("a"), late.stored.mayProve("a")]).toEqual([true, false]);
    expect([fresh.asked, late.asked]).toEqual([[0], [0]]);
    expect([fresh.stored.isCurrent("a", COPY), late.stored.isCurrent("a", COPY)]).toEqual([true, false]);
    expect(late.stored.prove("a", COPY)).toBeUndefined();
    expect(late.served).toEqual([]);
  });

  it("is put with the stamp of its read, and not at all when nobody could prove it", () => {
    const { stored, table } = setUp(0);
    const ticket = { shard: 0, generation: table.generationOf(0), tagHead: 50 } as WorkTicket;
    expect(stored.stamp(ticket, 110, "x", [])).toEqual({ epoch: "x", head: 110, tagHead: 0 });
    expect(stored.stamp(ticket, 110, undefined, ["t"])).toEqual({ epoch: "e", head: 110, tagHead: 50 });
    expect(stored.stamp({ ...ticket, tagHead: 0 }, 110, "x", ["t"])).toBeUndefined();
    expect(stored.stamp({ ...ticket, generation: -1 }, 110, "x", [])).toBeUndefined();
  });

  it("is put again, as of now, when half of what is remembered is younger than it", () => {
    const { stored, table } = setUp(0);
    const proof = { shard: 0 } as Parameters<typeof stored.isAging>[0];
    for (let version = 121; version < 128; version += 1) table.applyChange(0, version - 1, version, ["b"]);
    expect([stored.isAging(proof, COPY), stored.isAging(proof, { ...COPY, head: 121 })]).toEqual([true, false]);
    expect(stored.restamp(proof, COPY)).toEqual({ epoch: "e", head: 127, tagHead: 0 });
  });
});
