import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANY_CODE_POINT } from "../../../../test/support/any-code-point.ts";
import { loadProto } from "../../../../test/support/grpc/load-proto.ts";
import type { CoherenceMessage } from "../../../coherence/coherence-message.ts";
import { ENCODED_UNKNOWN, encodeMessage } from "./encode-message.ts";
import { decodeFrame, encodeBatch, encodeHeartbeat, encodeHello, encodeLetter, maxTraceBytes } from "./frame.ts";
import type { Hello } from "./hello.ts";
import { MalformedFrameError, ProtobufReader } from "./protobuf-reader.ts";

const reference = loadProto();

const number = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 1, 127, 128, 2 ** 28, 2 ** 32, 2 ** 53 - 1));
const text = fc
  .string({ unit: ANY_CODE_POINT, maxLength: 200 })
  .filter((value) => value.isWellFormed() && !value.includes("\ufffd"));
const optionalNumber = fc.option(number, { nil: undefined });
/** Who does not know a version asks for one above all. */
const askedVersion = fc.oneof(number, fc.constant(Number.POSITIVE_INFINITY));
const message = fc.oneof(
  fc.record({ kind: fc.constant("change" as const), key: text, version: optionalNumber, previousHead: optionalNumber }),
  fc.record({
    kind: fc.constant("tags" as const),
    tags: fc.array(text),
    number: optionalNumber,
    previousNumber: optionalNumber,
  }),
  fc.record({
    kind: fc.constant("clear" as const),
    path: text,
    heads: fc.array(
      fc.record({ shard: fc.nat({ max: 4_294_967_295 }), previousHead: optionalNumber, version: number }),
    ),
  }),
  fc.record({
    kind: fc.constant("dirty" as const),
    shardCount: fc.nat({ max: 4_294_967_295 }),
    shards: fc.array(fc.record({ shard: fc.nat({ max: 4_294_967_295 }), head: optionalNumber }), { minLength: 1 }),
  }),
  fc.record({ kind: fc.constant("ack-ask" as const), id: number, key: text, version: askedVersion }),
  fc.record({ kind: fc.constant("ack" as const), id: number }),
  fc.constant({ kind: "unknown" as const }),
);

function batchOf(messages: readonly CoherenceMessage[], firstSequence = 1): Buffer {
  const pieces = messages.map((message) => encodeMessage(message));
  return encodeBatch(
    firstSequence,
    pieces,
    pieces.reduce((total, piece) => total + piece.length, 0),
  );
}

/** The message as the library names its parts: absent is what is not known. */
function inReference(message: CoherenceMessage): Record<string, unknown> {
  switch (message.kind) {
    case "change": {
      const { key, version, previousHead } = message;
      return { change: known({ key, version, previous_head: previousHead }) };
    }
    case "tags": {
      const { tags, number, previousNumber } = message;
      return { tags: known({ tags, number, previous_number: previousNumber }) };
    }
    case "clear": {
      const heads = message.heads.map(({ shard, previousHead, version }) =>
        known({ shard, previous_head: previousHead, version }),
      );
      return { clear: { path: message.path, heads } };
    }
    case "dirty": {
      const shards = message.shards.map(({ shard, head }) => known({ shard, head }));
      return { dirty: { shard_count: message.shardCount, shards } };
    }
    case "ack-ask": {
      const version = message.version === Number.POSITIVE_INFINITY ? undefined : message.version;
      return { ack_ask: known({ id: message.id, key: message.key, version }) };
    }
    case "ack":
      return { ack: { id: message.id } };
    default:
      return { unknown: {} };
  }
}

