import { type GobStruct, recordOf, SHAPES, type Shape, type StructField, sliceOf, structOf } from "./value-shape.ts";

/** Types of fields that have no parts, by what Go calls them. */
export type GobBasicType =
  | "bool"
  | "int"
  | "uint"
  | "float64"
  | "string"
  | "[]byte"
  | "time.Time"
  | "big.Int"
  | "interface{}";

const FIELD_SHAPES: Readonly<Record<GobBasicType, Shape>> = {
  bool: SHAPES.bool,
  int: SHAPES.int64,
  uint: SHAPES.uint64,
  float64: SHAPES.float,
  string: SHAPES.string,
  "[]byte": SHAPES.bytes,
  "time.Time": SHAPES.time,
  "big.Int": SHAPES.bigInt,
  "interface{}": SHAPES.interface,
};

/**
 * The type of a struct's field: a name; `["int"]` for a slice, `{ map: "int" }` for `map[string]int`; another struct. `int` and `uint` stand
 * for Go's integers of every size.
 */
export type GobFieldType = GobBasicType | readonly [GobFieldType] | { readonly map: GobFieldType } | GobStruct;

/** A field: its type, or its type with its name in Go. */
export type GobField = GobFieldType | { readonly name: string; readonly type: GobFieldType };

/**
 * Describes a struct type of a Go program, so that plain objects with exactly these properties are written as it, and are read back with
 * these properties. Without it they are written as `map[string]interface{}`.
 *
 * @param name as Go registers it: the import path, a dot and the type's name (`"main.User"`, `"example.com/shop.User"`). Only values inside an
 * `interface{}` need the path; `"User"` does for the others
 * @param fields property to type. In Go the field has the property's name with a capital, unless another is given
 * @throws TypeError when Go could have no such struct
 *
 * @example
 * ```ts
 * const user = gobStruct("main.User", { id: { name: "ID", type: "int" }, name: "string", tags: ["string"] });
 * encodeGob({ id: 7, name: "Ada", tags: [] }, { structs: [user] });
 * // Go: type User struct { ID int; Name string; Tags []string }
 * ```
 */
export function gobStruct(name: string, fields: Readonly<Record<string, GobField>>): GobStruct {
  const list = Object.entries(fields).map(([property, field]) => structField(property, field));
  const goName = name.slice(name.lastIndexOf(".") + 1);
  if (goName === "") throw new TypeError(`${JSON.stringify(name)} is no name of a Go type.`);
  if (list.length === 0) throw new TypeError(`The struct ${name} has no fields; Go does not encode such a one.`);
  const properties = new Map(list.map((field) => [field.goName, field.property]));
  if (properties.size !== list.length)
    throw new TypeError(`Two fields of the struct ${name} have the same name in Go.`);
  const made: Omit<GobStruct, "shape"> & { shape?: Shape } = {
    registeredName: name,
    goName,
    fields: list,
    matches: (source: object, names: readonly string[]) =>
      names.length === list.length && list.every(({ property }) => Object.hasOwn(source, property)),
    propertyOf: (field: string) => properties.get(field),
  };
  made.shape = structOf(made as GobStruct);
  return Object.freeze(made as GobStruct);
}

function structField(property: string, field: GobField): StructField {
  const isNamed = typeof field === "object" && "type" in field;
  const goName = isNamed ? field.name : property.slice(0, 1).toUpperCase() + property.slice(1);
  // Go ignores fields whose names do not begin with a capital letter: the value would be lost.
  if (!/^\p{Lu}[\p{L}\p{Nd}_]*$/u.test(goName)) {
    throw new TypeError(
      `The field ${JSON.stringify(goName)} is no name that Go exports. Give one: { name: "Field", type }.`,
    );
  }
  return { property, goName, shape: fieldShape(property, isNamed ? field.type : field) };
}

function fieldShape(property: string, type: GobFieldType): Shape {
  if (typeof type === "string") {
    const known = Object.hasOwn(FIELD_SHAPES, type) ? FIELD_SHAPES[type] : undefined;
    if (known === undefined) throw new TypeError(`The field ${property} has the unknown type ${JSON.stringify(type)}.`);
    return known;
  }
  if (isSlice(type)) return sliceOf(fieldShape(property, type[0]));
  if ("map" in type) return recordOf(fieldShape(property, type.map));
  return type.shape;
}

function isSlice(type: object): type is readonly [GobFieldType] {
  return Array.isArray(type) && type.length === 1;
}
