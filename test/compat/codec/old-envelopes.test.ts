import { Buffer } from "node:buffer";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CodecFault } from "../../../src/codec/codec-fault.ts";
import { ENVELOPE_FLAGS } from "../../../src/codec/envelope/envelope-layout.ts";
import { openCodec } from "../../support/codec/codec-settings.ts";
import { strictDifference } from "../../support/codec/strict-difference.ts";
import { ENVELOPE_CASES, type EnvelopeCase, OLD_STORED_KEY } from "./envelope-cases.ts";

/** Values as releases wrote them, by the names of the cases, in base64. What stands there is never changed. */
const FILE = fileURLToPath(new URL("version-1.json", import.meta.url));

const written = existsSync(FILE) ? (JSON.parse(readFileSync(FILE, "utf8")) as Record<string, string>) : {};

// Only ever adds what is not there.
if (process.env["WRITE_ENVELOPES"] === "1") {
  for (const envelopeCase of ENVELOPE_CASES) written[envelopeCase.name] ??= await encode(envelopeCase);
  writeFileSync(FILE, `${JSON.stringify(written, undefined, 2)}\n`);
}

async function encode({ settings, value, metadata }: EnvelopeCase): Promise<string> {
  const codec = await openCodec(settings);
  return Buffer.from(await codec.encode(value, OLD_STORED_KEY, metadata)).toString("base64");
}

describe("values that version 1 wrote", () => {
  it("are all known, and all that are known are there", () => {
    expect(Object.keys(written)).toEqual(ENVELOPE_CASES.map(({ name }) => name));
  });

  it.each(ENVELOPE_CASES)("$name: read as the value and metadata that were written", async (envelopeCase) => {
    const codec = await openCodec(envelopeCase.settings);
    const bytes = Buffer.from(written[envelopeCase.name] as string, "base64");
    const decoded = await codec.decode(bytes, OLD_STORED_KEY);
    expect(strictDifference(envelopeCase.value, decoded.value)).toBe(undefined);
    expect(decoded.metadata).toEqual(envelopeCase.metadata);
  });

  it("are compressed and encrypted where the case says so", () => {
    for (const { name, settings } of ENVELOPE_CASES) {
      const [, , , flags = 0] = Buffer.from(written[name] as string, "base64");
      if (settings.compression !== undefined) expect(flags & ENVELOPE_FLAGS.compressed, name).not.toBe(0);
      if (settings.encryptionKeys !== undefined) expect(flags & ENVELOPE_FLAGS.encrypted, name).not.toBe(0);
    }
  });

  it("are read by a cache with another serializer, but for those of a user's own", async () => {
    for (const { name, value, settings } of ENVELOPE_CASES) {
      if (settings.hasEnvelope === false || settings.encryptionKeys !== undefined) continue;
      const codec = await openCodec({ serializer: "v8", dictionaries: settings.dictionaries ?? [] });
      const reading = async (): Promise<unknown> =>
        (await codec.decode(Buffer.from(written[name] as string, "base64"), "another key")).value;
      if (name === "custom") await expect(reading()).rejects.toBeInstanceOf(CodecFault);
      else expect(strictDifference(value, await reading()), name).toBe(undefined);
    }
  });

  it("are written as the same bytes today, where nothing in them is drawn by lot or left to a library", async () => {
    for (const envelopeCase of ENVELOPE_CASES) {
      const { settings, name } = envelopeCase;
      if (settings.compression !== undefined || settings.encryptionKeys !== undefined) continue;
      if (settings.serializer === "v8" || settings.serializer === "msgpack") continue;
      expect(await encode(envelopeCase), name).toBe(written[name]);
    }
  });
});
