import type { NumberArray, TypedArrayClass } from "./gob-layout.ts";
import { type GobReader, malformed } from "./gob-reader.ts";

/**
 * Reads a slice that a typed array was written as.
 *
 * @throws CodecFault when an element is not one of the class
 */
export function readTypedArray(reader: GobReader, typedArray: TypedArrayClass, count: number): NumberArray {
  const { constructor_, element, isBig } = typedArray;
  const target = new constructor_(count) as { [index: number]: number | bigint };
  for (let index = 0; index < count; index += 1) {
    const read = element === "float" ? reader.double() : element === "int" ? reader.signed() : reader.unsigned();
    const value = isBig ? BigInt(read) : read;
    // What the class cannot hold would become another number.
    if (typeof value === "bigint" && !isBig) throw malformed("a typed array with a number out of range");
    target[index] = value;
    if (!Object.is(target[index], value)) throw malformed("a typed array with a number out of range");
  }
  return target as NumberArray;
}
