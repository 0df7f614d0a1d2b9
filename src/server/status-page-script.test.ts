import { createContext, runInContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { STATUS_PAGE_SCRIPT } from "./status-page-script.ts";

interface PageNode {
  textContent: string;
  dataset: Record<string, string>;
  attributes: Record<string, string>;
  setAttribute(name: string, value: string): void;
}

/** Runs the page's script against a document that only remembers, and a clock that the test moves. */
async function openPage(
  answers: readonly unknown[],
  health?: unknown,
): Promise<{ text: (id: string) => string; node: (id: string) => PageNode; next: () => Promise<void> }> {
  const nodes = new Map<string, PageNode>();
  const node = (id: string): PageNode => {
    let found = nodes.get(id);
    if (found === undefined) {
      const created: PageNode = {
        textContent: "",
        dataset: {},
        attributes: {},
        setAttribute: (name, value) => void Object.assign(created.attributes, { [name]: value }),
      };
      found = created;
      nodes.set(id, found);
    }
    return found;
  };
  let nowMs = 0;
  let scheduled: (() => void) | undefined;
  const queue = [...answers];
  const context = createContext({
    document: { hidden: false, getElementById: node },
    performance: { now: () => nowMs },
    AbortSignal,
    Intl: {
      NumberFormat: class {
        #format: Intl.NumberFormat;
        constructor(_locale: unknown, options: Intl.NumberFormatOptions) {
          this.#format = new Intl.NumberFormat("en", options);
        }
        format(value: number): string {
          return this.#format.format(value);
        }
      },
    },
    setTimeout: (task: () => void) => {
      scheduled = task;
    },
    fetch: async (path: string) => {
      const answer = path === "/v1/health" ? health : queue.shift();
      if (answer === undefined) throw new Error("gone");
      return { ok: true, json: async () => answer };
    },
  });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  runInContext(STATUS_PAGE_SCRIPT, context);
  await settle();
  return {
    node,
    text: (id) => node(id).textContent,
    next: async () => {
      nowMs += 1_000;
      scheduled?.();
      await settle();
    },
  };
}

const STATS = {
  hits: 3,
  misses: 1,
  sets: 2,
  deletes: 0,
  evictions: 0,
  loads: 1,
  loadFailures: 0,
  keyCount: 1_234,
  memoryUsage: 1_536,
  uptime: 90_061_000,
  hitRatio: 0.75,
};

describe("the status page", () => {
  it("shows the counters and the rate between two polls", async () => {
    const page = await openPage([STATS, { ...STATS, hits: 13 }]);
    expect([
      page.text("reads"),
      page.text("ratio"),
      page.text("keys"),
      page.text("memory"),
      page.text("uptime"),
    ]).toEqual(["4", "75.0%", "1,234", "1.5 KB", "1d 1h"]);
    // One count is no rate: a zero would be a dent in the curve that never was.
    expect([page.text("rate"), page.node("line").attributes["points"]]).toEqual(["– per second", ""]);
    await page.next();
    expect(page.text("rate")).toBe("10 per second");
    expect(page.node("line").attributes["points"]).toBe("59,4.00");
    expect(page.node("state").dataset["state"]).toBe("live");
  });

  it("writes the same kind of number everywhere", async () => {
    const page = await openPage([STATS, { ...STATS, hits: 3_534 }, { ...STATS, hits: 3_537 }]);
    await page.next();
    expect([page.text("rate"), page.text("top")]).toEqual([
      "3,531 per second",
      "Highest in the last minute: 3,531 per second",
    ]);
    await page.next();
    expect(page.text("rate")).toBe("3.0 per second");
  });

  it("draws nothing between the counts of two lives of the counters", async () => {
    const page = await openPage([STATS, { ...STATS, hits: 0 }, { ...STATS, hits: 5 }]);
    await page.next();
    expect([page.text("rate"), page.node("line").attributes["points"]]).toEqual(["– per second", ""]);
    await page.next();
    expect(page.text("rate")).toBe("5.0 per second");
  });

  it("tells the health, and which store ails", async () => {
    const up = await openPage([STATS], { status: "up", checks: [{ name: "memory", status: "up", latencyMs: 0 }] });
    expect([up.text("health"), up.text("checks")]).toEqual(["up", "memory"]);
    const checks = [
      { name: "memory", status: "up" },
      { name: "redis", status: "down", message: "refused" },
    ];
    const page = await openPage([STATS], { status: "degraded", checks });
    expect([page.text("health"), page.text("checks")]).toEqual(["degraded", "redis: refused"]);
    expect(page.node("health").dataset["status"]).toBe("degraded");
    await page.next();
    expect(page.text("health")).toBe("unknown");
  });

  it("says when the node is gone, and goes on asking", async () => {
    const page = await openPage([]);
    expect(page.node("state").dataset["state"]).toBe("lost");
    await page.next();
    expect(page.text("state")).toContain("Trying again");
  });
});
