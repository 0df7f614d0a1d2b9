import { describe, expect, it } from "vitest";
import type { LiveDocument } from "../../observability/live/live-document.ts";
import { keyCell, spark } from "./frame-text.ts";
import { changedLines } from "./terminal-screen.ts";
import { renderTop } from "./top-frame.ts";
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
  return { atMs, latencyMs: 1.5, stats, health, live: undefined } as unknown as TopSample;
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

/** What a node with two Redis servers streams: one is away, and loads do not ask it. */
const TIMES = { count: 60, p50Ms: 0.21, p95Ms: 1.5, p99Ms: 4, maxMs: 12 };
const LIVE = {
  ...{ at: 1, name: "", backend: "redis", nearTier: null, events: [], slowCalls: [], slowLoads: [] },
  second: { latency: { ...TIMES, p50Ms: 0.3 } },
  operations: [
    { ...TIMES, operation: "get", backend: "redis", errorCount: 0, perSecond: 1_234 },
    { ...TIMES, operation: "set", backend: "redis", errorCount: 7, perSecond: 3.21 },
  ],
  loads: { runningCount: 1, breaker: "open", latency: { ...TIMES, p99Ms: 250 } },
  servers: [
    { backend: "redis", node: "10.0.0.2:6379", connection: "lost", breaker: "half-open", changedAt: 1 },
    { backend: "redis", node: "redis", connection: null, breaker: "open", changedAt: 1 },
    { backend: "memcached", node: "10.0.0.9:11211", connection: "connected", breaker: null, changedAt: 1 },
  ],
  hotKeys: {
    ...{ isWatching: true, sampledOneIn: 4, readCount: 9_000 },
    keys: Array.from({ length: 12 }, (_, index) => ({
      ...{ key: `user:${index}:${"x".repeat(index * 10)}`, namespace: index === 1 ? "shop/eu" : "" },
      ...{ ratio: 0.3 / (index + 1), errorRatio: 0, hitRatio: 0.99 },
    })),
  },
} as unknown as LiveDocument;

