import type { LetterTraces } from "../../../backend/peer-mail.ts";
import type { CoherenceMessage } from "../../../coherence/coherence-message.ts";
import { type CarriedTrace, MAX_TRACESTATE_LENGTH } from "../../../events/carried-trace.ts";
import { ProtobufWriter, varintBytes } from "../../../foundation/protobuf-writer.ts";
import { decodeMessage } from "./decode-message.ts";
import { BATCH_MESSAGES, FRAME_BODY } from "./frame-fields.ts";
import { decodeHello, type Hello, writeHello } from "./hello.ts";
import { MalformedFrameError, ProtobufReader } from "./protobuf-reader.ts";

/** What goes over a link. */
export type Frame =
  | { readonly kind: "hello"; readonly hello: Hello }
  | { readonly kind: "batch"; readonly firstSequence: number; readonly messages: readonly CoherenceMessage[] }
  | { readonly kind: "heartbeat"; readonly sequence: number }
  /** Something that the mesh does not look into. */
  | { readonly kind: "letter"; readonly content: Buffer; readonly traces?: LetterTraces | undefined }
  /** Of a version that is not known here. */
  | { readonly kind: "unknown" };

const writer = new ProtobufWriter();

/** What one call's trace takes in a letter besides its state, in bytes, at most. */
const CALL_TRACE_BYTES = 72;
/** What goes before a state. */
const STATE_HEAD_BYTES = 4;
/** Most bytes of UTF-8 for a unit of UTF-16. */
const UNIT_BYTES = 3;
/** What the traces of calls take in a letter, in bytes, at most. */
export function maxTraceBytes(traces: LetterTraces): number {
  let bytes = traces.length * CALL_TRACE_BYTES;
  for (const [, { tracestate }] of traces) {
    if (tracestate !== undefined) bytes += STATE_HEAD_BYTES + tracestate.length * UNIT_BYTES;
  }
  return bytes;
}

/** A `traceparent` of another length is of a version that is not known here. */
const TRACEPARENT_LENGTH = 55;

/** The first frame of a link. */
export function encodeHello(hello: Hello): Buffer {
  writer.message(FRAME_BODY.hello, () => writeHello(writer, hello));
  return writer.take();
}

/** A sign of life. @param sequence number of the last message that was sent */
export function encodeHeartbeat(sequence: number): Buffer {
  writer.message(FRAME_BODY.heartbeat, () => writer.number(1, sequence));
  return writer.take();
}

/**
 * Messages in a row.
 *
 * ```text
 * 12 <length>                      Frame.batch
 *    08 <number of the first>      Batch.first_sequence
 *    12 <length> <message>         Batch.messages, as encodeMessage made them
 *    12 <length> <message> …
 * ```
 *
 * @param totalBytes of the messages
 */
export function encodeBatch(firstSequence: number, messages: readonly Buffer[], totalBytes: number): Buffer {
  writer.header(FRAME_BODY.batch, 1 + varintBytes(firstSequence) + totalBytes);
  writer.number(1, firstSequence);
  const head = writer.take();
  return Buffer.concat([head, ...messages], head.length + totalBytes);
}

/**
 * A letter.
 *
 * ```text
 * 22 <length>                      Frame.letter
 *    0a <length> <content>         Letter.content
 *    12 <length>                   Letter.traces, any number of them
 *       08 <number of the call>    CallTrace.call
 *       12 37 <traceparent>        CallTrace.traceparent
 *       1a <length> <tracestate>   CallTrace.tracestate, where there is one
 * ```
 */
export function encodeLetter(content: Uint8Array, traces: LetterTraces = []): Buffer {
  const tail = encodeTraces(traces);
  writer.header(FRAME_BODY.letter, 1 + varintBytes(content.length) + content.length + tail.length);
  writer.header(1, content.length);
  const head = writer.take();
  return Buffer.concat([head, content, tail], head.length + content.length + tail.length);
}

function encodeTraces(traces: LetterTraces): Buffer {
  for (const [call, { traceparent, tracestate }] of traces) {
    writer.message(2, () => {
      writer.number(1, call);
      writer.text(2, traceparent);
      if (tracestate !== undefined) writer.text(3, tracestate);
    });
  }
  return writer.take();
}

/** Reads a frame. @throws MalformedFrameError when the bytes are none */
export function decodeFrame(bytes: Buffer): Frame {
  const reader = new ProtobufReader(bytes);
  let frame: Frame = { kind: "unknown" };
  while (reader.next()) {
    const { field } = reader;
    const body = reader.message();
    if (body !== undefined) frame = decodeBody(field, body);
  }
  return frame;
}

function decodeBody(field: number, body: ProtobufReader): Frame {
  if (field === FRAME_BODY.hello) return { kind: "hello", hello: decodeHello(body) };
  if (field === FRAME_BODY.batch) return decodeBatch(body);
  if (field === FRAME_BODY.heartbeat) return { kind: "heartbeat", sequence: decodeHeartbeat(body) };
  if (field === FRAME_BODY.letter) return decodeLetter(body);
  return { kind: "unknown" };
}

function decodeLetter(body: ProtobufReader): Frame {
  let content: Buffer | undefined;
  const traces: (readonly [number, CarriedTrace])[] = [];
  while (body.next()) {
    if (body.field === 1) content = body.bytes();
    else if (body.field === 2) {
      const trace = decodeTrace(body.message());
      if (trace !== undefined) traces.push(trace);
    }
  }
  if (content === undefined) throw new MalformedFrameError("a letter has no content");
  return traces.length === 0 ? { kind: "letter", content } : { kind: "letter", content, traces };
}

/** @returns `undefined` for one that makes no sense: its call is carried out all the same */
function decodeTrace(body: ProtobufReader | undefined): readonly [number, CarriedTrace] | undefined {
  let call = Number.NaN;
  let traceparent: string | undefined;
  let tracestate: string | undefined;
  while (body?.next()) {
    if (body.field === 1) call = body.number();
    else if (body.field === 2) traceparent = body.text();
    else if (body.field === 3) tracestate = body.text();
  }
  if (Number.isNaN(call) || traceparent?.length !== TRACEPARENT_LENGTH) return undefined;
  const hasState = tracestate !== undefined && tracestate.length <= MAX_TRACESTATE_LENGTH;
  return [call, hasState ? { traceparent, tracestate } : { traceparent }];
}

function decodeBatch(body: ProtobufReader): Frame {
  const messages: CoherenceMessage[] = [];
  let firstSequence = 0;
  while (body.next()) {
    if (body.field === 1) firstSequence = body.number();
    else if (body.field === BATCH_MESSAGES) {
      const message = body.message();
      messages.push(message === undefined ? { kind: "unknown" } : decodeMessage(message));
    }
  }
  if (!(firstSequence > 0)) throw new MalformedFrameError("a batch has no number");
  return { kind: "batch", firstSequence, messages };
}

function decodeHeartbeat(body: ProtobufReader): number {
  let sequence = 0;
  while (body.next()) if (body.field === 1) sequence = body.number();
  if (Number.isNaN(sequence)) throw new MalformedFrameError("a heartbeat has no number");
  return sequence;
}
