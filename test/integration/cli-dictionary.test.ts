import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseDictionary } from "../../src/codec/dictionary/compression-dictionary.ts";
import { smallValues } from "../support/compression/sample-values.ts";
import { cli } from "./cli-harness.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "gocachex-dictionary-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const lines = Buffer.concat(smallValues("json", 400).flatMap((value) => [value, Buffer.from("\n")]));

function writeSamples(count: number): void {
  for (const [index, value] of smallValues("json", count).entries())
    writeFileSync(join(directory, `sample-${String(index).padStart(4, "0")}`), value);
}

describe("gocachex dictionary train", () => {
  it("trains from the files of a directory and says what it saves", async () => {
    writeSamples(300);
    const { exitCode, stdout, stderr } = await cli(["dictionary", "train", "--out", "a.dict", "."], { directory });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("30 samples") });
    const { id, bytes } = parseDictionary(readFileSync(join(directory, "a.dict")));
    expect(stdout).toContain(`a.dict: id ${id}, ${bytes.length} bytes, from 270 samples`);
    expect(stdout).toMatch(/gzip {2}1\.\d\dx without, [3-5]\.\d\dx with it/);
  });

  it("trains from lines of stdin, and answers with JSON", async () => {
    const argv = ["dictionary", "train", "--out", "b.dict", "--size", "4KB", "--lines", "-", "--json"];
    const { exitCode, stdout, stderr } = await cli(argv, { directory, stdin: lines });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const answer = JSON.parse(stdout) as Record<string, unknown>;
    expect(answer).toMatchObject({ file: "b.dict", trainedSamples: 360, measuredSamples: 40 });
    expect(answer["sizeBytes"]).toBe(readFileSync(join(directory, "b.dict")).length);
    expect(answer["sizeBytes"]).toBeLessThanOrEqual(4096);
    expect(answer["ratios"]).toMatchObject([{ algorithm: "gzip" }, { algorithm: "zstd" }]);
  });

  it("makes the same dictionary of the same samples", async () => {
    for (const name of ["one", "two"])
      await cli(["dictionary", "train", "--out", name, "--lines", "-"], { directory, stdin: lines });
    expect(readFileSync(join(directory, "one"))).toEqual(readFileSync(join(directory, "two")));
  });

  it("does not write over a file unless it is told to", async () => {
    const path = join(directory, "c.dict");
    writeFileSync(path, "precious");
    const argv = ["dictionary", "train", "--out", "c.dict", "--lines", "-"];
    const refused = await cli(argv, { directory, stdin: lines });
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--force") });
    expect(readFileSync(path, "utf8")).toBe("precious");
    expect((await cli([...argv, "--force"], { directory, stdin: lines })).exitCode).toBe(0);
    expect(() => parseDictionary(readFileSync(path))).not.toThrow();
  });

  it.each([
    [["dictionary", "train", "x"], "--out FILE"],
    [["dictionary", "train", "--out", "d", "nowhere"], "no such file"],
    [["dictionary", "train", "--out", "d", "--size", "big", "-"], "16KB"],
    [["dictionary", "train", "--out", "d", "--size", "1B", "--lines", "-"], "from 512 to"],
    [["dictionary", "train", "--out", "d", "-"], "at least 10 samples"],
    [["dictionary", "train", "--out", "nowhere/d", "--lines", "-"], "cannot be written"],
    [["dictionary", "trian", "x"], "Did you mean train?"],
    [["dictionary", "show"], "is missing"],
    [["dictionary", "show", "a", "b"], "one FILE"],
    [["dictionary", "show", "nowhere"], "no such file"],
  ])("refuses %j", async (argv, words) => {
    const run = await cli(argv, { directory, stdin: lines });
    expect(run).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringContaining(words) });
  });
});

describe("gocachex dictionary show", () => {
  it("prints id and sizes", async () => {
    await cli(["dictionary", "train", "--out", "a.dict", "--lines", "-"], { directory, stdin: lines });
    const { id, bytes, content } = parseDictionary(readFileSync(join(directory, "a.dict")));
    const { stdout } = await cli(["dictionary", "show", "a.dict"], { directory });
    expect(stdout).toBe(
      `a.dict: id ${id}, ${bytes.length} bytes, ${content.length} of them content, made by gocachex, known to zstd as ${id}\n`,
    );
    const json = await cli(["dictionary", "show", "a.dict", "--json"], { directory });
    expect(JSON.parse(json.stdout)).toMatchObject({ id, sizeBytes: bytes.length, madeBy: "gocachex" });
  });

  it("refuses a file that is none", async () => {
    writeFileSync(join(directory, "text"), "no dictionary at all");
    const run = await cli(["dictionary", "show", "text"], { directory });
    expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("This is no dictionary") });
  });
});
