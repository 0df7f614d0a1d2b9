import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildGoProgram, findGoForTests, type GoProgram } from "../../scripts/tools/ensure-go.ts";
import { CodecFault } from "../../src/codec/codec-fault.ts";
import { createKeyRing } from "../../src/codec/encryption/key-ring.ts";
import { SEAL_OVERHEAD_BYTES } from "../../src/codec/encryption/sealed-layout.ts";
import { systemClock } from "../../src/foundation/clock.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";

const SOURCE = fileURLToPath(new URL("encryption-interop", import.meta.url));
const seed = Number(process.env["GOCACHEX_SEED"] ?? Date.now() % 1_000_000);
const random = createSeededRandom(seed);
const go = findGoForTests("encryption against a second implementation");
let program: GoProgram | undefined;

beforeAll(() => {
  if (go !== undefined) program = buildGoProgram(go, SOURCE);
});
afterAll(() => program?.remove());

interface Case {
  readonly keys: readonly Buffer[];
  readonly header: Buffer;
  readonly storedKey: string;
  readonly content: Buffer;
}

const below = (limit: number): number => Math.floor(random.next() * limit);
const bytes = (sizeBytes: number): Buffer => Buffer.from(Array.from({ length: sizeBytes }, () => below(256)));

function codeUnits(text: string): string {
  const units = Buffer.alloc(text.length * 2);
  for (let index = 0; index < text.length; index += 1) units.writeUInt16LE(text.charCodeAt(index), index * 2);
  return units.toString("hex");
}

function randomCase(): Case {
  const ids = Array.from({ length: 1 + below(3) }, () => below(1_000_000));
  const keys = [...new Set(ids)].map((id) => createHash("sha256").update(`interop ${id}`).digest());
  const units = Array.from({ length: below(80) }, () => (random.next() < 0.7 ? 32 + below(90) : below(65_536)));
  const content = bytes(random.next() < 0.1 ? below(20_000) : below(200));
  return { keys, header: bytes(below(30)), storedKey: String.fromCharCode(...units), content };
}

/** What the Go program answers, in the order of the tasks. */
function ask(op: "seal" | "open", cases: readonly Case[], payloads: readonly Uint8Array[]): (Buffer | string)[] {
  const tasks = cases.map(({ keys, header, storedKey }, index) =>
    JSON.stringify({
      op,
      keys: keys.map((key) => key.toString("hex")),
      header: header.toString("hex"),
      storedKey: codeUnits(storedKey),
      bytes: Buffer.from(payloads[index] as Uint8Array).toString("hex"),
    }),
  );
  const { stdout, stderr, status } = spawnSync((program as GoProgram).path, {
    input: tasks.join("\n"),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`the Go program failed: ${stderr}`);
  const answers = stdout.trimEnd().split("\n");
  expect(answers).toHaveLength(cases.length);
  return answers.map((line) => {
    const { bytes: hex, error } = JSON.parse(line) as { bytes: string; error?: string };
    return error ?? Buffer.from(hex, "hex");
  });
}

function sealHere({ keys, header, storedKey, content }: Case): Buffer {
  const target = Buffer.alloc(header.length + SEAL_OVERHEAD_BYTES + content.length);
  target.set(header);
  createKeyRing(keys, systemClock).seal(target, header.length, content, storedKey);
  return target;
}

const cases = Array.from({ length: 400 }, randomCase);

it.skipIf(go === undefined)("an independent implementation in Go opens what is sealed here", () => {
  const sealed = cases.map((one) => sealHere(one).subarray(one.header.length));
  const rotated = cases.map((one) => ({ ...one, keys: one.keys.toReversed() }));
  for (const [index, answer] of ask("open", rotated, sealed).entries()) {
    expect(Buffer.from(answer).equals(cases[index]?.content as Buffer), `seed ${seed}, case ${index}: ${answer}`).toBe(
      true,
    );
  }
});

it.skipIf(go === undefined)("what an independent implementation in Go seals opens here", () => {
  const contents = cases.map(({ content }) => content);
  for (const [index, answer] of ask("seal", cases, contents).entries()) {
    const { keys, header, storedKey, content } = cases[index] as Case;
    const ring = createKeyRing(keys.toReversed(), systemClock);
    const opened = ring.open(Buffer.concat([header, Buffer.from(answer)]), header.length, storedKey);
    expect(opened.equals(content), `seed ${seed}, case ${index}`).toBe(true);
  }
});

it.skipIf(go === undefined)("both refuse the same values", () => {
  const sealed = cases.map((one) => {
    const value = sealHere(one).subarray(one.header.length);
    const at = below(value.length);
    value[at] = (value[at] as number) ^ (1 << below(8));
    return random.next() < 0.3 ? value.subarray(0, at) : value;
  });
  for (const [index, answer] of ask("open", cases, sealed).entries()) {
    const { keys, header, storedKey } = cases[index] as Case;
    const bytesHere = Buffer.concat([header, sealed[index] as Buffer]);
    expect(typeof answer, `seed ${seed}, case ${index}`).toBe("string");
    expect(() => createKeyRing(keys, systemClock).open(bytesHere, header.length, storedKey)).toThrow(CodecFault);
  }
});
