import type {
  ClearMessage,
  CoherenceMessage,
  DirtyMessage,
  UnknownMessage,
} from "../../../coherence/coherence-message.ts";
import { MESSAGE_KIND } from "./frame-fields.ts";
import type { ProtobufReader } from "./protobuf-reader.ts";

const UNKNOWN: UnknownMessage = Object.freeze({ kind: "unknown" });

/**
 * Reads a `Message`. A kind that is not known, and one that breaks a rule of its kind, says that everything may have changed: who receives it must not take it for
 * nothing. Fields that a newer version added to a known kind are passed over.
 *
 * @throws MalformedFrameError when the bytes are no message at all
 */
export function decodeMessage(reader: ProtobufReader): CoherenceMessage {
  let message: CoherenceMessage = UNKNOWN;
  // Of several kinds the last counts, as everywhere in Protocol Buffers.
  while (reader.next()) message = decodeKind(reader);
  return message;
}

function decodeKind(reader: ProtobufReader): CoherenceMessage {
  const { field } = reader;
  const body = reader.message();
  if (body === undefined) return UNKNOWN;
  if (field === MESSAGE_KIND.change) return decodeChange(body);
  if (field === MESSAGE_KIND.tags) return decodeTags(body);
  if (field === MESSAGE_KIND.clear) return decodeClear(body);
  if (field === MESSAGE_KIND.dirty) return decodeDirty(body);
  if (field === MESSAGE_KIND["ack-ask"]) return decodeAckAsk(body);
  if (field === MESSAGE_KIND.ack) return decodeAck(body);
  return UNKNOWN;
}

function decodeChange(body: ProtobufReader): CoherenceMessage {
  let key: string | undefined = "";
  let version: number | undefined;
  let previousHead: number | undefined;
  while (body.next()) {
    if (body.field === 1) key = body.text();
    else if (body.field === 2) version = body.number();
    else if (body.field === 3) previousHead = body.number();
  }
  if (!isText(key) || !areNumbers(version, previousHead)) return UNKNOWN;
  return { kind: "change", key, version, previousHead };
}

function decodeTags(body: ProtobufReader): CoherenceMessage {
  const tags: string[] = [];
  let areTexts = true;
  let number: number | undefined;
  let previousNumber: number | undefined;
  while (body.next()) {
    if (body.field === 1) {
      const tag = body.text();
      if (isText(tag)) tags.push(tag);
      else areTexts = false;
    } else if (body.field === 2) number = body.number();
    else if (body.field === 3) previousNumber = body.number();
  }
  if (!areTexts || !areNumbers(number, previousNumber)) return UNKNOWN;
  return { kind: "tags", tags, number, previousNumber };
}

function decodeClear(body: ProtobufReader): CoherenceMessage {
  let path: string | undefined = "";
  const heads: (ClearMessage["heads"][number] | undefined)[] = [];
  while (body.next()) {
    if (body.field === 1) path = body.text();
    else if (body.field === 2) heads.push(decodeHead(body.message()));
  }
  const known = heads.filter((head) => head !== undefined);
  if (!isText(path) || known.length < heads.length) return UNKNOWN;
  return { kind: "clear", path, heads: known };
}

function decodeHead(body: ProtobufReader | undefined): ClearMessage["heads"][number] | undefined {
  if (body === undefined) return undefined;
  let shard = 0;
  let previousHead: number | undefined;
  let version = 0;
  while (body.next()) {
    if (body.field === 1) shard = body.number();
    else if (body.field === 2) previousHead = body.number();
    else if (body.field === 3) version = body.number();
  }
  return areNumbers(shard, previousHead, version) ? { shard, previousHead, version } : undefined;
}

function decodeDirty(body: ProtobufReader): CoherenceMessage {
  let shardCount = 0;
  const shards: (DirtyMessage["shards"][number] | undefined)[] = [];
  while (body.next()) {
    if (body.field === 1) shardCount = body.number();
    else if (body.field === 2) shards.push(decodeDirtyShard(body.message()));
  }
  const known = shards.filter((shard) => shard !== undefined);
  // None at all would say that nothing was changed.
  if (!areNumbers(shardCount) || known.length === 0 || known.length < shards.length) return UNKNOWN;
  return { kind: "dirty", shardCount, shards: known };
}

function decodeDirtyShard(body: ProtobufReader | undefined): DirtyMessage["shards"][number] | undefined {
  if (body === undefined) return undefined;
  let shard = 0;
  let head: number | undefined;
  while (body.next()) {
    if (body.field === 1) shard = body.number();
    else if (body.field === 2) head = body.number();
  }
  return areNumbers(shard, head) ? { shard, head } : undefined;
}

function decodeAckAsk(body: ProtobufReader): CoherenceMessage {
  let id = 0;
  let key: string | undefined = "";
  let version = Number.POSITIVE_INFINITY;
  while (body.next()) {
    if (body.field === 1) id = body.number();
    else if (body.field === 2) key = body.text();
    else if (body.field === 3) version = body.number();
  }
  return isText(key) && areNumbers(id, version) ? { kind: "ack-ask", id, key, version } : UNKNOWN;
}

function decodeAck(body: ProtobufReader): CoherenceMessage {
  let id = 0;
  while (body.next()) if (body.field === 1) id = body.number();
  return areNumbers(id) ? { kind: "ack", id } : UNKNOWN;
}

/** A text that was no UTF-8 has U+FFFD in it: then it is not known which key was meant. One that really has it costs the copies, and nothing else. */
function isText(text: string | undefined): text is string {
  return text !== undefined && !text.includes("\ufffd");
}

function areNumbers(...values: readonly (number | undefined)[]): boolean {
  return values.every((value) => value === undefined || !Number.isNaN(value));
}
