import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import fc from "fast-check";
import { expect, it, type TestContext } from "vitest";
import { readMarkdown } from "../../scripts/reference/markdown-blocks.ts";
import { findExecutable } from "../../scripts/servers/find-executable.ts";
import type { Codec } from "../../src/codec/codec.ts";
import { openCodec } from "../support/codec/codec-settings.ts";

const page = readFileSync(new URL("../../docs/design/codec.md", import.meta.url), "utf8");
const reader = readMarkdown(page).blocks.find(({ language }) => language === "python")?.code ?? "";

const PYTHON_MISSING =
  "Python 3 is not installed. Debian and Ubuntu: apt-get install -y --no-install-recommends python3; elsewhere: https://www.python.org/downloads/";
const python = ["/usr/bin/python3"].find((path) => existsSync(path)) ?? findExecutable("python3");

/** Reads one value in hexadecimal a line, and answers with its type and what it is, or with a refusal. */
const HARNESS = `
import sys
for line in sys.stdin:
    try:
        value = read_value(bytes.fromhex(line))
        print(json.dumps(["bytes", value.hex()] if isinstance(value, bytes) else ["value", value]))
    except ValueError as error:
        print(json.dumps(["refused", str(error)]))
`;

/** Without Python: failure in CI, a skip that says why elsewhere. */
function requirePython(context: TestContext): void {
  if (python !== undefined) return;
  if (process.env["CI"]) throw new Error(PYTHON_MISSING);
  console.warn(`SKIPPED, the reader in Python of docs/design/codec.md: ${PYTHON_MISSING}`);
  context.skip(PYTHON_MISSING);
}

function readWithPython(values: readonly Uint8Array[]): unknown[] {
  const input = values.map((bytes) => `${Buffer.from(bytes).toString("hex")}\n`).join("");
  const { status, stdout, stderr } = spawnSync(python as string, ["-c", reader + HARNESS], { input, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

const encodeAll = async (codec: Codec, values: readonly unknown[]): Promise<Uint8Array[]> =>
  Promise.all(values.map(async (value) => codec.encode(value, "key")));

it("the reader in Python that the page shows reads what the codec writes", async (context) => {
  requirePython(context);
  const codec = await openCodec();
  const seed = Number(process.env["GOCACHEX_SEED"] ?? Date.now() % 1_000_000);
  console.info(`seed ${seed}`);
  // Every length around the four lanes of the check.
  const texts = Array.from({ length: 70 }, (_, length) => "x".repeat(length));
  const values = [
    ...texts,
    ...[
      "naïve 語 😀",
      0,
      -1,
      42,
      2 ** 53 - 1,
      1.5,
      true,
      null,
      { id: 7, name: "Ada" },
      [{ a: [] }, "é"],
      "y".repeat(20_000),
    ],
    ...fc
      .sample(fc.jsonValue({ noUnicodeString: false }), { numRuns: 200, seed })
      .filter((value) => !hasMinusZero(value)),
  ];
  const read = readWithPython(await encodeAll(codec, values));
  expect(read).toEqual(values.map((value) => ["value", value]));
});

it("it reads bytes as bytes", async (context) => {
  requirePython(context);
  const codec = await openCodec();
  const read = readWithPython(await encodeAll(codec, [Buffer.from([0xca, 0xfe]), new Uint8Array(20)]));
  expect(read).toEqual([
    ["bytes", "cafe"],
    ["bytes", "00".repeat(20)],
  ]);
});

it("it refuses what it does not read, and what was changed", async (context) => {
  requirePython(context);
  const compression = { algorithm: "gzip", level: undefined, thresholdBytes: 0 } as const;
  const plain = Buffer.from(await (await openCodec()).encode({ id: 7 }, "key"));
  const bytes = [
    await (await openCodec({ compression })).encode("a".repeat(100), "key"),
    await (await openCodec({ encryptionKeys: [Buffer.from("a key of 32 bytes for the tests!")] })).encode(1, "key"),
    await (await openCodec()).encode(new Date(0), "key"),
    plain.subarray(0, -1),
    ...Array.from(plain, (byte, at) =>
      Buffer.concat([plain.subarray(0, at), Buffer.of(byte ^ 1), plain.subarray(at + 1)]),
    ),
    Buffer.from("written by hand"),
    Buffer.from("007"),
  ];
  const read = readWithPython(bytes) as [string, string][];
  expect(read.map(([verdict]) => verdict)).toEqual(bytes.map(() => "refused"));
});

/** JSON of Python knows `-0` of floats only; the codec writes it with a tag. */
function hasMinusZero(value: unknown): boolean {
  return (
    JSON.stringify(value, (_name, part: unknown) => (Object.is(part, -0) ? "minus zero" : part))?.includes(
      "minus zero",
    ) === true
  );
}
