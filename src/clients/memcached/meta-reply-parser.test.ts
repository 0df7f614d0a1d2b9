import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { MetaReplyParser, type MetaReplySink } from "./meta-reply-parser.ts";

interface Told {
  readonly parser: MetaReplyParser;
  readonly events: string[];
  readonly values: Buffer[];
}

function listen(maxValueBytes?: number): Told {
  const events: string[] = [];
  const values: Buffer[] = [];
  const sink: MetaReplySink = {
    onReply: (status, opaque, value, flags) => {
      if (value !== undefined) values.push(value);
      events.push(`${status} ${opaque} [${flags}] ${value?.toString("latin1") ?? "-"}`);
    },
    onError: (error) => events.push(`error ${error.prefix}: ${error.message}`),
    onLine: (line) => events.push(`line ${line}`),
  };
  return { parser: new MetaReplyParser(sink, maxValueBytes), events, values };
}

function read(text: string, maxValueBytes?: number): Told {
  const told = listen(maxValueBytes);
  told.parser.push(Buffer.from(text, "latin1"));
  return told;
}

const STREAM =
  "HD O1\r\nVA 5 O2 c7 t-1 W\r\na\r\nbc\r\nEN O3\r\nVA 0 O4\r\n\r\nMN\r\nNF\r\nNS O6 k\xc3\xa9\r\nEX O999999\r\n" +
  "SERVER_ERROR out of memory storing object\r\nERROR\r\nCLIENT_ERROR bad data chunk\r\nSTAT pid 12\r\nEND\r\n" +
  "VERSION 1.6.18\r\nSTORED\r\nVA 2 c5\r\n\r\n\r\nHD c1 O2\r\n";
const EVENTS = [
  "HD 1 [] -",
  "VA 2 [c7 t-1 W] a\r\nbc",
  "EN 3 [] -",
  "VA 4 [] ",
  "MN -1 [] -",
  "NF -1 [] -",
  "NS 6 [k\xc3\xa9] -",
  "EX 999999 [] -",
  "error SERVER_ERROR: SERVER_ERROR out of memory storing object",
  "error ERROR: ERROR",
  "error CLIENT_ERROR: CLIENT_ERROR bad data chunk",
  "line STAT pid 12",
  "line END",
  "line VERSION 1.6.18",
  "line STORED",
  "VA -1 [c5] \r\n",
  "HD -1 [c1 O2] -",
];

