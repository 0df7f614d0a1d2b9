import { describe, expect, it } from "vitest";
import { AssociatedData } from "./associated-data.ts";

const encode = (header: Uint8Array, storedKey: string): string =>
  new AssociatedData().encode(header, header.length, storedKey).toString("hex");

describe("associated data", () => {
  it("has the layout that is drawn", () => {
    const bytes = new AssociatedData().encode(Uint8Array.of(1, 2, 3, 99), 3, "aé語");
    expect(bytes.subarray(0, 16).toString("latin1")).toBe("gocachex seal v1");
    expect(bytes.subarray(16).toString("hex")).toBe("03000000" + "010203" + "6100e9009e8a");
  });

  it("differs for keys that UTF-8 would make equal", () => {
    const keys = ["\ud800", "\ud801", "\udc00", "\ufffd", "\ud800\udc00", "\udc00\ud800", "\ud800\ud800"];
    expect(new Set(keys.map((key) => encode(Uint8Array.of(1), key))).size).toBe(keys.length);
    const long = keys.map((key) => key.repeat(100));
    expect(new Set(long.map((key) => encode(Uint8Array.of(1), key))).size).toBe(keys.length);
  });

  it("tells where the header ends and the key begins", () => {
    expect(encode(Uint8Array.of(1, 0x61, 0), "b")).not.toBe(encode(Uint8Array.of(1), "ab"));
    expect(encode(Uint8Array.of(), "ab")).not.toBe(encode(Uint8Array.of(0x61, 0), "b"));
  });

  it("is the same for short and long keys, whichever way they are written", () => {
    const header = Uint8Array.of(7, 8);
    for (const length of [0, 1, 23, 24, 25, 100, 500, 501, 502, 503, 600, 65_536]) {
      const key = "k語\ud800".repeat(length).slice(0, length);
      const units = Buffer.alloc(length * 2);
      for (let index = 0; index < length; index += 1) units.writeUInt16LE(key.charCodeAt(index), index * 2);
      expect(encode(header, key).slice(44)).toBe(units.toString("hex"));
    }
  });

  it("holds nothing of the call before", () => {
    const associated = new AssociatedData();
    associated.encode(new Uint8Array(50).fill(255), 50, "x".repeat(400));
    expect(associated.encode(Uint8Array.of(1), 1, "a").toString("hex")).toBe(encode(Uint8Array.of(1), "a"));
  });
});
