import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { importStorefront } from "./storefront-module.ts";

type Paint = Record<"bold" | "dim" | "good" | "bad", (text: string) => string>;

const { renderFrame, renderLine } = await importStorefront<{
  renderFrame(snapshot: object, paint: Paint): string[];
  renderLine(snapshot: object): string;
}>("frame.mjs");
const { isInteractiveOutput, openLiveView } = await importStorefront<{
  isInteractiveOutput(output: { isTTY: boolean }, env: Record<string, string>): boolean;
  openLiveView(options: { output: object; isInteractive: boolean; snapshot: () => object }): { close(): void };
}>("live-view.mjs");

const plain = (text: string): string => text;
const PAINT: Paint = { bold: plain, dim: plain, good: plain, bad: plain };

/** A snapshot whose numbers are as wide as they may get. */
const BUSY = {
  origin: "http://127.0.0.1:65535",
  elapsedMs: 86_400_000,
  isWarm: true,
  requestCount: 99_999_999,
  uncachedRequestCount: 999_999,
  requestsPerSecond: 99_999,
  throughputCurve: Array.from({ length: 60 }, (_, second) => second * 100),
  cached: { p50Ms: 0.42, p99Ms: 10_000 },
  hits: { p50Ms: 10_000, p99Ms: 10_000 },
  uncached: { p50Ms: 10_000, p99Ms: 10_000 },
  speedup: 23_809,
  node: { hits: 399_999_999, misses: 99_999_999, hitRatio: 0.999, keyCount: 20_000, memoryUsage: 99_999_999 },
  overtakenLoadCount: 99_999,
  staleReadCount: 99_999,
  checkedReadCount: 9_999_999,
  priceChangeCount: 99_999,
  failureCount: 99_999,
  lastFailure: "x".repeat(200),
};
const EMPTY = {
  ...BUSY,
  isWarm: false,
  throughputCurve: [],
  cached: { p50Ms: undefined, p99Ms: undefined },
  hits: { p50Ms: undefined, p99Ms: undefined },
  uncached: { p50Ms: undefined, p99Ms: undefined },
  speedup: undefined,
  node: undefined,
  failureCount: 0,
};

class Screen extends EventEmitter {
  rows = 24;
  text = "";
  write(text: string): void {
    this.text += text;
  }
}

describe("the live view", () => {
  it.each([BUSY, EMPTY])("fits a terminal of 80 × 24", (snapshot) => {
    const lines = renderFrame(snapshot, PAINT);
    expect(lines.length).toBeLessThanOrEqual(23);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("shows the numbers, the addresses, and that nothing was stale", () => {
    const text = renderFrame({ ...BUSY, staleReadCount: 0 }, PAINT).join("\n");
    for (const part of [
      "99,999",
      "99.9 %",
      "0.42 ms",
      "23,809×",
      "0 of 9,999,999 reads of changed products",
      "399,999,999 rows hit",
      "20,000 products in 100.0 MB",
    ]) {
      expect(text).toContain(part);
    }
    for (const path of ["/", "/app/", "/v1/stats"]) expect(text).toContain(`http://127.0.0.1:65535${path}`);
    expect(renderLine({ ...BUSY, staleReadCount: 0 })).toContain("stale reads 0");
  });

  it("says that the cache is warming up instead of how fast it is, and only then", () => {
    expect(renderFrame(EMPTY, PAINT).join("\n")).toContain("warming up");
    expect(renderFrame({ ...BUSY, isWarm: false }, PAINT).join("\n")).not.toContain("as fast");
    expect(renderLine({ ...BUSY, isWarm: false })).toContain("warming up");
    expect(renderFrame(BUSY, PAINT).join("\n")).not.toContain("warming up");
    expect(renderLine(BUSY)).not.toContain("warming up");
  });

  it("hides the cursor while it is open and gives the screen and the cursor back once", () => {
    const screen = new Screen();
    const listenersBefore = process.listenerCount("exit");
    const view = openLiveView({ output: screen, isInteractive: true, snapshot: () => BUSY });
    expect(screen.text.startsWith("\u001b[?1049h\u001b[?25l")).toBe(true);
    expect(screen.text).toContain("GoCacheX storefront");
    view.close();
    view.close();
    expect(screen.text.endsWith("\u001b[?25h\u001b[?1049l")).toBe(true);
    expect(screen.text.split("\u001b[?1049l")).toHaveLength(2);
    expect(screen.listenerCount("resize")).toBe(0);
    expect(process.listenerCount("exit")).toBe(listenersBefore);
  });

  it("never writes more lines than the terminal has", () => {
    const screen = new Screen();
    screen.rows = 10;
    openLiveView({ output: screen, isInteractive: true, snapshot: () => BUSY }).close();
    expect(screen.text.split("\n").length - 1).toBe(9);
  });

  it("is for terminals that want it only", () => {
    expect(isInteractiveOutput({ isTTY: true }, { TERM: "xterm" })).toBe(true);
    expect(isInteractiveOutput({ isTTY: false }, { TERM: "xterm" })).toBe(false);
    expect(isInteractiveOutput({ isTTY: true }, { TERM: "dumb" })).toBe(false);
    expect(isInteractiveOutput({ isTTY: true }, { TERM: "xterm", NO_COLOR: "1" })).toBe(false);
  });
});
