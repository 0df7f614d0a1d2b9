import { BASIC_TYPE_IDS, CLASS_MARKS, FIRST_WRITTEN_TYPE_ID, WIRE_TYPE_FIELDS } from "./gob-layout.ts";
import type { GobWriter } from "./gob-writer.ts";
import { elementOf, SHAPES, type Shape, type ShapeKind } from "./value-shape.ts";

const BASIC_IDS = new Map<ShapeKind, number>([
  ["bool", BASIC_TYPE_IDS.bool],
  ["int", BASIC_TYPE_IDS.int],
  ["natural", BASIC_TYPE_IDS.int],
  ["int64", BASIC_TYPE_IDS.int],
  ["uint64", BASIC_TYPE_IDS.uint],
  ["float", BASIC_TYPE_IDS.float],
  ["bytes", BASIC_TYPE_IDS.bytes],
  ["string", BASIC_TYPE_IDS.string],
  ["interface", BASIC_TYPE_IDS.interface],
  ["nothing", BASIC_TYPE_IDS.interface],
]);

/** Numbers the types of one stream as they are met, and defines them in front of the value. Written backwards, as all of it. */
export class TypeDefinitions {
  readonly #ids = new Map<Shape, number>();

  /** The number of a shape's type on the wire. */
  idOf(shape: Shape): number {
    const basic = BASIC_IDS.get(shape.kind);
    if (basic !== undefined) return basic;
    const known = this.#ids.get(shape);
    if (known !== undefined) return known;
    const id = FIRST_WRITTEN_TYPE_ID + this.#ids.size;
    this.#ids.set(shape, id);
    return id;
  }

  /** Writes a message for each type that has a number; types that those need get one meanwhile, and a message. */
  write(writer: GobWriter): void {
    for (const [shape, id] of this.#ids) {
      const end = writer.length;
      writer.byte(0);
      this.#definition(writer, shape, id);
      writer.int(-id);
      writer.uint(writer.length - end);
    }
  }

  #definition(writer: GobWriter, shape: Shape, id: number): void {
    switch (shape.kind) {
      case "struct":
        this.#struct(writer, shape, id);
        break;
      case "slice":
      case "set":
      case "typed-array":
        define(writer, "slice", this.#mark(shape), id, [this.#elementId(shape)]);
        break;
      case "time":
      case "big-int":
        define(writer, "gobEncoder", shape.kind === "time" ? "Time" : "Int", id, []);
        break;
      default:
        define(writer, "map", this.#mark(shape), id, [this.#keyId(shape), this.#elementId(shape)]);
    }
  }

  /** What makes another class of the same type of Go. */
  #mark(shape: Shape): string {
    switch (shape.kind) {
      case "set":
        return CLASS_MARKS.set;
      case "map":
        return CLASS_MARKS.map;
      case "bare-object":
        return CLASS_MARKS.bareObject;
      default:
        return shape.typedArray?.mark ?? "";
    }
  }

  #elementId(shape: Shape): number {
    return shape.typedArray === undefined ? this.idOf(elementOf(shape)) : BASIC_TYPE_IDS[shape.typedArray.element];
  }

  /** A plain object's names are strings, and so are keys that are not there. */
  #keyId({ key }: Shape): number {
    return key === undefined || key === SHAPES.nothing ? BASIC_TYPE_IDS.string : this.idOf(key);
  }

  #struct(writer: GobWriter, shape: Shape, id: number): void {
    const fields = shape.struct?.fields ?? [];
    writer.byte(0);
    for (let index = fields.length - 1; index >= 0; index -= 1) {
      const field = fields[index] as (typeof fields)[number];
      writer.byte(0);
      writer.int(this.idOf(field.shape));
      writer.byte(1);
      writer.text(field.goName);
      writer.byte(1);
    }
    writer.uint(fields.length);
    writer.byte(1);
    begin(writer, "struct", shape.struct?.goName ?? "", id);
  }
}

/** A definition whose fields besides the common ones are numbers. */
function define(
  writer: GobWriter,
  kind: keyof typeof WIRE_TYPE_FIELDS,
  name: string,
  id: number,
  numbers: readonly number[],
): void {
  writer.byte(0);
  for (let index = numbers.length - 1; index >= 0; index -= 1) {
    writer.int(numbers[index] as number);
    writer.byte(1);
  }
  begin(writer, kind, name, id);
}

/** What is in front of a definition: which kind it is, its name and its number. */
function begin(writer: GobWriter, kind: keyof typeof WIRE_TYPE_FIELDS, name: string, id: number): void {
  writer.byte(0);
  writer.int(id);
  if (name === "") {
    writer.byte(2);
  } else {
    writer.byte(1);
    writer.text(name);
    writer.byte(1);
  }
  writer.byte(1);
  writer.byte(WIRE_TYPE_FIELDS[kind] + 1);
}
