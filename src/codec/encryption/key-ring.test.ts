import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { systemClock } from "../../foundation/clock.ts";
import { CodecFault } from "../codec-fault.ts";
import { createKeyRing, type KeyRing } from "./key-ring.ts";
import { SEAL_OVERHEAD_BYTES } from "./sealed-layout.ts";

const keyOf = (name: string): Uint8Array => createHash("sha256").update(name).digest();
const [oldKey, newKey] = [keyOf("old"), keyOf("new")];
const HEADER = Uint8Array.of(0x47, 1, 0x83, 0);
const STORED_KEY = "@shop/eu:user:1";
const ring = createKeyRing([newKey], systemClock);

function seal(by: KeyRing, content: Uint8Array, storedKey = STORED_KEY, header: Uint8Array = HEADER): Buffer {
  const target = Buffer.alloc(header.length + SEAL_OVERHEAD_BYTES + content.length);
  target.set(header);
  by.seal(target, header.length, content, storedKey);
  return target;
}

/** The reason why something cannot be opened; the test fails when it throws anything but a fault, or nothing. */
function refusal(by: KeyRing, sealed: Uint8Array, storedKey = STORED_KEY, headerBytes = HEADER.length): string {
  try {
    by.open(sealed, headerBytes, storedKey);
  } catch (fault) {
    if (fault instanceof CodecFault) return fault.reason;
    throw fault;
  }
  throw new Error("it opened");
}

const content = Buffer.from("what is to be kept from others");
const sealed = seal(ring, content);

describe("a sealed value", () => {
  it("opens to its content, at sizes from nothing to 100,000 bytes", () => {
    const bytes = createHash("shake256", { outputLength: 100_000 }).digest();
    for (const size of [...Array(200).keys(), 255, 256, 257, 1_023, 1_024, 4_096, 16_383, 65_536, 100_000]) {
      const whole = bytes.subarray(0, size);
      expect(ring.open(seal(ring, whole), HEADER.length, STORED_KEY).equals(whole), `${size} bytes`).toBe(true);
    }
  });

  it("opens under any stored key and behind any header", () => {
    for (const storedKey of ["", "\ud800", "語".repeat(20), "k".repeat(65_536), "\0"]) {
      for (const header of [new Uint8Array(0), Uint8Array.of(0), new Uint8Array(300).fill(7)]) {
        const value = seal(ring, content, storedKey, header);
        expect(ring.open(value, header.length, storedKey)).toEqual(content);
      }
    }
  });

  it("has the layout that is drawn: key id, nonce, ciphertext, tag", () => {
    expect(SEAL_OVERHEAD_BYTES).toBe(44);
    expect(sealed.length).toBe(HEADER.length + 44 + content.length);
    expect(sealed.subarray(0, 4)).toEqual(Buffer.from(HEADER));
    expect(sealed.subarray(4, 8).toString("hex")).toBe(ring.keyIds[0]);
    expect(sealed.includes(content.subarray(0, 4))).toBe(false);
  });

  it("is another each time", () => {
    const [first, second] = [seal(ring, content), seal(ring, content)];
    expect(first.subarray(8, 32)).not.toEqual(second.subarray(8, 32));
    expect(first.subarray(32)).not.toEqual(second.subarray(32));
  });

  it("needs a target of its length", () => {
    for (const difference of [-1, 1]) {
      const target = Buffer.alloc(HEADER.length + SEAL_OVERHEAD_BYTES + content.length + difference);
      expect(() => ring.seal(target, HEADER.length, content, STORED_KEY)).toThrow(RangeError);
    }
  });

  it("leaves content and header as they were, and content that is opened is no alias of it", () => {
    const own = Buffer.from(content);
    const value = seal(ring, own);
    expect(own).toEqual(content);
    const opened = ring.open(value, HEADER.length, STORED_KEY);
    opened.fill(1);
    expect(ring.open(value, HEADER.length, STORED_KEY)).toEqual(content);
  });
});

