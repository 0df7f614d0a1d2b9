import { describe, expect, it } from "vitest";
import { MalformedFrameError } from "../../transports/grpc/wire/protobuf-reader.ts";
import {
  bytesField,
  defineMessage,
  flagField,
  int64Field,
  messageField,
  messagesField,
  numberField,
  optionalFlagField,
  optionalInt64Field,
  optionalNumberField,
  textField,
  textsField,
} from "./message-codec.ts";

const INNER = defineMessage({ name: textField(1), count: numberField(2) });
const OUTER = defineMessage({
  text: textField(1),
  texts: textsField(2),
  bytes: bytesField(3),
  flag: flagField(4),
  perhapsFlag: optionalFlagField(5),
  number: numberField(6),
  perhapsNumber: optionalNumberField(7),
  int64: int64Field(8),
  perhapsInt64: optionalInt64Field(9),
  inner: messageField(10, INNER),
  inners: messagesField(11, INNER),
});

describe("a message", () => {
  it("that says nothing has no bytes, and is read as one that says nothing", () => {
    expect(OUTER.encode(OUTER.create())).toEqual(Buffer.alloc(0));
    expect(OUTER.decode(Buffer.alloc(0))).toEqual(OUTER.create());
  });

  it("comes back as it was written", () => {
    const message = {
      text: "ü\ufffd",
      texts: ["", "b"],
      bytes: Buffer.alloc(300, 7),
      flag: true,
      perhapsFlag: false,
      number: Number.MAX_SAFE_INTEGER,
      perhapsNumber: 0,
      int64: -(2n ** 63n),
      perhapsInt64: 0n,
      inner: { name: "", count: 0 },
      inners: [
        { name: "a", count: 1 },
        { name: "", count: 0 },
      ],
    };
    expect(OUTER.decode(OUTER.encode(message))).toEqual(message);
    const negative = { ...OUTER.create(), int64: 2n ** 63n - 1n, perhapsInt64: -1n };
    expect(OUTER.decode(OUTER.encode(negative))).toEqual(negative);
  });

  it("that has a field twice says the last, and both of a message in it", () => {
    const bytes = Buffer.from([0x0a, 1, 0x61, 0x0a, 1, 0x62, 0x52, 3, 0x0a, 1, 0x61, 0x52, 2, 0x10, 9]);
    expect(OUTER.decode(bytes)).toMatchObject({ text: "b", inner: { name: "a", count: 9 } });
  });

  it("may have fields that are not known, and known ones of another wire type", () => {
    expect(OUTER.decode(Buffer.from([0xa0, 6, 1, 0x08, 5, 0x1d, 1, 2, 3, 4]))).toEqual(OUTER.create());
  });

  it("keeps no bytes of what it was read from: values outlive requests", () => {
    const bytes = Buffer.from([0x1a, 2, 1, 2]);
    const { bytes: value } = OUTER.decode(bytes);
    bytes.fill(0);
    expect(value).toEqual(Buffer.from([1, 2]));
  });

  it.each([
    ["a text that is not UTF-8", [0x0a, 1, 0xff]],
    ["a number of 2^53", [0x30, ...Array<number>(7).fill(0x80), 0x10]],
    ["a number that does not end", [0x40, 0x80]],
    ["a number of more than 64 bits", [0x40, ...Array<number>(10).fill(0x80), 1]],
    ["a text that is longer than the message", [0x0a, 9, 0x61]],
    ["a message in it that is malformed", [0x52, 2, 0x0a, 9]],
  ])("is refused with %s", (_, bytes) => {
    expect(() => OUTER.decode(Buffer.from(bytes))).toThrow(MalformedFrameError);
  });
});
