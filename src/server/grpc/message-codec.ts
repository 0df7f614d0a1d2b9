import { isUtf8 } from "node:buffer";
import { ProtobufWriter } from "../../foundation/protobuf-writer.ts";
import { MalformedFrameError, ProtobufReader } from "../../transports/grpc/wire/protobuf-reader.ts";

/** One field of a message: its number, and how its values are read and written. */
export interface MessageField<Value> {
  readonly number: number;
  /** What a message has that does not name the field. */
  readonly absent: () => Value;
  /** Reads one occurrence. @param before what the field has so far */
  readonly read: (reader: ProtobufReader, before: Value) => Value;
  /** Writes the field, or nothing where the value is what an absent field says. */
  readonly write: (writer: ProtobufWriter, value: Value) => void;
}

/** Reads and writes the messages of one type. */
export interface MessageCodec<Message> {
  /** O(bytes). @throws MalformedFrameError */
  readonly decode: (bytes: Buffer) => Message;
  /** O(bytes). */
  readonly encode: (message: Message) => Buffer;
  /** Reads what is left of a reader into a message. @throws MalformedFrameError */
  readonly readInto: (reader: ProtobufReader, message: Message) => void;
  readonly writeTo: (writer: ProtobufWriter, message: Message) => void;
  readonly create: () => Message;
}

/** A writer that was larger once is not kept: its buffer is as large as the largest message. */
const KEPT_WRITER_BYTES = 262_144;

let sharedWriter = new ProtobufWriter();

/**
 * Describes a message by its fields. As the format asks for, fields that are not known are passed over, and of a field that occurs
 * twice the last value counts; messages in it are merged.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export function defineMessage<Message extends object>(
  fields: {
    readonly [Name in keyof Message]: MessageField<Message[Name]>;
  },
): MessageCodec<Message> {
  const entries = Object.entries(fields) as unknown as readonly (readonly [string, MessageField<unknown>])[];
  const byNumber = new Map(entries.map(([name, field]) => [field.number, [name, field] as const]));
  type Parts = Record<string, unknown>;
  const create = (): Parts => {
    const message: Parts = {};
    for (const [name, field] of entries) message[name] = field.absent();
    return message;
  };
  const readInto = (reader: ProtobufReader, message: Parts): void => {
    while (reader.next()) {
      const known = byNumber.get(reader.field);
      if (known !== undefined) message[known[0]] = known[1].read(reader, message[known[0]]);
    }
  };
  const writeTo = (writer: ProtobufWriter, message: Parts): void => {
    for (const [name, field] of entries) field.write(writer, message[name]);
  };
  const codec: MessageCodec<Parts> = {
    create,
    readInto,
    writeTo,
    decode: (bytes) => {
      const message = create();
      readInto(new ProtobufReader(bytes), message);
      return message;
    },
    encode: (message) => {
      const writer = sharedWriter;
      writeTo(writer, message);
      if (writer.lengthBytes > KEPT_WRITER_BYTES) sharedWriter = new ProtobufWriter();
      return writer.take();
    },
  };
  return codec as unknown as MessageCodec<Message>;
}

/** `string`. */
export function textField(number: number): MessageField<string> {
  return {
    number,
    absent: () => "",
    read: (reader, before) => readText(reader) ?? before,
    write: (writer, value) => {
      if (value !== "") writer.text(number, value);
    },
  };
}

/** `repeated string`. */
export function textsField(number: number): MessageField<string[]> {
  return {
    number,
    absent: () => [],
    read: (reader, before) => {
      const text = readText(reader);
      if (text !== undefined) before.push(text);
      return before;
    },
    write: (writer, value) => {
      for (const text of value) writer.text(number, text);
    },
  };
}

/** `bytes`. What is read is copied: a value must not keep the message that it came in. */
export function bytesField(number: number): MessageField<Uint8Array> {
  return {
    number,
    absent: () => Buffer.alloc(0),
    read: (reader, before) => {
      const bytes = reader.bytes();
      return bytes === undefined ? before : Buffer.from(bytes);
    },
    write: (writer, value) => {
      if (value.length === 0) return;
      writer.header(number, value.length);
      writer.raw(value);
    },
  };
}

/** `bool`. */
export function flagField(number: number): MessageField<boolean> {
  const field = optionalFlagField(number);
  return {
    number,
    absent: () => false,
    read: (reader) => field.read(reader, undefined) === true,
    write: (writer, value) => {
      if (value) writer.number(number, 1);
    },
  };
}

/** `optional bool`. */
export function optionalFlagField(number: number): MessageField<boolean | undefined> {
  return {
    number,
    absent: () => undefined,
    read: (reader, before) => {
      const value = reader.int64();
      return value === undefined ? before : value !== 0n;
    },
    write: (writer, value) => {
      if (value !== undefined) writer.number(number, value ? 1 : 0);
    },
  };
}

/** `uint64`, or an enumeration: a whole number from 0 to 2^53 − 1. */
export function numberField(number: number): MessageField<number> {
  const field = optionalNumberField(number);
  return {
    number,
    absent: () => 0,
    read: (reader, before) => field.read(reader, before) ?? 0,
    write: (writer, value) => {
      if (value !== 0) writer.number(number, value);
    },
  };
}

/** `optional uint64`. */
export function optionalNumberField(number: number): MessageField<number | undefined> {
  return {
    number,
    absent: () => undefined,
    read: (reader) => {
      const value = reader.number();
      if (Number.isNaN(value)) throw new MalformedFrameError(`field ${number} is no whole number from 0 to 2^53 - 1`);
      return value;
    },
    write: (writer, value) => {
      if (value !== undefined) writer.number(number, value);
    },
  };
}

/** `int64`. */
export function int64Field(number: number): MessageField<bigint> {
  return {
    number,
    absent: () => 0n,
    read: (reader, before) => reader.int64() ?? before,
    write: (writer, value) => {
      if (value !== 0n) writer.int64(number, value);
    },
  };
}

/** `optional int64`. */
export function optionalInt64Field(number: number): MessageField<bigint | undefined> {
  return {
    number,
    absent: () => undefined,
    read: (reader, before) => reader.int64() ?? before,
    write: (writer, value) => {
      if (value !== undefined) writer.int64(number, value);
    },
  };
}

/** A message in a message; `undefined`: absent. */
export function messageField<Message>(number: number, codec: MessageCodec<Message>): MessageField<Message | undefined> {
  return {
    number,
    absent: () => undefined,
    read: (reader, before) => {
      const body = reader.message();
      if (body === undefined) return before;
      const message = before ?? codec.create();
      codec.readInto(body, message);
      return message;
    },
    write: (writer, value) => {
      if (value !== undefined) writer.message(number, () => codec.writeTo(writer, value));
    },
  };
}

/** `repeated` messages. */
export function messagesField<Message>(number: number, codec: MessageCodec<Message>): MessageField<Message[]> {
  return {
    number,
    absent: () => [],
    read: (reader, before) => {
      const body = reader.message();
      if (body === undefined) return before;
      const message = codec.create();
      codec.readInto(body, message);
      before.push(message);
      return before;
    },
    write: (writer, value) => {
      for (const message of value) writer.message(number, () => codec.writeTo(writer, message));
    },
  };
}

/** The format asks for UTF-8. Taking anything else for U+FFFD, as the platform does, would make one key of two. */
function readText(reader: ProtobufReader): string | undefined {
  const bytes = reader.bytes();
  if (bytes === undefined) return undefined;
  const text = bytes.toString("utf8");
  if (text.includes("\ufffd") && !isUtf8(bytes)) throw new MalformedFrameError("a text is not UTF-8");
  return text;
}
