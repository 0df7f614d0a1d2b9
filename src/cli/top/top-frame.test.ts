import { describe, expect, it } from "vitest";
import { changedLines } from "./terminal-screen.ts";
import { renderTop, spark } from "./top-frame.ts";
import { firstView, nextView, ratesBetween, type TopSample, type TopView } from "./top-view.ts";

function sampleOf(atMs: number, reads: number, more: object = {}): TopSample {
  const stats = {
    ...{
      hits: reads * 0.75,
      misses: reads * 0.25,
      sets: reads / 10,
      deletes: 0,
      evictions: 5,
      loads: 0,
      loadFailures: 0,
    },
    ...{ staleServed: 0, keyCount: 12_345, memoryUsage: 2_097_152, uptime: 60_000 + atMs, hitRatio: 0.75 },
    ...{ pendingWrites: undefined, coherence: undefined },
    tiers: [{ name: "memory", keyCount: 12_345, memoryUsage: 2_097_152, evictions: 5, connections: undefined }],
    ...more,
  };
  const health = { status: "up", checks: [{ name: "memory", status: "up", latencyMs: 0.01 }] };
  return { atMs, latencyMs: 1.5, stats, health } as unknown as TopSample;
}

const PEERS = Array.from({ length: 30 }, (_, index) => ({
  ...{ id: `p${index}`, address: `10.0.0.${index}:7412`, transport: "grpc", silentMs: 5, queuedCount: 0 },
  state: index === 0 ? "lost" : "connected",
}));
const COHERENCE = {
  ...{
    maxStalenessMs: 2_000,
    isProvable: true,
    probeAgeMs: 400,
    probes: 3,
    probeFailures: 0,
    repairs: 0,
    epochChanges: 0,
  },
  ...{ refusedCopies: 0, messagesReceived: 0, messagesSent: 0, gaps: 0, pendingAcks: 0, peers: PEERS },
};

function viewOf(more: object = {}): TopView {
  return nextView(firstView("127.0.0.1:7411", 1_000, sampleOf(0, 0, more)), sampleOf(2_000, 4_000, more));
}
const textOf = (view: TopView, columns = 80, rows = 24): string =>
  renderTop(view, { columns, rows })
    .map(({ text }) => text)
    .join("\n");

describe("the rates of top", () => {
  it("are changes a second between two samples", () => {
    expect(viewOf().rates).toMatchObject({ reads: 2_000, sets: 200, evictions: 0, hitRatio: 0.75 });
  });

  it("are unknown when the node was restarted between, whose counters begin anew", () => {
    expect(ratesBetween(sampleOf(5_000, 900), sampleOf(6_000, 10, { uptime: 100 }))).toBeUndefined();
    expect(nextView(viewOf(), sampleOf(9_000, 10, { uptime: 100 })).history).toEqual([]);
  });
});

describe("the screen of top", () => {
  it("shows throughput, hits, memory, stores and tiers at 80 × 24", () => {
    const text = textOf(viewOf());
    for (const words of [
      "gocachex top  127.0.0.1:7411",
      "q quits",
      "up, answers in 1.50 ms",
      "2,000/s",
      "hit ratio 75.0 % now, 75.0 % in all",
      "12,345",
      "2 MB",
    ])
      expect(text).toContain(words);
    expect(text).toMatch(/memory +up +10 µs/);
    expect(text).toMatch(/memory +12,345 +2 MB +5 +-/);
  });

  it("shows coherence and its peers, those that are lost in another colour", () => {
    const lines = renderTop(viewOf({ coherence: COHERENCE }), { columns: 100, rows: 100 });
    expect(lines.find(({ text }) => text.startsWith("10.0.0.0:7412"))).toMatchObject({ colour: "yellow" });
    expect(lines.filter(({ text }) => text.includes("connected"))).toHaveLength(29);
    expect(textOf(viewOf({ coherence: COHERENCE }), 100, 100)).toContain("nothing older than 2.00 s");
  });

  it("fits every size of terminal, and says how much it leaves out", () => {
    const view = viewOf({ coherence: COHERENCE });
    for (let rows = 1; rows <= 60; rows += 1) {
      for (const columns of [1, 2, 10, 40, 80, 200]) {
        const lines = renderTop(view, { columns, rows });
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const { text } of lines) expect(text.length).toBeLessThanOrEqual(columns);
      }
    }
    expect(textOf(view, 80, 24)).toMatch(/… \d+ more lines in a higher window$/);
  });

  it("shows no control characters of names that come from elsewhere", () => {
    const view = { ...viewOf(), target: "a\u001b[2J\u009b" };
    expect(textOf(view)).not.toMatch(/[^\P{Cc}\n]/u);
  });

  it("says that nobody answers, and that it is held still", () => {
    expect(textOf({ ...viewOf(), outage: "gone" })).toContain("no answer: gone");
    expect(textOf({ ...viewOf(), isPaused: true })).toContain("paused");
  });
});

describe("the line of reads", () => {
  it("is as high as its highest, newest at the right, and empty without reads", () => {
    expect(spark([0, 5, 10], 80)).toBe("▁▅█");
    expect(spark([1, 2, 10, 10], 2)).toBe("██");
    expect(spark([0, 0], 80)).toBe("");
    expect(spark([1], 0)).toBe("");
  });
});

describe("what is written to the terminal", () => {
  it("is only the lines that changed, and nothing when none did", () => {
    expect(changedLines(["a", "b", "c"], ["a", "B"])).toBe("\u001b[2;1HB\u001b[0m\u001b[K\u001b[3;1H\u001b[0m\u001b[K");
    expect(changedLines(["a"], ["a"])).toBe("");
  });
});
