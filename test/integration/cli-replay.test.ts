import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodePng } from "../support/decode-png.ts";
import { type CliRun, cli } from "./cli-harness.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gocachex-replay-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function replay(name: string, content: string | Uint8Array, ...more: string[]): Promise<CliRun> {
  await writeFile(join(directory, name), content);
  return cli(["replay", name, ...more], { directory });
}

async function documentOf(
  name: string,
  content: string | Uint8Array,
  ...more: string[]
): Promise<Record<string, unknown>> {
  const run = await replay(name, content, "--json", ...more);
  expect(run).toMatchObject({ exitCode: 0, stderr: "" });
  return JSON.parse(run.stdout) as Record<string, unknown>;
}

/** Three rounds over 20 keys. */
const KEYS = Array.from({ length: 60 }, (_, index) => `k${index % 20}`);

describe("gocachex replay", () => {
  it.each([
    ["keys.txt", KEYS.join("\n")],
    ["windows.txt", `${KEYS.join("\r\n")}\r\n`],
    ["keys.gz", gzipSync(KEYS.join("\n"))],
    ["two.csv", KEYS.map((key) => `${key},10`).join("\n")],
    ["header.csv.gz", gzipSync(["size,ts,key", ...KEYS.map((key, index) => `10,${index},${key}`)].join("\n"))],
    ["three.txt", KEYS.map((key, index) => `${index},${key},10`).join("\n")],
    ["blocks.lis", "100 20 0 1\n100 20 0 2\n100 20 0 3\n"],
    ["blocks.trc", `${KEYS.map((key) => key.slice(1)).join("\n")}\n*\n`],
  ])("reads %s", async (name, content) => {
    const document = await documentOf(name, content, "--entries", "--sizes", "10,20", "--policies", "lru");
    expect(document).toMatchObject({
      requests: 60,
      distinctKeys: 20,
      attainableHitRatio: 0.66667,
      skippedLines: 0,
      sampleRatio: 1,
      unit: "entries",
      sizes: [10, 20],
      policies: [{ policy: "lru", hitRatios: [0, 0.66667] }],
      advice: { policy: "lru", size: 20, hitRatio: 0.66667 },
    });
  });

  it("counts bytes where the trace has sizes", async () => {
    const lines = KEYS.map((key) => `${key},${key === "k0" ? 1_000 : 10}`).join("\n");
    const document = await documentOf("sized.csv", lines, "--policies", "lru,fifo", "--sizes", "500,2KB");
    expect(document).toMatchObject({ unit: "bytes", distinctBytes: 1_190, sizes: [500, 2_048] });
    const [lru] = document["policies"] as { hitRatios: number[]; byteHitRatios: number[] }[];
    expect(lru?.hitRatios).toEqual([0.63333, 0.66667]);
    expect(lru?.byteHitRatios).toEqual([0.10644, 0.66667]);
  });

  it("prints a table of all policies, the advice and a configuration, and draws the curves", async () => {
    const run = await replay("t.txt", KEYS.join("\n"), "--svg", "curve.svg");
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toMatch(/entries +w-lirs +w-tinylfu +s3-fifo +sieve +lru +lfu +fifo +random\n/);
    expect(run.stdout).toMatch(/curve rises until everything fits: 20 entries, 66\.7 %/);
    expect(run.stdout).toContain('"evictionPolicy": "w-lirs"');
    const svg = await readFile(join(directory, "curve.svg"), "utf8");
    expect(svg).toMatch(/^<svg [\s\S]*w-tinylfu[\s\S]*<\/svg>\n$/);
    expect(await replay("t.txt", KEYS.join("\n"), "--svg", "curve.svg")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("--force"),
    });
    expect((await replay("t.txt", KEYS.join("\n"), "--svg", "curve.svg", "--force")).exitCode).toBe(0);
  });

  it("draws a picture by the name of its file, or as it is told, and looks first whether it may", async () => {
    const keys = Array.from({ length: 4_000 }, (_, index) => `k${(index * index) % 997}`).join("\n");
    const line = [
      "--policies",
      "lru,w-lirs,fifo",
      "--sizes",
      "50,100,200,400,800",
      "--chart",
      "by-name.PNG",
      "--png",
      "told",
      "--svg",
      "told.svg",
    ];
    const run = await replay("p.txt", keys, "--json", ...line);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    const [byName, told] = await Promise.all(["by-name.PNG", "told"].map((name) => readFile(join(directory, name))));
    expect(byName?.equals(told as Buffer)).toBe(true);
    const png = decodePng(byName as Buffer);
    const svg = await readFile(join(directory, "told.svg"), "utf8");
    // The same curves at the same places: each dot of the SVG has its colour in the PNG, but where a later one lies on it.
    const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="[\d.]+" fill="(#\w+)"/g)];
    expect(dots).toHaveLength(15);
    const right = dots.filter(([, x, y, colour]) => png.at(Number(x) * 2, Number(y) * 2) === colour);
    expect(new Set(right.map(([, , , colour]) => colour)).size).toBe(3);
    expect(right.length).toBeGreaterThan(8);
    expect((await replay("p.txt", keys, "--chart", "curve.gif")).stderr).toContain("must end in .svg or .png");
    const taken = await replay("p.txt", keys, "--chart", "by-name.PNG");
    expect(taken).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringContaining("--force") });
    const nowhere = await replay("p.txt", keys, "--policies", "lru", "--png", "none/curve.png");
    expect(nowhere).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("cannot be written") });
  });

  it("simulates a sample when it is told to, and says so", async () => {
    const keys = Array.from({ length: 40_000 }, (_, index) => `k${(index * 7919) % 9_000}`).join("\n");
    const { stdout } = await replay("many.txt", keys, "--sample", "0.25", "--policies", "lru", "--sizes", "4000,9000");
    expect(stdout).toContain("from a sample of 25.0 % of the keys");
    expect(stdout).toMatch(/9,000 +7\d\.\d %/);
  });

  it("leaves lines out that are no requests, and says where the first is", async () => {
    const run = await replay("odd.csv", "key,size\na,1\nb,x\nc,3\n", "--policies", "lru");
    expect(run).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/1 lines .* line 3/) });
    expect(run.stdout).toContain("2 requests for 2 different keys");
  });

  it.each([
    ["empty.txt", "", [], /is empty/],
    ["blank.txt", "\n\n", [], /is empty/],
    ["header-only.csv", "key,size\n", [], /has no request/],
    ["wide.csv", "1,2,3,4\n", [], /--columns time,key,size/],
    ["text.lis", "not an ARC trace\n", [], /no line of the format arc/],
    ["binary.txt", Buffer.alloc(200_000), [], /no trace of text lines/],
    ["damaged.gz", gzipSync(KEYS.join("\n")).subarray(0, 40), [], /gzip is damaged/],
    ["k.txt", "k\n", ["--policies", "lru,mru"], /no policy "mru"/],
    ["k.txt", "k\n", ["--sizes", "0"], /--sizes must be entries/],
    ["k.csv", "k,5\n", ["--sizes", "5 parsecs"], /--sizes must be bytes/],
    ["k.txt", "k\n", ["--sample", "1.5"], /--sample must be/],
    ["k.txt", "k\n", ["--format", "kyes"], /Did you mean keys/],
    ["k.txt", "k\n", ["--columns", "time,size"], /--columns must name/],
  ])("refuses %s (case %#)", async (name, content, more, message) => {
    const run = await replay(name, content, ...more);
    expect(run).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringMatching(message) });
  });

  it("refuses a file that is not there, and stdin, which cannot be read twice", async () => {
    expect((await cli(["replay", "none.txt"], { directory })).stderr).toContain("no such file");
    expect((await cli(["replay", "."], { directory })).exitCode).toBe(2);
    expect((await cli(["replay", "-"], { directory })).stderr).toContain("read several times");
  });
});
