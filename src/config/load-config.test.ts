import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../foundation/errors.ts";
import { loadConfig } from "./load-config.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gocachex-config-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

let count = 0;
async function write(content: string | Uint8Array): Promise<string> {
  count += 1;
  const file = join(folder, `${count}.json`);
  await writeFile(file, content);
  return file;
}

async function refusal(promise: Promise<unknown>): Promise<ConfigError> {
  const error: unknown = await promise.then(
    () => new Error("accepted"),
    (reason: unknown) => reason,
  );
  if (error instanceof ConfigError) return error;
  throw error;
}

describe("loadConfig from a file", () => {
  it("reads JSON, with a byte order mark and a $schema as well", async () => {
    const file = await write('\uFEFF{"$schema": "./schema.json", "memory": {"maxKeys": 5}}');
    expect(await loadConfig({ file, env: false })).toEqual({ memory: { maxKeys: 5 } });
  });

  it("is empty without a file and variables", async () => {
    expect(await loadConfig({ env: {} })).toEqual({});
    expect(await loadConfig({ env: { PATH: "/bin", GOCACHEX_CONFIG: "" } })).toEqual({});
  });

  it.each([
    ["is empty", "", /is empty/],
    ["holds only space", " \n", /is empty/],
    ["is not JSON", '{\n  "memory": {,}\n}', /is not JSON at line 2, column 14/],
    ["is cut off", '{"memory": {', /line 1, column 13/],
    ["is a list", "[]", /does not hold a JSON object/],
    ["is null", "null", /does not hold a JSON object/],
    ["is UTF-16", new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]), /UTF-8/],
  ])("says so when a file %s", async (_, content, message) => {
    const file = await write(content);
    const error = await refusal(loadConfig({ file, env: false }));
    expect(error.code).toBe("GCX_CONFIG_FILE");
    expect(error.message).toMatch(message);
    expect(error.message).toContain(file);
  });

  it("says so when a file does not exist or is a directory", async () => {
    const missing = await refusal(loadConfig({ file: join(folder, "none.json"), env: false }));
    expect(missing).toMatchObject({ code: "GCX_CONFIG_FILE", message: expect.stringContaining("does not exist") });
    await mkdir(join(folder, "sub"));
    const directory = await refusal(loadConfig({ file: join(folder, "sub"), env: false }));
    expect(directory).toMatchObject({ code: "GCX_CONFIG_FILE", message: expect.stringContaining("is a directory") });
    const zero = await refusal(loadConfig({ file: "a\0b", env: false }));
    expect(zero.code).toBe("GCX_CONFIG_FILE");
  });

  it("shows nothing of a broken file's contents, which may hold a password", async () => {
    const file = await write('{"redis": {"password": "hunter2"');
    const error = await refusal(loadConfig({ file, env: false }));
    expect(`${error.message} ${String(error.cause)}`).not.toContain("hunter2");
  });

  it("names the file and the field when a value is wrong", async () => {
    const file = await write('{"memory": {"maxKeys": "many"}}');
    const error = await refusal(loadConfig({ file, env: false }));
    expect(error).toMatchObject({ code: "GCX_CONFIG_INVALID", field: "memory.maxKeys" });
    expect(error.message).toContain(file);
  });

  it("refuses objects that only code can give, and keys that would pollute", async () => {
    const backend = await refusal(loadConfig({ file: await write('{"backend": {"name": "x"}}'), env: false }));
    expect(backend).toMatchObject({ field: "backend", message: expect.stringContaining("only be given in code") });
    const file = await write('{"memory": {"__proto__": {"maxKeys": 1}}}');
    expect((await refusal(loadConfig({ file, env: false }))).code).toBe("GCX_CONFIG_UNKNOWN_OPTION");
  });
});

describe("loadConfig from a file and the environment", () => {
  it("lets variables win, field by field", async () => {
    const file = await write('{"memory": {"max_keys": 5, "default_ttl": 60000000000}, "namespace": "a"}');
    const env = { GOCACHEX_CONFIG: file, GOCACHEX_MEMORY_MAX_KEYS: "7", GOCACHEX_MEMORY_CLEANUP_INTERVAL: "500" };
    expect(await loadConfig({ env })).toEqual({
      memory: { maxKeys: 7, defaultTtl: 60_000, cleanupInterval: 500 },
      namespace: "a",
    });
  });

  it("prefers the file that it is given, and ignores the environment when told to", async () => {
    const [given, named] = [await write('{"namespace": "given"}'), await write('{"namespace": "named"}')];
    expect(await loadConfig({ file: given, env: { GOCACHEX_CONFIG: named } })).toEqual({ namespace: "given" });
    process.env["GOCACHEX_CONFIG"] = named;
    try {
      expect(await loadConfig()).toEqual({ namespace: "named" });
      expect(await loadConfig({ env: false })).toEqual({});
    } finally {
      delete process.env["GOCACHEX_CONFIG"];
    }
  });

  it("replaces lists and maps whole", async () => {
    const file = await write('{"prometheus": {"enabled": false, "labels": {"a": "1"}}}');
    const env = { GOCACHEX_PROMETHEUS_LABELS: "b=2" };
    expect(await loadConfig({ file, env })).toEqual({ prometheus: { enabled: false, labels: { b: "2" } } });
  });

  it("judges combinations only when both are together", async () => {
    const file = await write('{"redis": {"db": 1}}');
    expect(await loadConfig({ file, env: { GOCACHEX_BACKEND: "redis" } })).toEqual({
      backend: "redis",
      redis: { db: 1 },
    });
    expect(await refusal(loadConfig({ file, env: {} }))).toMatchObject({ code: "GCX_CONFIG_INVALID", field: "redis" });
  });

  it("accepts the options of a plug-in that the environment chooses, and refuses them when it chooses another", async () => {
    const alone = await write('{"my-store": {"url": "x"}}');
    expect(await loadConfig({ file: alone, env: { GOCACHEX_BACKEND: "my-store" } })).toHaveProperty("my-store");
    const file = await write('{"my-store": {"url": "x"}, "backend": "my-store"}');
    expect((await refusal(loadConfig({ file, env: { GOCACHEX_BACKEND: "memory" } }))).field).toBe("my-store");
  });

  it.each([[{ file: "" }], [{ file: 5 }], [{ env: true }], [{ path: "x" }], ["cache.json"], [null]])(
    "refuses the options %j",
    async (options) => {
      expect((await refusal(loadConfig(options as never))).code).toMatch(/^GCX_CONFIG_/);
    },
  );
});
