import { describe, expect, it } from "vitest";
import { createFakeTime } from "../testing/fake-clock.ts";
import { CoherenceNode } from "./coherence-node.ts";
import type { CopyProof } from "./copy-proof.ts";

/** A node of a store with four shards; the first letter of a key is its shard. */
function createNode() {
  const time = createFakeTime();
  const ended: string[] = [];
  const node = new CoherenceNode({
    shardCount: 4,
    shardOf: (key) => Number(key[0]),
    isWithin: () => true,
    maxStalenessMs: 2_000,
    clock: time.clock,
    scheduler: time.scheduler,
    sink: {
      dropOlder: () => undefined,
      holdsCopy: () => true,
      dropCopy: () => undefined,
      dropTags: () => undefined,
      dropNamespace: () => undefined,
      dropAll: () => void ended.push("all"),
    },
    tier: { heads: () => new Promise(() => undefined), join: async () => undefined },
  });
  const read = (key: string, head: number) => {
    const ticket = node.begin(key);
    const stamp = { shard: Number(key[0]), head, epoch: "e" };
    return { answer: () => node.keep(ticket, stamp, { version: head, tags: [] }) };
  };
  return { node, ended, read };
}

function isServable(node: CoherenceNode, proof: CopyProof): boolean {
  return node.isServable("0", {
    ...proof,
    version: proof.head,
    expiresAt: Number.POSITIVE_INFINITY,
    tags: [],
    useCount: 0,
  });
}

describe("a node that hears which shards were changed, and not which keys", () => {
  it("serves no copy of those that may be older, and keeps no answer that may be, and leaves the others alone", async () => {
    const { node, ended, read } = createNode();
    await node.join();
    const [onItsWay, elsewhere, unknown] = [
      read("0 on its way", 7),
      read("1 on its way", 5),
      read("2 on its way", 100),
    ];
    const copies = [read("0", 5), read("0", 9), read("1", 5), read("2", 5)].map(({ answer }) => answer());
    node.receive({
      ...{ kind: "dirty", shardCount: 4 },
      shards: [
        { shard: 0, head: 8 },
        { shard: 2, head: undefined },
      ],
    });
    expect(copies.map((copy) => copy !== undefined && isServable(node, copy))).toEqual([false, true, true, false]);
    const kept = [onItsWay, elsewhere, unknown].map(({ answer }) => answer() !== undefined);
    expect(kept).toEqual([false, true, false]);
    expect(ended).toEqual([]);
    node.close();
  });

  it("takes shards of other numbers for everything", async () => {
    for (const message of [
      { shardCount: 8, shards: [{ shard: 0, head: 8 }] },
      { shardCount: 4, shards: [{ shard: 4, head: 8 }] },
    ]) {
      const { node, ended, read } = createNode();
      await node.join();
      const copy = read("1", 50).answer();
      node.receive({ kind: "dirty", ...message });
      expect([copy !== undefined && isServable(node, copy), ended]).toEqual([false, ["all"]]);
      node.close();
    }
  });

  it("says of its own keys in which shard they are", () => {
    expect(createNode().node.homeOf("3 x")).toEqual({ shard: 3, shardCount: 4 });
  });
});