function known(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

describe("frames", () => {
  it("come back as they were", () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), number, (messages, firstSequence) => {
        const frame = decodeFrame(batchOf(messages, firstSequence + 1 > 2 ** 53 - 1 ? 1 : firstSequence + 1));
        expect(frame).toMatchObject({ kind: "batch", messages });
      }),
    );
  });

  it("are read by a library for Protocol Buffers", () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), fc.nat(), (messages, sequence) => {
        const { batch } = reference.requestDeserialize(batchOf(messages, sequence + 1)) as unknown as {
          readonly batch: { readonly messages: readonly Record<string, unknown>[] };
        };
        const bare = batch.messages.map(({ kind, ...body }) => body);
        expect(bare).toMatchObject(messages.map(inReference));
        expect(batch).toMatchObject({ first_sequence: sequence + 1 });
      }),
    );
  });

  it("of a library for Protocol Buffers are read", () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), fc.nat(), (messages, sequence) => {
        const batch = { first_sequence: sequence + 1, messages: messages.map(inReference) };
        const frame = decodeFrame(reference.requestSerialize({ batch }));
        expect(frame).toEqual({ kind: "batch", firstSequence: sequence + 1, messages });
      }),
    );
  });

  it("carry hellos and heartbeats both ways", () => {
    const hello: Hello = {
      ...{ newestVersion: 3, oldestVersion: 1, nodeId: "a", address: "[::1]:1", cluster: "ü", dialNumber: 2 ** 40 },
      endedLink: { nodeId: "b", dialNumber: 9 },
    };
    expect(decodeFrame(encodeHello(hello))).toEqual({ kind: "hello", hello });
    const visit = { ...hello, endedLink: undefined, isVisit: true };
    expect(decodeFrame(encodeHello(visit))).toEqual({ kind: "hello", hello: visit });
    expect(reference.requestDeserialize(encodeHello(visit))).toMatchObject({ hello: { is_visit: true } });
    expect(reference.requestDeserialize(encodeHello(hello))).toMatchObject({
      hello: { newest_version: 3, node_id: "a", cluster: "ü", ended_link: { node_id: "b", dial_number: 9 } },
    });
    expect(decodeFrame(encodeHeartbeat(2 ** 52))).toEqual({ kind: "heartbeat", sequence: 2 ** 52 });
    expect(reference.requestDeserialize(encodeHeartbeat(7))).toMatchObject({ heartbeat: { sequence: 7 } });
    for (const content of [Buffer.alloc(0), Buffer.from("ü"), Buffer.alloc(70_000, 7)]) {
      expect(decodeFrame(encodeLetter(content))).toEqual({ kind: "letter", content });
      expect(reference.requestDeserialize(encodeLetter(content))).toMatchObject({ letter: { content } });
    }
    expect(() => decodeFrame(Buffer.from("2200", "hex"))).toThrow(MalformedFrameError);
  });

  it("carry the traces of calls beside a letter, which who does not know them passes over", () => {
    const content = Buffer.from("abc");
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const traces = [
      [1, { traceparent }],
      [2, { traceparent, tracestate: `vendor=${"ü".repeat(505)}` }],
      [2 ** 53 - 1, { traceparent: traceparent.replace("01", "00"), tracestate: "vendor=1" }],
    ] as const;
    const bytes = encodeLetter(content, traces);
    expect(decodeFrame(bytes)).toEqual({ kind: "letter", content, traces });
    expect(reference.requestDeserialize(bytes)).toMatchObject({
      letter: { content, traces: traces.map(([call, trace]) => ({ call, ...trace })) },
    });
    for (const carried of [traces, traces.slice(0, 1), traces.slice(1, 2)]) {
      const moreBytes = encodeLetter(content, carried).length - encodeLetter(content).length;
      expect(moreBytes).toBeLessThanOrEqual(maxTraceBytes(carried) + 2);
    }
    // As it was read when a letter was its content alone.
    const frame = new ProtobufReader(bytes);
    frame.next();
    const body = frame.message() as ProtobufReader;
    let before: Buffer | undefined;
    while (body.next()) if (body.field === 1) before = body.bytes();
    expect(before).toEqual(content);
    // And as it was written then: Frame.letter { content: "abc" }
    expect(decodeFrame(Buffer.from("22050a03616263", "hex"))).toEqual({ kind: "letter", content });
  });

  it("leave out a state that is longer than anybody has to carry, and keep its trace", () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const content = Buffer.from("abc");
    const bytes = encodeLetter(content, [[1, { traceparent, tracestate: "x".repeat(513) }]]);
    expect(decodeFrame(bytes)).toEqual({ kind: "letter", content, traces: [[1, { traceparent }]] });
  });

  it("leave out traces that make no sense, and never a letter for them", () => {
    // traces: a number instead of a message; { call: 1 }; { traceparent: "x" }; { call: 1, traceparent: "x" }
    for (const traces of ["1001", "12020801", "1203120178", "12050801120178"]) {
      const body = Buffer.from(`0a03616263${traces}`, "hex");
      const frame = Buffer.concat([Buffer.from([0x22, body.length]), body]);
      expect(decodeFrame(frame)).toEqual({ kind: "letter", content: Buffer.from("abc") });
    }
  });

  it("take kinds that they do not know for 'everything may have changed', among others that they know", () => {
    // Frame.batch { first_sequence: 1, messages: [{ field 100: {} }, { ack: { id: 5 } }] }
    expect(decodeFrame(Buffer.from("120d08011203a2060012042a020805", "hex"))).toEqual({
      kind: "batch",
      firstSequence: 1,
      messages: [{ kind: "unknown" }, { kind: "ack", id: 5 }],
    });
    // Frame { field 100: {} }
    expect(decodeFrame(Buffer.from("a20600", "hex"))).toEqual({ kind: "unknown" });
  });

  it("say 'everything may have changed' instead of a key or a number that would come out as another", () => {
    const change = { kind: "change", key: "k", version: 1, previousHead: undefined } as const;
    expect(encodeMessage({ ...change, key: "k\ud800" })).toBe(ENCODED_UNKNOWN);
    expect(encodeMessage({ ...change, version: 2 ** 53 })).toBe(ENCODED_UNKNOWN);
    expect(encodeMessage({ ...change, version: Number.POSITIVE_INFINITY })).toBe(ENCODED_UNKNOWN);
    expect(encodeMessage({ ...change, previousHead: -1 })).toBe(ENCODED_UNKNOWN);
    expect(encodeMessage({ ...change, key: "k".repeat(1_000) }, 500)).toBe(ENCODED_UNKNOWN);
    const home = { shard: 7, shardCount: 64 };
    for (const [odd, head] of [
      [{ ...change, key: "k\ud800", home }, 1],
      [{ ...change, version: 2 ** 53, home }, undefined],
    ] as const) {
      const [told] = (decodeFrame(batchOf([odd])) as { readonly messages: readonly CoherenceMessage[] }).messages;
      expect(told).toEqual({ kind: "dirty", shardCount: 64, shards: [{ shard: 7, head }] });
    }
    // Of no shard at all: somebody meant something.
    expect(decodeFrame(batchOf([{ kind: "dirty", shardCount: 64, shards: [] }]))).toMatchObject({
      messages: [{ kind: "unknown" }],
    });
    const tooLarge = reference.requestSerialize({
      batch: { first_sequence: 1, messages: [{ change: { key: "k", version: "18446744073709551615" } }] },
    });
    expect(decodeFrame(tooLarge)).toMatchObject({ messages: [{ kind: "unknown" }] });
  });

  it("of any bytes are read, or refused as malformed, and nothing else happens", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          decodeFrame(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedFrameError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
