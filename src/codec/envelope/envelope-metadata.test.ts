import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANY_CODE_POINT } from "../../../test/support/any-code-point.ts";
import type { EntryMetadata } from "../../entry/entry-metadata.ts";
import { CodecFault } from "../codec-fault.ts";
import { decodeMetadata, encodeMetadata } from "./envelope-metadata.ts";

const hexOf = (metadata: EntryMetadata): string => encodeMetadata(metadata).toString("hex");

function decode(bytes: Uint8Array): EntryMetadata {
  return decodeMetadata({ bytes, at: 0, end: bytes.length });
}

describe("metadata", () => {
  it.each<readonly [EntryMetadata, string]>([
    [{}, "0100"],
    [{ version: 0 }, "020100"],
    [{ version: 300 }, "0301ac02"],
    [{ freshUntil: 1 }, "020201"],
    [{ expiresAt: 2 }, "020402"],
    [{ tags: [] }, "020800"],
    [{ tags: [{ tag: "é", version: 1 }] }, "06080104c3a901"],
    [{ tags: [{ tag: "\ud800", version: 128 }] }, "070801" + "0500d8" + "8001"],
    [{ version: 1, freshUntil: 2, expiresAt: 3, tags: [{ tag: "a", version: 0 }] }, "080f010203" + "01026100"],
  ])("%j is %s", (metadata, hex) => {
    expect(hexOf(metadata)).toBe(hex);
    expect(decode(Buffer.from(hex, "hex"))).toEqual(metadata);
  });

  it("comes back, whatever it is, and the cursor stands behind it", () => {
    const anyText = fc
      .string({ unit: ANY_CODE_POINT })
      .chain((text) => fc.constantFrom(text, `${text}\ud800`, `\udfff${text}`));
    const metadata = fc.record(
      {
        version: fc.maxSafeNat(),
        freshUntil: fc.maxSafeNat(),
        expiresAt: fc.maxSafeNat(),
        tags: fc.array(fc.record({ tag: anyText, version: fc.maxSafeNat() }), { maxLength: 128 }),
      },
      { requiredKeys: [] },
    );
    const property = fc.property(metadata, fc.uint8Array({ maxLength: 5 }), (written, behind) => {
      const encoded = encodeMetadata(written);
      const bytes = Buffer.concat([Buffer.of(9), encoded, behind]);
      const cursor = { bytes, at: 1, end: bytes.length };
      expect(decodeMetadata(cursor)).toEqual(written);
      expect(cursor.at).toBe(1 + encoded.length);
    });
    fc.assert(property, { numRuns: 200, seed: 7 });
  });

  it("shares no memory with its bytes", () => {
    const bytes = encodeMetadata({ tags: [{ tag: "users", version: 1 }] });
    const metadata = decode(bytes);
    bytes.fill(0);
    expect(metadata).toEqual({ tags: [{ tag: "users", version: 1 }] });
  });

  it.each([
    ["", "malformed"],
    ["00", "malformed"],
    ["01", "malformed"],
    ["0110", "newer-format"],
    ["0180", "newer-format"],
    ["0101", "malformed"],
    ["03010000", "malformed"],
    ["020801", "malformed"],
    ["03088101", "malformed"],
    ["0508010c6161", "malformed"],
    ["0408010261", "malformed"],
    ["ff", "malformed"],
    ["ffffffffffffff0f00", "malformed"],
  ])("%s: %s", (hex, reason) => {
    expect(() => decode(Buffer.from(hex, "hex"))).toThrow(CodecFault);
    expect(() => decode(Buffer.from(hex, "hex"))).toThrow(expect.objectContaining({ reason }));
  });

  it("with more tags than an entry may have is refused before room for them is made", () => {
    const tags = Array.from({ length: 128 }, (_, index) => ({ tag: String(index), version: 0 }));
    expect(decode(encodeMetadata({ tags })).tags).toHaveLength(128);
    const tooMany = encodeMetadata({ tags: [...tags, { tag: "x", version: 0 }] });
    expect(() => decode(tooMany)).toThrow(expect.objectContaining({ reason: "malformed" }));
    const endless = Buffer.from("0908ffffffffffffff0f", "hex");
    expect(() => decode(endless)).toThrow(expect.objectContaining({ detail: "too many tags" }));
  });
});
