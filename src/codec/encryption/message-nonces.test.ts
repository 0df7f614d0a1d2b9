import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { MessageNonces } from "./message-nonces.ts";
import { XaesKey } from "./xaes-key.ts";

const key = new XaesKey(Buffer.alloc(32, 5));
const stopped = { wallMs: () => 1_800_000_000_000, monotonicMs: () => 12.5 };

/** Random bytes that repeat, as those of a copied process do. */
function repeatable(seed: number): (target: Uint8Array) => void {
  const random = createSeededRandom(seed);
  return (target) => {
    for (let index = 0; index < target.length; index += 1) target[index] = Math.floor(random.next() * 256);
  };
}

function take(nonces: MessageNonces, count: number): string[] {
  return Array.from({ length: count }, () => Buffer.from(nonces.next().nonce).toString("hex"));
}

describe("nonces of messages", () => {
  it("never come twice: 1,000,000 of them", () => {
    const nonces = new MessageNonces(key, { wallMs: Date.now, monotonicMs: () => performance.now() });
    const messageHalves = new BigUint64Array(1_000_000);
    const keyHalves = new BigUint64Array(1_000_000);
    for (let index = 0; index < messageHalves.length; index += 1) {
      const { nonce } = nonces.next();
      const view = new DataView(nonce.buffer, nonce.byteOffset, nonce.byteLength);
      keyHalves[index] = view.getBigUint64(0);
      messageHalves[index] = view.getBigUint64(12);
    }
    // 64 of the 96 bits of each half are enough: of a million random ones two are equal once in 30 million runs.
    for (const halves of [keyHalves.sort(), messageHalves.sort()]) {
      expect(halves.findIndex((half, index) => half === halves[index - 1])).toBe(-1);
    }
  });

  it("come with the key that they choose and the nonce that is left", () => {
    const nonces = new MessageNonces(key, stopped);
    for (let index = 0; index < 300; index += 1) {
      const { nonce, messageKey, gcmNonce } = nonces.next();
      expect(Buffer.from(messageKey)).toEqual(key.messageKeys(nonce));
      expect(Buffer.from(gcmNonce)).toEqual(Buffer.from(nonce.subarray(12)));
    }
  });

  it("are drawn when the first is asked for, not before", () => {
    let drawnCount = 0;
    const nonces = new MessageNonces(key, stopped, () => {
      drawnCount += 1;
    });
    expect(drawnCount).toBe(0);
    nonces.next();
    expect(drawnCount).toBe(1);
  });

  it("are drawn anew when all of a batch are given out", () => {
    let drawnBytes = 0;
    const nonces = new MessageNonces(key, stopped, (target) => {
      drawnBytes += target.length;
    });
    for (let count = 1; count <= 1_000; count += 1) {
      nonces.next();
      expect(drawnBytes).toBeGreaterThanOrEqual(count * 24);
    }
  });

  it("are not given out again when drawing fails", () => {
    let isBroken = false;
    const draw = repeatable(3);
    const nonces = new MessageNonces(key, stopped, (target) => {
      if (isBroken) throw new Error("no entropy");
      draw(target);
    });
    const before = take(nonces, 128);
    isBroken = true;
    expect(() => nonces.next()).toThrow("no entropy");
    expect(() => nonces.next()).toThrow("no entropy");
    isBroken = false;
    expect(new Set([...before, ...take(nonces, 128)]).size).toBe(256);
  });

  it("of copies of a process part ways with their clocks, monotonic or wall", () => {
    const later = { ...stopped, monotonicMs: () => 12.500001 };
    const elsewhere = { ...stopped, wallMs: () => 1_800_000_000_001 };
    const copies = [stopped, later, elsewhere].map((clock) => take(new MessageNonces(key, clock, repeatable(1)), 400));
    expect(new Set(copies.flat()).size).toBe(1_200);
  });

  it("are as random as what was drawn, whatever the clock says", () => {
    const zeroes = new MessageNonces(key, { wallMs: () => 0, monotonicMs: () => 0 }, repeatable(2));
    const drawn = Buffer.alloc(128 * 24);
    repeatable(2)(drawn);
    expect(take(zeroes, 128).join("")).toBe(drawn.toString("hex"));
  });
});
