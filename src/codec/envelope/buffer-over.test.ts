import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { bufferOver } from "./buffer-over.ts";

describe("bufferOver", () => {
  it("makes the Buffer that Buffer.from makes", () => {
    const memory = Uint8Array.from([1, 2, 3, 4, 5]).buffer;
    const made = bufferOver(memory, 1, 3);
    expect(made).toStrictEqual(Buffer.from(memory, 1, 3));
    expect(Buffer.isBuffer(made)).toBe(true);
    expect(Object.getPrototypeOf(made)).toBe(Buffer.prototype);
    expect(made.buffer).toBe(memory);
    expect([made.byteOffset, made.length]).toEqual([1, 3]);
    expect(made.subarray(1).toString("hex")).toBe("0304");
  });
});
