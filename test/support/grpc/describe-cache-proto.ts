import { loadSync } from "@grpc/proto-loader";
import { ProtobufWriter } from "../../../src/foundation/protobuf-writer.ts";
import { ProtobufReader } from "../../../src/transports/grpc/wire/protobuf-reader.ts";

const PROTO_FOLDER = new URL("../../../docs/proto", import.meta.url).pathname;
const FILE_NAME = "gocachex/v1/cache.proto";

/** Fields of `google.protobuf.FileDescriptorProto`, `DescriptorProto` and `FieldDescriptorProto`. */
const FILE = { name: 1, messageType: 4 };
const MESSAGE = { field: 2 };
const FIELD = { oneofIndex: 9, proto3Optional: 17 };

/** The published description of the API as a library for Protocol Buffers reads it. */
export function loadCacheProto(): ReturnType<typeof loadSync> {
  return loadSync(FILE_NAME, { includeDirs: [PROTO_FOLDER], longs: String, keepCase: true, enums: String });
}

/**
 * The descriptor of `cache.proto`, as protoc would write it: the library that reads the file names it after its package, and does not say
 * which fields are `optional`. All that is in a oneof here is.
 */
export function describeCacheProto(): Buffer {
  const { fileDescriptorProtos } = loadCacheProto()["gocachex.v1.GetRequest"] as {
    fileDescriptorProtos: readonly Buffer[];
  };
  const [file] = fileDescriptorProtos as [Buffer];
  return rewrite(file, (field, bytes, writer) => {
    if (field === FILE.name) writer.text(field, FILE_NAME);
    else writeBytes(writer, field, field === FILE.messageType ? rewriteMessage(bytes) : bytes);
  });
}

function rewriteMessage(message: Buffer): Buffer {
  return rewrite(message, (field, bytes, writer) =>
    writeBytes(writer, field, field === MESSAGE.field ? rewriteField(bytes) : bytes),
  );
}

function rewriteField(field: Buffer): Buffer {
  const reader = new ProtobufReader(field);
  let isOptional = false;
  while (reader.next()) isOptional ||= reader.field === FIELD.oneofIndex;
  if (!isOptional) return field;
  const mark = new ProtobufWriter();
  mark.number(FIELD.proto3Optional, 1);
  return Buffer.concat([field, mark.take()]);
}

/** Copies the fields of a message that are texts, bytes and messages; files and messages have no others. */
function rewrite(message: Buffer, copy: (field: number, bytes: Buffer, writer: ProtobufWriter) => void): Buffer {
  const reader = new ProtobufReader(message);
  const writer = new ProtobufWriter();
  while (reader.next()) {
    const bytes = reader.bytes();
    if (bytes === undefined) throw new Error(`Field ${reader.field} is no text, bytes or message.`);
    copy(reader.field, bytes, writer);
  }
  return writer.take();
}

function writeBytes(writer: ProtobufWriter, field: number, bytes: Buffer): void {
  writer.header(field, bytes.length);
  writer.raw(bytes);
}
