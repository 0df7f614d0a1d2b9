import { describe, expect, it } from "vitest";
import type { MetaRequest } from "./meta-message.ts";
import { RequestBuffer } from "./request-buffer.ts";

const get = (text: string): MetaRequest => ({ kind: "get", key: { text, isBase64: false }, flags: "v" });
const set = (text: string, value: Uint8Array): MetaRequest => ({
  kind: "set",
  key: { text, isBase64: false },
  value,
  flags: "",
});
const bytesOf = (parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString("latin1");

describe("the buffer of a connection's requests", () => {
  it("copies small requests together into one buffer", () => {
    const buffer = new RequestBuffer();
    buffer.add(get("a"), 1, false);
    buffer.add(set("b", Buffer.from("xyz")), 2, false);
    buffer.addText("stats\r\n");
    expect(buffer.byteLength).toBe("mg a O1 v\r\nms b 3 O2\r\nxyz\r\nstats\r\n".length);
    const parts = buffer.take();
    expect(parts).toHaveLength(1);
    expect(bytesOf(parts)).toBe("mg a O1 v\r\nms b 3 O2\r\nxyz\r\nstats\r\n");
    expect(buffer.byteLength).toBe(0);
    expect(buffer.take()).toEqual([]);
  });

  it("leaves large values where they are", () => {
    const buffer = new RequestBuffer();
    const value = Buffer.alloc(100_000, "v");
    buffer.add(get("a"), 1, false);
    buffer.add(set("b", value), 2, false);
    buffer.add(get("c"), 3, false);
    expect(buffer.byteLength).toBe("mg a O1 v\r\nms b 100000 O2\r\n\r\nmg c O3 v\r\n".length + value.length);
    const parts = buffer.take();
    expect(parts).toHaveLength(3);
    expect(parts[1]).toBe(value);
    expect(bytesOf(parts)).toBe(`mg a O1 v\r\nms b 100000 O2\r\n${value}\r\nmg c O3 v\r\n`);
  });

  it("goes on in another buffer when one is full, and uses its own again", () => {
    const buffer = new RequestBuffer();
    let first: ArrayBufferLike | undefined;
    for (let round = 0; round < 3; round += 1) {
      let expected = "";
      for (let index = 0; index < 5_000; index += 1) {
        buffer.add(get(`key-${index}`), index, false);
        expected += `mg key-${index} O${index} v\r\n`;
      }
      const parts = buffer.take();
      expect(parts.length).toBe(2);
      expect(bytesOf(parts)).toBe(expected);
      first ??= parts[0]?.buffer;
      expect(parts[0]?.buffer).toBe(first);
      buffer.reuse();
    }
  });

  it("adds all requests of a batch or none", () => {
    const buffer = new RequestBuffer();
    buffer.add(get("a"), 1, false);
    const { byteLength } = buffer;
    const large = set("c", Buffer.alloc(70_000));
    for (const requests of [
      [get("b"), get("b c")],
      [large, get("")],
      [...Array(4_000).fill(get("b".repeat(30))), large, get("\n")],
    ]) {
      expect(() => buffer.addAll(requests, 5, true)).toThrow(TypeError);
      expect(buffer.byteLength).toBe(byteLength);
    }
    buffer.addAll([get("d"), get("e")], 999_999, true);
    expect(bytesOf(buffer.take())).toBe("mg a O1 v\r\nmg d O999999 q v\r\nmg e O0 v\r\n");
  });
});
