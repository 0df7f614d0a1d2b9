import {
  BASIC_TYPE_IDS,
  CLASS_MARKS,
  FIRST_DEFINED_TYPE_ID,
  MAX_TYPE_ID,
  TYPED_ARRAY_CLASSES,
  type TypedArrayClass,
  WIRE_TYPE_FIELDS,
} from "./gob-layout.ts";
import { type GobReader, malformed } from "./gob-reader.ts";

/** How a value of a type is read. */
export type WireKind =
  | "bool"
  | "int"
  | "uint"
  | "float"
  | "bytes"
  | "string"
  | "complex"
  | "interface"
  | "array"
  | "slice"
  | "set"
  | "typed-array"
  | "struct"
  | "object"
  | "bare-object"
  | "map"
  /** `time.Time`, or another type that Go calls so. */
  | "time"
  /** `big.Int`, or another type that Go calls so. */
  | "big-int"
  /** A type with `GobEncode` that Go sends without its name. */
  | "unnamed"
  /** Any other type that encodes itself. */
  | "opaque"
  | "text";

/** A type as a stream defines it. */
export interface WireType {
  readonly kind: WireKind;
  /** Go's name without its package; `""` where it has none. */
  readonly name: string;
  readonly keyId: number;
  readonly elementId: number;
  /** Of an array. */
  readonly length: number;
  readonly fields: readonly WireField[];
  readonly typedArray: TypedArrayClass | undefined;
  /** Made when the first value of a struct is read. */
  plan: StructPlan | undefined;
}

/** A field of a struct: its name in Go and the number of its type. */
export interface WireField {
  readonly name: string;
  readonly typeId: number;
}

/** How the values of one struct type are read: made once for each type in a stream. */
export interface StructPlan {
  /** The fields' names in JavaScript, in the order of the stream's definition. */
  readonly names: readonly string[];
  readonly types: readonly WireType[];
  /** What a value of the struct takes, its zero fields included. */
  readonly memoryBytes: number;
}

/** The types that no stream defines, by their numbers. */
export const BASIC_TYPES: ReadonlyMap<number, WireType> = new Map(
  Object.entries(BASIC_TYPE_IDS).map(([name, id]) => [id, wireType({ kind: name as WireKind, name })]),
);

/**
 * Types with `GobEncode` by their names. Go sends the name that the type had where its process met it first: none for the elements of maps
 * and arrays, and none for a pointer.
 */
const ENCODER_KINDS: ReadonlyMap<string, WireKind> = new Map([
  ["Time", "time"],
  ["Int", "big-int"],
  ["", "unnamed"],
]);

/** Fields of the struct with which every definition begins. */
const COMMON_FIELDS = { name: 0, id: 1 } as const;

function wireType(parts: Partial<WireType> & Pick<WireType, "kind" | "name">): WireType {
  return {
    kind: parts.kind,
    name: parts.name,
    keyId: parts.keyId ?? 0,
    elementId: parts.elementId ?? 0,
    length: parts.length ?? 0,
    fields: parts.fields ?? [],
    typedArray: parts.typedArray,
    plan: undefined,
  };
}

/**
 * Reads the definition of a type, a struct `wireType` of Go: see `docs/design/gob.md`.
 *
 * @throws CodecFault
 */
export function readWireType(reader: GobReader): WireType {
  let type: WireType | undefined;
  readFields(reader, (field) => {
    if (type !== undefined) throw malformed("a type that is two types");
    type = readKind(reader, field);
  });
  if (type === undefined) throw malformed("a type that is none");
  return type;
}

