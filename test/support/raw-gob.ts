import { Buffer } from "node:buffer";

/** Bytes, or parts of them. */
export type RawPart = number | string | Uint8Array | readonly RawPart[];

/** Joins parts: a number is a byte, a string its bytes in UTF-8. */
export function raw(...parts: readonly RawPart[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === "number") return Buffer.of(part);
      return typeof part === "string" ? Buffer.from(part) : part instanceof Uint8Array ? part : raw(...part);
    }),
  );
}

/** An unsigned number as gob has it, written independently of the encoder. */
export function rawUint(value: number | bigint): Buffer {
  if (value < 128) return raw(Number(value));
  const hex = BigInt(value).toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return raw(256 - bytes.length, bytes);
}

/** A signed number. */
export function rawInt(value: number | bigint): Buffer {
  const whole = BigInt(value);
  return rawUint(whole < 0n ? (~whole << 1n) | 1n : whole << 1n);
}

/** A text with its length. */
export function rawText(text: string): Buffer {
  return raw(rawUint(Buffer.byteLength(text)), text);
}

/** Parts with their length in front: a message, or the value of an interface. */
export function rawChunk(...parts: readonly RawPart[]): Buffer {
  const bytes = raw(...parts);
  return raw(rawUint(bytes.length), bytes);
}

/** A message that defines a type. `kind` is the field of `wireType`, from 1; `rest` what follows the common fields. */
export function rawDefinition(id: number, kind: number, name: string, ...rest: readonly RawPart[]): Buffer {
  return rawChunk(rawInt(-id), rawWireType(id, kind, name, ...rest));
}

/** The definition alone. */
export function rawWireType(id: number, kind: number, name: string, ...rest: readonly RawPart[]): Buffer {
  const common = name === "" ? [2, rawInt(id)] : [1, rawText(name), 1, rawInt(id)];
  return raw(kind, 1, ...common, 0, ...rest, 0, 0);
}

/** A message that defines a struct. */
export function rawStruct(id: number, name: string, fields: readonly (readonly [string, number])[]): Buffer {
  const list = fields.map(([field, type]) => [1, rawText(field), 1, rawInt(type), 0]);
  return rawDefinition(id, 3, name, 1, rawUint(fields.length), ...list);
}

/** A message that defines a slice. */
export function rawSlice(id: number, element: number, name = ""): Buffer {
  return rawDefinition(id, 2, name, 1, rawInt(element));
}

/** A message that defines an array. */
export function rawArray(id: number, element: number, length: number): Buffer {
  return rawDefinition(id, 1, "", 1, rawInt(element), 1, rawInt(length));
}

/** A message that defines a map. */
export function rawMap(id: number, key: number, element: number, name = ""): Buffer {
  return rawDefinition(id, 4, name, 1, rawInt(key), 1, rawInt(element));
}

/** The message of a value that is no struct. */
export function rawValue(type: number, ...parts: readonly RawPart[]): Buffer {
  return rawChunk(rawInt(type), 0, ...parts);
}