function liveView(more: object = {}): TopView {
  const view = viewOf(more);
  const checks = ["10.0.0.1:6379", "10.0.0.2:6379"].map((node, index) => ({
    ...{ name: `redis/${node}`, status: index === 0 ? "up" : "down", latencyMs: 0.4 },
    message: index === 0 ? undefined : "no answer",
  }));
  const health = { status: "degraded", checks } as unknown as TopSample["health"];
  return { ...view, sample: { ...view.sample, live: LIVE, health } };
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
    expect(text).toMatch(/memory +up +- +10 µs/);
    expect(text).toMatch(/memory +12,345 +2 MB +5 +-/);
  });

  it("shows coherence and its peers, those that are lost in another colour", () => {
    const lines = renderTop(viewOf({ coherence: COHERENCE }), { columns: 100, rows: 100 });
    expect(lines.find(({ text }) => text.startsWith("10.0.0.0:7412"))).toMatchObject({ colour: "yellow" });
    expect(lines.filter(({ text }) => text.includes("connected"))).toHaveLength(29);
    expect(textOf(viewOf({ coherence: COHERENCE }), 100, 100)).toContain("nothing older than 2.00 s");
  });

  it.each([
    ["without what a node streams", viewOf({ coherence: COHERENCE })],
    ["with it", liveView({ coherence: COHERENCE })],
  ])("fits every size of terminal %s, and says how much it leaves out", (_, view) => {
    for (const rows of [0, 1, 2, 3, 5, 8, 10, 13, 17, 21, 24, 30, 40, 41, 42, 60, 90]) {
      for (const columns of [1, 2, 10, 40, 59, 60, 80, 200]) {
        const lines = renderTop(view, { columns, rows });
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const { text } of lines) expect(text.length).toBeLessThanOrEqual(columns);
      }
    }
    const all = renderTop(view, { columns: 80, rows: 1_000 }).filter(({ text }) => text !== "").length;
    const shown = renderTop(view, { columns: 80, rows: 24 });
    expect(shown.at(-1)?.text).toBe(`… ${all - 23} more lines in a higher window`);
    // The line of reads is empty in the beginning; it is no less a line.
    expect(shown).toHaveLength(24);
  });

  it("shows latency percentiles, breakers and hot keys at 80 × 24, and at 120 × 40 all of them", () => {
    const small = textOf(liveView({ coherence: COHERENCE }), 80, 24);
    expect(small).toMatch(/calls, last minute +rate +p50 +p95 +p99 +longest +failed/);
    expect(small).toMatch(/redis get +1,234\/s +0\.21 ms +1\.50 ms +4\.00 ms +12\.0 ms +0\n/);
    expect(small).toMatch(/redis\/10\.0\.0\.2:6379 +down +half-open +0\.40 ms +no/);
    expect(small).toMatch(/loads +open +-/);
    expect(small).toMatch(/hot keys, one of 4 reads counted +of reads +hits/);
    expect(small).toMatch(/user:0: +30\.0 % +99\.0 %/);
    const large = textOf(liveView(), 120, 40);
    expect(large).toMatch(/loads +- +0\.21 ms +1\.50 ms +250\.0 ms/);
    expect(large).toContain("shop/eu user:1:");
    expect(large).toMatch(/redis\/10\.0\.0\.1:6379 +up +- +0\.40 ms/);
    expect(large).toMatch(/memcached\/10\.0\.0\.9:11211 +connected +- +-/);
    expect(large).not.toContain("more lines");
    // The store's own breaker is that of loads: it is told once.
    expect(large).not.toContain("redis/redis");
  });

  it("makes what fails stand out, and puts it first where there is not room for all", () => {
    const lines = renderTop(liveView(), { columns: 120, rows: 40 });
    const colourOf = (words: string): unknown => lines.find(({ text }) => text.startsWith(words))?.colour;
    expect(colourOf("redis/10.0.0.2")).toBe("red");
    expect(colourOf("redis/10.0.0.1")).toBeUndefined();
    expect(colourOf("redis set")).toBe("yellow");
    const at = (words: string): number => lines.findIndex(({ text }) => text.startsWith(words));
    expect(at("redis/10.0.0.2")).toBeLessThan(at("redis/10.0.0.1"));
    const crowded = textOf(liveView({ coherence: COHERENCE }), 80, 18);
    expect(crowded).toMatch(/down +half-open/);
    expect(crowded).not.toMatch(/10\.0\.0\.1:6379/);
  });

  it("names columns only above lines, however few rows there are", () => {
    const view = liveView({ coherence: COHERENCE });
    for (let rows = 1; rows <= 40; rows += 1) {
      const lines = renderTop(view, { columns: 80, rows });
      for (const [index, { text }] of lines.entries())
        if (/^(calls, last minute|store|tier|hot keys,) /.test(text)) expect(lines[index + 1]?.colour).not.toBe("bold");
    }
  });

  it("is lines instead of tables at 40 × 10, what fails first", () => {
    const text = textOf(liveView({ coherence: COHERENCE }), 40, 10);
    expect(text.split("\n")).toEqual([
      "gocachex top  127.0.0.1:7411",
      "degraded, answers in 1.50 ms",
      "…s/10.0.0.2:6379 down, breaker half-open",
      "loads breaker open",
      "reads 2,000/s  hits 75.0 %",
      "sets 200/s  evictions 0/s",
      "keys 12,345  memory 2 MB",
      "p50 0.30 ms  p95 1.50 ms  p99 4.00 ms",
      "peers 29 of 30",
      expect.stringMatching(/^… \d+ more lines in a higher window$/),
    ]);
    const well = textOf(viewOf({ coherence: undefined }), 40, 10);
    expect(well).toContain("loads 0/s  failed 0/s");
    const hot = textOf({ ...viewOf(), sample: { ...viewOf().sample, live: LIVE } }, 40, 14);
    expect(hot).toMatch(/hot user:0: +30\.0 %/);
  });

  it("shows no control characters of names that come from elsewhere", () => {
    const view = { ...viewOf(), target: "a\u001b[2J\u009b" };
    expect(textOf(view)).not.toMatch(/[^\P{Cc}\n]/u);
    const key = { key: "k\u001b[2J\u009b", namespace: "n\u0007", ratio: 1, errorRatio: 0, hitRatio: 1 };
    const live = { ...LIVE, hotKeys: { ...LIVE.hotKeys, keys: [key] } };
    for (const columns of [40, 80]) {
      const shown = textOf({ ...viewOf(), sample: { ...viewOf().sample, live } }, columns, 40);
      expect(shown).toContain("n? k?[2J?");
      expect(shown).not.toMatch(/[^\P{Cc}\n]/u);
    }
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

describe("a key in a column", () => {
  it("keeps its beginning and its end", () => {
    expect(keyCell("user:1", 8)).toBe("user:1  ");
    expect(keyCell("user:1234567:profile", 11)).toBe("user:…ofile");
    expect(keyCell("abc", 1)).toBe("…");
  });
});

describe("what is written to the terminal", () => {
  it("is only the lines that changed, and nothing when none did", () => {
    expect(changedLines(["a", "b", "c"], ["a", "B"])).toBe("\u001b[2;1HB\u001b[0m\u001b[K\u001b[3;1H\u001b[0m\u001b[K");
    expect(changedLines(["a"], ["a"])).toBe("");
  });
});
