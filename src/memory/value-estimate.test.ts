import { describe, expect, it } from "vitest";
import { stringBytes } from "./leaf-estimate.ts";
import { estimateValueBytes } from "./value-estimate.ts";

interface Linked {
  readonly index: number;
  next?: Linked | undefined;
  previous?: Linked | undefined;
}

function list<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

describe("the estimate of large values with shared parts", () => {
  it("counts a parent that all children refer to once", () => {
    const tree = (count: number): object => {
      const root: { children: object[] } = { children: [] };
      root.children = list(count, (id) => ({ id, parent: root }));
      return root;
    };
    expect(estimateValueBytes(tree(1_500)) / estimateValueBytes(tree(300))).toBeCloseTo(5, 0);
  });

  it.each(["array", "map"])("counts an object that all rows of an %s share once", (kind) => {
    const shared = list(300, (id) => ({ id, name: `name ${id}` }));
    const rows = list(2_000, (id) => ({ id, shared }));
    const value = kind === "map" ? new Map(rows.entries()) : rows;
    const apart = estimateValueBytes(list(300, (id) => ({ id, name: `name ${id}` })));
    const bare = kind === "map" ? 2_000 * (40 + 48) : 2_000 * (8 + 48);
    expect(estimateValueBytes(value) / (bare + apart)).toBeGreaterThan(0.8);
    expect(estimateValueBytes(value) / (bare + apart)).toBeLessThan(1.25);
  });

  it("counts an object that neighbours share as often as there are groups of them", () => {
    const groups = list(2_000, (index) => ({ text: `group ${index} ${"x".repeat(1_000)}` }));
    const rows = list(20_000, (index) => ({ index, group: groups[Math.floor(index / 10)] }));
    const real = 20_000 * (8 + 48) + 2_000 * (40 + 1_028);
    expect(estimateValueBytes(rows) / real).toBeGreaterThan(0.7);
    expect(estimateValueBytes(rows) / real).toBeLessThan(2.5);
  });

  it("counts neighbours that refer to each other once", () => {
    const nodes: Linked[] = list(100_000, (index) => ({ index }));
    for (const [index, node] of nodes.entries()) {
      node.next = nodes[index + 1];
      node.previous = nodes[index - 1];
    }
    const real = 100_000 * (8 + 24 + 3 * 8);
    expect(estimateValueBytes(nodes) / real).toBeGreaterThan(0.9);
    expect(estimateValueBytes(nodes) / real).toBeLessThan(1.1);
  });

  it("sees properties at any place of wide rows", () => {
    const wide = list(3_000, (id) => ({ id, a: 1, b: 2, c: 3, d: 4, e: 5, text: `${id}`.padEnd(1_000), f: 6, g: 7 }));
    const real = 3_000 * (8 + 24 + 9 * 8 + 1_016);
    expect(estimateValueBytes(wide) / real).toBeGreaterThan(0.8);
    expect(estimateValueBytes(wide) / real).toBeLessThan(1.2);
  });
});

describe("the estimate of property names", () => {
  const name = (index: number): string => `a name of a property, number ${index}`;

  it.each([100, 100_000])("counts the names of a dictionary of %d properties", (count) => {
    const dictionary = Object.fromEntries(list(count, (index) => [name(index), index]));
    expect(estimateValueBytes(dictionary)).toBeGreaterThan(count * stringBytes(name(0)) * 0.9);
    expect(estimateValueBytes(dictionary)).toBeLessThan(count * (stringBytes(name(0)) + 80));
  });

  it("counts names of tables that share them once", () => {
    const table = (): object => Object.fromEntries(list(100, (index) => [name(index), index]));
    const one = estimateValueBytes(table());
    expect(estimateValueBytes([table(), table()])).toBe(2 * one - 100 * stringBytes(name(0)) + 32 + 16 + 2 * 8);
  });

  it("counts no names of objects that have a common shape", () => {
    for (const count of [20, 5_000]) {
      const row = (): object => Object.fromEntries(list(30, (index) => [name(index), index]));
      const real = count * (8 + 24 + 30 * 8);
      expect(estimateValueBytes(list(count, row)) / real).toBeGreaterThan(0.9);
      expect(estimateValueBytes(list(count, row)) / real).toBeLessThan(1.1);
    }
  });
});
