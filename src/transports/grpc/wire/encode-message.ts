import type {
  AckAskMessage,
  ChangeMessage,
  ClearMessage,
  CoherenceMessage,
  DirtyMessage,
  TagsMessage,
  UnknownMessage,
} from "../../../coherence/coherence-message.ts";
import { ProtobufWriter } from "../../../foundation/protobuf-writer.ts";
import { BATCH_MESSAGES, MESSAGE_KIND } from "./frame-fields.ts";

const writer = new ProtobufWriter();

/** A message that says that everything may have changed, as {@link encodeMessage} makes it. */
export const ENCODED_UNKNOWN: Buffer = encodeUnknown();

/**
 * A message as one element of a batch: tag and length of `Batch.messages`, then the `Message`. So a batch is a matter of putting such pieces in a row, and a message
 * for many nodes is encoded once.
 *
 * What the format cannot carry unchanged becomes "everything may have changed", or, of a key whose shard is known, "the shard may have": a text that is no Unicode, and a number that is none
 * of 53 bits. A key that came out as another key would end the wrong copy.
 *
 * @param maxBytes of the piece; of a longer one the same is told
 */
export function encodeMessage(message: CoherenceMessage, maxBytes: number = Number.POSITIVE_INFINITY): Buffer {
  if (message.kind === "unknown" || !isCarriable(message)) return encodeInShort(message);
  writer.message(BATCH_MESSAGES, () => writeKind(message));
  const encoded = writer.take();
  return encoded.length > maxBytes ? encodeInShort(message) : encoded;
}

/** Of a key that cannot be told at least its shard, where it is known. */
function encodeInShort(message: CoherenceMessage): Buffer {
  if (message.kind !== "change" || message.home === undefined) return ENCODED_UNKNOWN;
  const { version, home } = message;
  const shards = [{ shard: home.shard, head: isOptional(version) ? version : undefined }];
  return encodeMessage({ kind: "dirty", shardCount: home.shardCount, shards });
}

function encodeUnknown(): Buffer {
  writer.message(BATCH_MESSAGES, () => writer.header(MESSAGE_KIND.unknown, 0));
  return writer.take();
}

function writeKind(message: Exclude<CoherenceMessage, UnknownMessage>): void {
  const field = MESSAGE_KIND[message.kind];
  if (message.kind === "change") writer.message(field, () => writeChange(message));
  else if (message.kind === "tags") writer.message(field, () => writeTags(message));
  else if (message.kind === "clear") writer.message(field, () => writeClear(message));
  else if (message.kind === "dirty") writer.message(field, () => writeDirty(message));
  else if (message.kind === "ack-ask") writer.message(field, () => writeAckAsk(message));
  else writer.message(field, () => writer.number(1, message.id));
}

function writeChange({ key, version, previousHead }: ChangeMessage): void {
  writer.text(1, key);
  if (version !== undefined) writer.number(2, version);
  if (previousHead !== undefined) writer.number(3, previousHead);
}

function writeTags({ tags, number, previousNumber }: TagsMessage): void {
  for (const tag of tags) writer.text(1, tag);
  if (number !== undefined) writer.number(2, number);
  if (previousNumber !== undefined) writer.number(3, previousNumber);
}

function writeClear({ path, heads }: ClearMessage): void {
  writer.text(1, path);
  for (const { shard, previousHead, version } of heads) {
    writer.message(2, () => {
      writer.number(1, shard);
      if (previousHead !== undefined) writer.number(2, previousHead);
      writer.number(3, version);
    });
  }
}

function writeDirty({ shardCount, shards }: DirtyMessage): void {
  writer.number(1, shardCount);
  for (const { shard, head } of shards) {
    writer.message(2, () => {
      writer.number(1, shard);
      if (head !== undefined) writer.number(2, head);
    });
  }
}

function writeAckAsk({ id, key, version }: AckAskMessage): void {
  writer.number(1, id);
  writer.text(2, key);
  // Who does not know the version asks for one above all.
  if (version !== Number.POSITIVE_INFINITY) writer.number(3, version);
}

function isCarriable(message: CoherenceMessage): boolean {
  switch (message.kind) {
    case "change":
      return message.key.isWellFormed() && isOptional(message.version) && isOptional(message.previousHead);
    case "tags":
      return (
        message.tags.every((tag) => tag.isWellFormed()) &&
        isOptional(message.number) &&
        isOptional(message.previousNumber)
      );
    case "clear":
      return (
        message.path.isWellFormed() &&
        message.heads.every((head) => isShard(head.shard) && isOptional(head.previousHead) && isNumber(head.version))
      );
    case "dirty":
      return (
        isShard(message.shardCount) && message.shards.every(({ shard, head }) => isShard(shard) && isOptional(head))
      );
    case "ack-ask":
      return (
        isNumber(message.id) &&
        message.key.isWellFormed() &&
        (isNumber(message.version) || message.version === Number.POSITIVE_INFINITY)
      );
    case "ack":
      return isNumber(message.id);
    default:
      return true;
  }
}

function isNumber(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isShard(value: number): boolean {
  return isNumber(value) && value <= 4_294_967_295;
}

function isOptional(value: number | undefined): boolean {
  return value === undefined || isNumber(value);
}