function readKind(reader: GobReader, field: number): WireType {
  switch (field) {
    case WIRE_TYPE_FIELDS.array: {
      const { name, numbers } = readTyped(reader, 2);
      return wireType({ kind: "array", name, elementId: numbers[0] as number, length: numbers[1] as number });
    }
    case WIRE_TYPE_FIELDS.slice: {
      const { name, numbers } = readTyped(reader, 1);
      return sliceType(name, numbers[0] as number);
    }
    case WIRE_TYPE_FIELDS.struct:
      return readStruct(reader);
    case WIRE_TYPE_FIELDS.map: {
      const { name, numbers } = readTyped(reader, 2);
      return wireType({
        kind: mapKind(name, numbers[0] as number),
        name,
        keyId: numbers[0] as number,
        elementId: numbers[1] as number,
      });
    }
    case WIRE_TYPE_FIELDS.gobEncoder: {
      const { name } = readTyped(reader, 0);
      return wireType({ kind: ENCODER_KINDS.get(name) ?? "opaque", name });
    }
    case WIRE_TYPE_FIELDS.binaryMarshaler:
      return wireType({ kind: "opaque", name: readTyped(reader, 0).name });
    case WIRE_TYPE_FIELDS.textMarshaler:
      return wireType({ kind: "text", name: readTyped(reader, 0).name });
    default:
      throw malformed("a type of an unknown kind");
  }
}

function sliceType(name: string, elementId: number): WireType {
  if (name === CLASS_MARKS.set) return wireType({ kind: "set", name, elementId });
  const typedArray = TYPED_ARRAY_CLASSES.find(({ mark }) => mark === name);
  if (typedArray === undefined) return wireType({ kind: "slice", name, elementId });
  if (elementId !== BASIC_TYPE_IDS[typedArray.element]) throw malformed("a typed array of another type");
  return wireType({ kind: "typed-array", name, elementId, typedArray });
}

function mapKind(name: string, keyId: number): WireKind {
  if (keyId !== BASIC_TYPE_IDS.string || name === CLASS_MARKS.map) return "map";
  return name === CLASS_MARKS.bareObject ? "bare-object" : "object";
}

/** A struct of a `CommonType` and `count` integers, as all definitions but a struct's are. */
function readTyped(reader: GobReader, count: number): { readonly name: string; readonly numbers: readonly number[] } {
  let name = "";
  const numbers = new Array<number>(count).fill(0);
  readFields(reader, (field) => {
    if (field === 0) name = readCommon(reader);
    else if (field <= count) numbers[field - 1] = readNumber(reader);
    else throw malformed("a type with an unknown field");
  });
  return { name, numbers };
}

function readStruct(reader: GobReader): WireType {
  let name = "";
  const fields: WireField[] = [];
  readFields(reader, (field) => {
    if (field === 0) {
      name = readCommon(reader);
    } else if (field === 1) {
      // A field takes its name's length and text, its number, and an end.
      for (let left = reader.count(5); left > 0; left -= 1) fields.push(readField(reader));
    } else {
      throw malformed("a type with an unknown field");
    }
  });
  return wireType({ kind: "struct", name, fields });
}

function readField(reader: GobReader): WireField {
  let name = "";
  let typeId = 0;
  readFields(reader, (field) => {
    if (field === 0) name = reader.key();
    else if (field === 1) typeId = readNumber(reader);
    else throw malformed("a field with an unknown property");
  });
  if (name === "") throw malformed("a field without a name");
  return { name, typeId };
}

/** @returns the name; the number in it repeats what stands in front of the definition, and Go does not look at it either */
function readCommon(reader: GobReader): string {
  let name = "";
  readFields(reader, (field) => {
    if (field === COMMON_FIELDS.name) name = reader.text();
    else if (field === COMMON_FIELDS.id) readNumber(reader);
    else throw malformed("a type with an unknown field");
  });
  return name;
}

/** Reads a struct: calls back with the number of each field that is there, and the callback reads it. */
function readFields(reader: GobReader, readOne: (field: number) => void): void {
  let field = -1;
  for (;;) {
    const delta = reader.uint();
    if (delta === 0) return;
    field += delta;
    readOne(field);
  }
}

function readNumber(reader: GobReader): number {
  const number = reader.signed();
  if (typeof number === "bigint" || number < 0) throw malformed("a type with a number out of range");
  return number;
}

/** The number of a type, or its negative when a definition follows. @throws CodecFault when no type can have it */
export function readTypeId(reader: GobReader): number {
  const id = reader.signed();
  if (typeof id === "bigint" || Math.abs(id) > MAX_TYPE_ID) throw malformed("a type with a number out of range");
  if (id < 0 && -id < FIRST_DEFINED_TYPE_ID) throw malformed("a definition of one of gob's own types");
  return id;
}
