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
    fetch: async () => {
      const answer = queue.shift();
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
      page.text("requests"),
      page.text("ratio"),
      page.text("keys"),
      page.text("memory"),
      page.text("uptime"),
    ]).toEqual(["4", "75%", "1,234", "1.5 KB", "1d 1h"]);
    expect(page.text("rate")).toBe("0 per second");
    await page.next();
    expect(page.text("rate")).toBe("10 per second");
    expect(page.node("line").attributes["points"]).toBe("58,100.00 59,4.00");
    expect(page.node("state").dataset["state"]).toBe("live");
  });

  it("says when the node is gone, and goes on asking", async () => {
    const page = await openPage([]);
    expect(page.node("state").dataset["state"]).toBe("lost");
    await page.next();
    expect(page.text("state")).toContain("Trying again");
  });
});
