import { Buffer } from "node:buffer";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { trainDictionary } from "../codec/dictionary/train-dictionary.ts";
import { createCache } from "../create-cache.ts";
import { createMapBackend } from "../testing/map-backend/map-backend.ts";
import { loadConfig } from "./load-config.ts";

const samples = Array.from({ length: 100 }, (_, index) => Buffer.from(`{"id":${index},"role":"admin","country":"PT"}`));
const dictionary = trainDictionary(samples, { sizeBytes: 512 });
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gocachex-dictionary-"));
  await mkdir(join(folder, "dictionaries"));
  await writeFile(join(folder, "dictionaries", "users.dict"), dictionary.bytes);
  await writeFile(join(folder, "no.dict"), "no dictionary");
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function write(compressionDictionaries: readonly string[]): Promise<string> {
  const file = join(folder, "cache.json");
  await writeFile(file, JSON.stringify({ compression: true, compressionDictionaries }));
  return file;
}

describe("dictionaries that stand in files", () => {
  it("are read from the folder of the configuration, beside those in base64", async () => {
    const text = Buffer.from(dictionary.bytes).toString("base64");
    const config = await loadConfig({ file: await write(["file:dictionaries/users.dict", text]), env: false });
    expect(config.compressionDictionaries).toEqual([text, text]);
  });

  it("may be as large as the command line makes them", async () => {
    const large = trainDictionary(
      Array.from({ length: 3_000 }, (_, index) => Buffer.from(`${index} ${"x".repeat(index % 90)} ${index * 7_919}`)),
    );
    expect(large.bytes.length).toBeGreaterThan(8_000);
    await writeFile(join(folder, "large.dict"), large.bytes);
    const config = await loadConfig({ file: await write(["file:large.dict"]), env: false });
    const backend = createMapBackend({ async: true, storage: "bytes" });
    await createCache({ ...config, backend }).close();
    await writeFile(join(folder, "huge.dict"), Buffer.alloc(2 ** 21));
    await expect(loadConfig({ file: await write(["file:huge.dict"]), env: false })).rejects.toThrow(/larger/);
  });

  it("can be named by the environment", async () => {
    const variables = { GOCACHEX_COMPRESSION_DICTIONARIES: `file:${join(folder, "dictionaries", "users.dict")}` };
    const config = await loadConfig({ env: variables });
    expect(config.compressionDictionaries).toEqual([Buffer.from(dictionary.bytes).toString("base64")]);
  });

  it("say which one is missing or is none", async () => {
    await expect(loadConfig({ file: await write(["file:gone.dict"]), env: false })).rejects.toMatchObject({
      code: "GCX_CONFIG_FILE",
      field: "compressionDictionaries[0]",
      message: expect.stringContaining("ENOENT"),
    });
    await expect(loadConfig({ file: await write(["file:no.dict"]), env: false })).rejects.toMatchObject({
      code: "GCX_CONFIG_INVALID",
      field: "compressionDictionaries[0]",
    });
  });
});
