import { Buffer } from "node:buffer";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parseDictionary } from "../../../src/codec/dictionary/compression-dictionary.ts";
import { trainDictionary } from "../../../src/codec/dictionary/train-dictionary.ts";
import { createDraw, userRecord } from "../../support/compression/sample-values.ts";

/** A dictionary as the first release trained it. Values name it by its id, so both have to stay. */
const FILE = fileURLToPath(new URL("dictionary-1.bin", import.meta.url));
const ID = 2_028_422_255;

// Only ever makes what is not there.
if (process.env["WRITE_ENVELOPES"] === "1" && !existsSync(FILE)) {
  const draw = createDraw(11);
  const samples = Array.from({ length: 300 }, (_, index) => Buffer.from(JSON.stringify(userRecord(draw, index))));
  writeFileSync(FILE, trainDictionary(samples, { sizeBytes: 1_024 }).bytes);
}

it("a dictionary of version 1 is parsed, has the id that values name it by, and the same content", () => {
  const bytes = readFileSync(FILE);
  const dictionary = parseDictionary(bytes);
  expect(dictionary.id).toBe(ID);
  expect(Buffer.from(dictionary.bytes).equals(bytes)).toBe(true);
  expect(Buffer.from(dictionary.content).equals(bytes.subarray(bytes.length - dictionary.content.length))).toBe(true);
});
