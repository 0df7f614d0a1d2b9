import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { XaesKey } from "./xaes-key.ts";

const NONCE = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWX");
const keyOf = (byte: number): Buffer => Buffer.alloc(32, byte);

function seal(key: Buffer, nonce: Buffer, content: Buffer, associated: Buffer): Buffer {
  const cipher = createCipheriv("aes-256-gcm", new XaesKey(key).messageKeys(nonce), nonce.subarray(12));
  cipher.setAAD(associated);
  return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Buffer, nonce: Buffer, sealed: Buffer, associated: Buffer): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", new XaesKey(key).messageKeys(nonce), nonce.subarray(12));
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

/** The KDF as NIST SP 800-108r1 and 800-38B have it, over any message and with other parts of the platform: CBC and big integers. */
function derivedByTheStandards(key: Buffer, context: Buffer): Buffer {
  const half = (counter: number): Buffer => cmac(key, Buffer.concat([Buffer.from([0, counter, 0x58, 0]), context]));
  return Buffer.concat([half(1), half(2)]);
}

function cmac(key: Buffer, message: Buffer): Buffer {
  const zeroes = Buffer.alloc(16);
  const cbc = (bytes: Buffer): Buffer => createCipheriv("aes-256-cbc", key, zeroes).update(bytes);
  const subkey = doubledInField(BigInt(`0x${cbc(zeroes).toString("hex")}`));
  const last = BigInt(`0x${message.subarray(-16).toString("hex")}`) ^ subkey;
  const masked = Buffer.from(last.toString(16).padStart(32, "0"), "hex");
  return cbc(Buffer.concat([message.subarray(0, -16), masked])).subarray(-16);
}

function doubledInField(block: bigint): bigint {
  const shifted = (block << 1n) & (2n ** 128n - 1n);
  return block >> 127n === 1n ? shifted ^ 0x87n : shifted;
}

describe("XAES-256-GCM", () => {
  it("gives the published bytes for a key whose subkey doubles without overflow", () => {
    const expectedKey = "c8612c9ed53fe43e8e005b828a1631a0bbcb6ab2f46514ec4f439fcfd0fa969b";
    expect(new XaesKey(keyOf(1)).messageKeys(NONCE).toString("hex")).toBe(expectedKey);
    const sealed = seal(keyOf(1), NONCE, Buffer.from("XAES-256-GCM"), Buffer.alloc(0));
    expect(sealed.toString("hex")).toBe("ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
  });

  it("gives the published bytes for a key whose subkey overflows, with associated data", () => {
    const expectedKey = "e9c621d4cdd9b11b00a6427ad7e559aeedd66b3857646677748f8ca796cb3fd8";
    expect(new XaesKey(keyOf(3)).messageKeys(NONCE).toString("hex")).toBe(expectedKey);
    const sealed = seal(keyOf(3), NONCE, Buffer.from("XAES-256-GCM"), Buffer.from("c2sp.org/XAES-256-GCM"));
    expect(sealed.toString("hex")).toBe("986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d");
  });

  it("gives the published sum of 10,000 random cases, and opens each", () => {
    const stream = createHash("shake128", { outputLength: 4_000_000 }).digest();
    expect(stream.subarray(0, 16).toString("hex")).toBe("7f9c2ba4e88f827d616045507605853e");
    let at = 0;
    const take = (sizeBytes: number): Buffer => {
      at += sizeBytes;
      expect(at).toBeLessThanOrEqual(stream.length);
      return stream.subarray(at - sizeBytes, at);
    };
    const sum = createHash("shake128", { outputLength: 32 });
    for (let round = 0; round < 10_000; round += 1) {
      const [key, nonce] = [take(32), take(24)];
      const content = take(take(1)[0] as number);
      const associated = take(take(1)[0] as number);
      const sealed = seal(key, nonce, content, associated);
      sum.update(sealed);
      expect(open(key, nonce, sealed, associated).equals(content)).toBe(true);
    }
    expect(sum.digest("hex")).toBe("e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939");
  });
});

describe("keys of messages", () => {
  it("are those of the standards that the algorithm is made of", () => {
    for (let round = 0; round < 200; round += 1) {
      const seed = createHash("sha512").update(`round ${round}`).digest();
      const [key, nonce] = [seed.subarray(0, 32), seed.subarray(32, 56)];
      expect(new XaesKey(key).messageKeys(nonce)).toEqual(derivedByTheStandards(key, nonce.subarray(0, 12)));
    }
  });

  it("are the same whether derived one by one or many at once", () => {
    const key = new XaesKey(keyOf(7));
    const nonces = createHash("shake256", { outputLength: 24 * 100 }).digest();
    const together = key.messageKeys(nonces);
    for (let index = 0; index < 100; index += 1) {
      const own = key.messageKeys(nonces.subarray(index * 24, index * 24 + 24));
      expect(own).toEqual(together.subarray(index * 32, index * 32 + 32));
    }
  });

  it("given out earlier do not change when others are derived", () => {
    const key = new XaesKey(keyOf(7));
    const first = key.messageKeys(NONCE);
    const copy = Buffer.from(first);
    key.messageKeys(Buffer.alloc(24, 9));
    expect(first).toEqual(copy);
  });
});