describe("what does not open", () => {
  it("is a value of which any single bit was changed", () => {
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      const isKeyId = bit >> 3 >= 4 && bit >> 3 < 8;
      expect(refusal(ring, changed), `bit ${bit}`).toBe(isKeyId ? "unknown-key" : "not-authentic");
    }
  });

  it("is a value cut off anywhere, at its end or its front, or with bytes behind it", () => {
    for (let size = 0; size < sealed.length; size += 1) {
      expect(refusal(ring, sealed.subarray(0, size)), `${size} bytes`).toBe("not-authentic");
      expect(refusal(ring, sealed.subarray(sealed.length - size))).toMatch(/^(not-authentic|unknown-key)$/);
    }
    for (const added of [1, 16, 44]) {
      expect(refusal(ring, Buffer.concat([sealed, Buffer.alloc(added)]))).toBe("not-authentic");
    }
  });

  it("is a value with a shorter tag, though the platform takes one when it is told to", () => {
    const [nonce, key] = [Buffer.alloc(12, 1), Buffer.from(newKey)];
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    const ciphertext = Buffer.concat([cipher.update(content), cipher.final()]);
    const lenient = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: 4 });
    lenient.setAuthTag(cipher.getAuthTag().subarray(0, 4));
    expect(Buffer.concat([lenient.update(ciphertext), lenient.final()])).toEqual(content);

    for (const tagBytes of [15, 14, 13, 12, 8, 4]) {
      expect(refusal(ring, sealed.subarray(0, sealed.length - 16 + tagBytes)), `${tagBytes} bytes`).toBe(
        "not-authentic",
      );
    }
    const empty = seal(ring, Buffer.alloc(0));
    for (const tagBytes of [15, 12, 4, 0]) {
      expect(refusal(ring, empty.subarray(0, empty.length - 16 + tagBytes))).toBe("not-authentic");
    }
  });

  it("is a value moved to another key or namespace", () => {
    const others = [
      "@shop/eu:user:2",
      "@shop:user:1",
      "@shop/eu/x:user:1",
      "user:1",
      "",
      `${STORED_KEY} `,
      `${STORED_KEY}\0`,
    ];
    for (const storedKey of others) expect(refusal(ring, sealed, storedKey), storedKey).toBe("not-authentic");
    const lone = seal(ring, content, "\ud800");
    expect(refusal(ring, lone, "\ud801")).toBe("not-authentic");
    expect(refusal(ring, lone, "\ufffd")).toBe("not-authentic");
  });

  it("is a value moved behind another header, a shorter one, or a longer one", () => {
    const header = Buffer.from(sealed);
    header[2] = 0x03;
    expect(refusal(ring, header)).toBe("not-authentic");
    expect(refusal(ring, sealed.subarray(1), STORED_KEY, HEADER.length - 1)).toBe("not-authentic");
    expect(refusal(ring, Buffer.concat([HEADER, sealed]), STORED_KEY, HEADER.length * 2)).toBe("not-authentic");
  });

  it("is a value put together from two of the same key", () => {
    const other = seal(ring, Buffer.from(content).reverse());
    for (const at of [4, 8, 20, 32, 40, sealed.length - 16, sealed.length - 1]) {
      const spliced = Buffer.concat([sealed.subarray(0, at), other.subarray(at)]);
      if (!spliced.equals(other)) expect(refusal(ring, spliced), `at ${at}`).toBe("not-authentic");
    }
  });

  it("is a value that another ring sealed, even under the id of a key that is here", () => {
    const stranger = createKeyRing([keyOf("stranger")], systemClock);
    const value = seal(stranger, content);
    expect(refusal(ring, value)).toBe("unknown-key");
    value.write(ring.keyIds[0] as string, HEADER.length, "hex");
    expect(refusal(ring, value)).toBe("not-authentic");
  });

  it("says which key is missing, and of what does not match only that", () => {
    const value = seal(createKeyRing([oldKey], systemClock), content);
    const id = value.subarray(4, 8).toString("hex");
    expect(() => ring.open(value, HEADER.length, STORED_KEY)).toThrow(
      expect.objectContaining({ reason: "unknown-key", detail: `a value sealed with key ${id}` }),
    );
  });
});

describe("content that turns out not to be authentic", () => {
  it("is wiped before anybody can see it", () => {
    const prototype = Object.getPrototypeOf(createDecipheriv("aes-256-gcm", newKey, Buffer.alloc(12))) as {
      update(bytes: Uint8Array): Buffer;
    };
    const update = vi.spyOn(prototype, "update");
    try {
      const changed = Buffer.from(sealed);
      changed[changed.length - 1] = (changed[changed.length - 1] as number) ^ 1;
      expect(refusal(ring, changed)).toBe("not-authentic");
      const released = update.mock.results.map(({ value }) => value as Buffer);
      expect(released).toHaveLength(1);
      expect(released[0]).toEqual(Buffer.alloc(content.length));
    } finally {
      update.mockRestore();
    }
  });
});

describe("rotation", () => {
  const before = createKeyRing([oldKey], systemClock);
  const during = createKeyRing([newKey, oldKey], systemClock);
  const prepared = createKeyRing([oldKey, newKey], systemClock);
  const after = createKeyRing([newKey], systemClock);

  it("opens what the old key sealed and seals with the new one", () => {
    expect(during.open(seal(before, content), HEADER.length, STORED_KEY)).toEqual(content);
    const value = seal(during, content);
    expect(after.open(value, HEADER.length, STORED_KEY)).toEqual(content);
    expect(refusal(before, value)).toBe("unknown-key");
  });

  it("opens nothing of a key that was taken out", () => {
    expect(refusal(after, seal(before, content))).toBe("unknown-key");
  });

  it("lets processes know a new key before any seals with it", () => {
    expect(before.open(seal(prepared, content), HEADER.length, STORED_KEY)).toEqual(content);
    expect(prepared.open(seal(during, content), HEADER.length, STORED_KEY)).toEqual(content);
  });

  it("has ids that tell what a process knows, the sealing one first", () => {
    expect(during.keyIds).toEqual([after.keyIds[0], before.keyIds[0]]);
    expect(prepared.keyIds).toEqual([before.keyIds[0], after.keyIds[0]]);
  });
});

describe("createKeyRing", () => {
  it("refuses keys with a problem", () => {
    for (const keys of [[], [oldKey, oldKey], [oldKey.subarray(1)], [new Uint8Array(32)]]) {
      expect(() => createKeyRing(keys, systemClock)).toThrow(RangeError);
    }
  });

  it("keeps keys of its own: wiping the caller's changes nothing", () => {
    const mine = new Uint8Array(oldKey);
    const own = createKeyRing([mine], systemClock);
    mine.fill(0);
    expect(createKeyRing([oldKey], systemClock).open(seal(own, content), HEADER.length, STORED_KEY)).toEqual(content);
  });
});
