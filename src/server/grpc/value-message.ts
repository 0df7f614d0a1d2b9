import { isUtf8 } from "node:buffer";
import { assertJsonDepth } from "../json-value.ts";
import { fromWireValue, toWireValue, type WireKind } from "../wire-value.ts";
import { GrpcProblem } from "./grpc-problem.ts";
import { GRPC_STATUS } from "./grpc-status.ts";
import { bytesField, defineMessage, flagField, type MessageCodec, numberField } from "./message-codec.ts";

/** `Value` of `cache.proto`. */
export interface ValueMessage {
  data: Uint8Array;
  /** `ContentKind`. */
  kind: number;
  approximate: boolean;
}

/** How a value is read and written. */
export const VALUE: MessageCodec<ValueMessage> = defineMessage({
  data: bytesField(1),
  kind: numberField(2),
  approximate: flagField(3),
});

/** `ContentKind` of the kinds that the HTTP API has as well. */
const CONTENT_KIND: Readonly<Record<WireKind, number>> = { json: 1, bytes: 2, bigint: 3 };

/**
 * Says a stored value. O(size of the value).
 *
 * @throws SerializationError when it contains itself or is nested too deeply
 */
export function toValueMessage(stored: unknown): ValueMessage {
  const { kind, value, exact } = toWireValue(stored);
  if (kind === "bytes") return { data: value as Uint8Array, kind: CONTENT_KIND.bytes, approximate: false };
  const text = kind === "bigint" ? (value as string) : JSON.stringify(value);
  return { data: Buffer.from(text), kind: CONTENT_KIND[kind], approximate: !exact };
}

/**
 * The value that a request says; the same as the HTTP API stores. O(size of the value).
 *
 * @throws GrpcProblem `INVALID_ARGUMENT` where it is absent, of no kind, or not what its kind says
 */
export function fromValueMessage(message: ValueMessage | undefined): unknown {
  if (message === undefined) throw refuse("The request needs a value.");
  const { data, kind } = message;
  if (kind === CONTENT_KIND.bytes) return data;
  if (kind === CONTENT_KIND.json) return parseJson(data);
  if (kind !== CONTENT_KIND.bigint) throw refuse("A value needs a kind: CONTENT_KIND_JSON, _BYTES or _BIGINT.");
  const value = fromWireValue(Buffer.from(data).toString("latin1"), "bigint");
  if (value === undefined) throw refuse("A value of CONTENT_KIND_BIGINT is decimal text.");
  return value;
}

function parseJson(data: Uint8Array): unknown {
  if (!isUtf8(data)) throw refuse("A value of CONTENT_KIND_JSON is text in UTF-8.");
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("utf8"));
  } catch {
    // The parser's message quotes the text.
    throw refuse("A value of CONTENT_KIND_JSON is the text of one JSON document.");
  }
  try {
    assertJsonDepth(value);
  } catch (error) {
    throw refuse((error as Error).message);
  }
  return value;
}

function refuse(detail: string): GrpcProblem {
  return new GrpcProblem(GRPC_STATUS.invalidArgument, detail);
}