describe("a parser of replies", () => {
  it("tells every kind of reply, with values that look like replies", () => {
    const { parser, events } = read(STREAM);
    expect(events).toEqual(EVENTS);
    expect(parser.fault).toBeUndefined();
    expect(parser.isBetweenReplies).toBe(true);
  });

  it("does not care where the stream is cut, once", () => {
    const bytes = Buffer.from(STREAM, "latin1");
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const { parser, events } = listen();
      parser.push(bytes.subarray(0, cut));
      parser.push(bytes.subarray(cut));
      expect(events, `cut at ${cut}`).toEqual(EVENTS);
    }
  });

  it("does not care where the stream is cut, often", () => {
    const bytes = Buffer.from(STREAM.repeat(3), "latin1");
    const random = createSeededRandom(5);
    for (let round = 0; round < 300; round += 1) {
      const { parser, events } = listen();
      const longest = round === 0 ? 1 : 1 + Math.floor(random.next() * 40);
      for (let offset = 0; offset < bytes.length; ) {
        const length = 1 + Math.floor(random.next() * longest);
        parser.push(bytes.subarray(offset, offset + length));
        offset += length;
      }
      expect(events, `round ${round}`).toEqual([...EVENTS, ...EVENTS, ...EVENTS]);
      expect(parser.isBetweenReplies).toBe(true);
    }
  });

  it("knows that a reply is not complete", () => {
    const { parser } = listen();
    for (const part of ["V", "A 3\r\n", "abc", "\r"]) {
      parser.push(Buffer.from(part));
      expect(parser.isBetweenReplies, part).toBe(false);
    }
    parser.push(Buffer.from("\n"));
    expect(parser.isBetweenReplies).toBe(true);
  });

  it.each([
    ["a status that is none", "XX O1\r\n"],
    ["the binary protocol", "\x81\x0b\x00\x00\x00\x00\x00\x00\r\n"],
    ["an alert of TLS", "\x15\x03\x03\x00\x02\x02\x28\r\n"],
    ["an empty line", "\r\n"],
    ["a line end without CR", "HD O1\n"],
    ["one letter", "H\r\n"],
    ["a value without a length", "VA\r\n"],
    ["a length that is no number", "VA x O1\r\n"],
    ["a negative length", "VA -1 O1\r\n"],
    ["a length with a tail", "VA 1x O1\r\na\r\n"],
    ["a length of many digits", "VA 00000000001 O1\r\na\r\n"],
    ["a length beyond all memory", "VA 99999999999999999999 O1\r\n"],
    ["a length beyond the limit", "VA 2000000000 O1\r\n"],
    ["an opaque that is no number", "HD Oab\r\n"],
    ["an opaque of many digits", "HD O12345678901\r\n"],
    ["an opaque with a tail", "HD O1a\r\n"],
    ["a value that is shorter than it says", "VA 5 O1\r\nabc\r\nHD\r\n"],
    ["a value that is longer than it says", "VA 1 O1\r\nabc\r\n"],
    ["a debugging reply", "ME key exp=1\r\n"],
    ["HTTP", "HTTP/1.1 400 Bad Request\r\n"],
    ["an error of another kind", "ERRORS\r\n"],
  ])("breaks for good at %s", (_, text) => {
    const told = read(text);
    expect(told.parser.fault).toBeTypeOf("string");
    const before = told.events.length;
    told.parser.push(Buffer.from("HD O1\r\n"));
    expect(told.events.length).toBe(before);
    // Cut into single bytes it is found too, and nothing more is told.
    const sliced = listen();
    for (const byte of Buffer.from(`${text}HD O1\r\n`, "latin1")) sliced.parser.push(Buffer.of(byte));
    expect(sliced.parser.fault).toBe(told.parser.fault);
    expect(sliced.events).toEqual(told.events);
  });

  it("breaks at a line that does not end, however it comes", () => {
    const long = "x".repeat(5_000);
    expect(read(`HD ${long}`).parser.fault).toContain("longer than");
    expect(read(`HD ${long}\r\n`).parser.fault).toContain("longer than");
    const sliced = listen();
    for (const byte of Buffer.from(`HD ${long}\r\n`)) sliced.parser.push(Buffer.of(byte));
    expect(sliced.parser.fault).toContain("longer than");
    // The longest that it takes.
    expect(read(`HD ${"x".repeat(4_096 - 5)}\r\n`).events).toHaveLength(1);
  });

  it("takes a value of its limit and refuses one byte more before it takes memory", () => {
    expect(read("VA 8 O1\r\n12345678\r\n", 8).events).toHaveLength(1);
    expect(read("VA 9 O1\r\n", 8).parser.fault).toContain("9 bytes");
  });

  it("stops within a chunk when its listener says that the stream makes no sense", () => {
    let count = 0;
    const parser: MetaReplyParser = new MetaReplyParser({
      onReply: () => {
        count += 1;
        parser.fail("enough");
      },
      onError: () => undefined,
      onLine: () => undefined,
    });
    parser.push(Buffer.from("HD O1\r\nHD O2\r\nVA 1 O3\r\na\r\n"));
    expect(count).toBe(1);
    parser.fail("later");
    expect(parser.fault).toBe("enough");
  });

  it("gives views of the chunk where they keep little alive, and copies where they would keep much", () => {
    const small = Buffer.from("VA 3 O1\r\nabc\r\n");
    const told = listen();
    told.parser.push(small);
    expect(told.values[0]?.buffer).toBe(small.buffer);
    // A small value in a chunk of 64 KiB.
    const large = Buffer.alloc(65_536, "HD\r\n");
    large.write("VA 3 O1\r\nabc\r\n");
    large.write("HD\r\n", 14);
    told.parser.push(large.subarray(0, 18));
    expect(told.values[1]?.toString()).toBe("abc");
    expect(told.values[1]?.buffer.byteLength).toBeLessThan(16_384);
    // One of an eighth of it.
    const value = Buffer.alloc(8_192, 120);
    const most = Buffer.alloc(65_536);
    const length = most.write("VA 8192 O1\r\n") + value.copy(most, 12);
    most.write("\r\n", length);
    told.parser.push(most.subarray(0, length + 2));
    expect(told.values[2]?.buffer).toBe(most.buffer);
    expect(told.values[2]).toEqual(value);
  });

  it("copies small values of large chunks with their neighbours, each as it is", () => {
    const random = createSeededRandom(9);
    const expected: string[] = [];
    const told = listen();
    for (let round = 0; round < 20; round += 1) {
      const chunk = Buffer.alloc(65_536);
      let length = 0;
      while (length < 48_000) {
        const value = Buffer.alloc(Math.floor(random.next() ** 4 * 8_000), expected.length + 33).toString("latin1");
        expected.push(value);
        length += chunk.write(`VA ${value.length} O1\r\n${value}\r\n`, length, "latin1");
      }
      told.parser.push(chunk.subarray(0, length));
      chunk.fill(0);
    }
    expect(told.values.map((value) => value.toString("latin1"))).toEqual(expected);
    for (const value of told.values) expect(value.buffer.byteLength).toBeLessThanOrEqual(16_384);
  });

  it("puts a value of many chunks together", () => {
    const value = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
    const bytes = Buffer.concat([Buffer.from(`VA ${value.length} O1 c2\r\n`), value, Buffer.from("\r\nHD O2\r\n")]);
    const told = listen();
    for (let offset = 0; offset < bytes.length; offset += 1_460)
      told.parser.push(bytes.subarray(offset, offset + 1_460));
    expect(told.values[0]?.equals(value)).toBe(true);
    expect(told.events.at(-1)).toBe("HD 2 [] -");
  });
});
