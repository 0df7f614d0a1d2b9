/**
 * How a tree of JSON or msgpack carries what these have not: an object with one property whose name is one of these stands for
 * something else. An object of the user's that looks like one is written inside `$plain`.
 *
 * | Tag | Its value | Stands for |
 * |---|---|---|
 * | `$undefined` | `0` | `undefined` |
 * | `$number` | `"NaN"`, `"Infinity"`, `"-Infinity"`, `"-0"` | the number |
 * | `$bigint` | `"123"`, beyond 1,024 bits `"0x…"` or `"-0x…"` | the bigint |
 * | `$text` | its UTF-16 code units, as `$bytes` writes bytes | a string with lone surrogates (msgpack only) |
 * | `$date` | ms since the epoch, `null` when invalid | `Date` |
 * | `$regexp` | `[source, flags, lastIndex]` | `RegExp` |
 * | `$map` | `[[key, value], …]` | `Map` |
 * | `$set` | `[member, …]` | `Set` |
 * | `$bytes` | `[class, bytes]`, bytes in base64 (msgpack: as they are) | a `Buffer`, typed array, `DataView` or `ArrayBuffer` |
 * | `$error` | `[class, fields, …values]` | an error; fields: bits 0–2 `message`, `stack`, `cause` are there, bits 3–5 enumerable |
 * | `$array` | `[length, [[index, value], …], [[name, value], …]]` | an array with holes or named properties |
 * | `$bare` | `[[name, value], …]` | an object without a prototype |
 * | `$box` | the primitive | `new String(…)` and its like |
 * | `$plain` | the object | a plain object that looks like a tag |
 * | `$entries` | `[[name, value], …]` | a plain object with a name that msgpack would lose (msgpack only) |
 * | `$ref` | n | the n-th object of the value, counted from 0 as objects begin |
 *
 * Names are part of the format: never changed, never given to something else.
 */
export const TAGS = {
  undefined: "$undefined",
  number: "$number",
  bigint: "$bigint",
  text: "$text",
  date: "$date",
  regExp: "$regexp",
  map: "$map",
  set: "$set",
  bytes: "$bytes",
  error: "$error",
  array: "$array",
  bare: "$bare",
  box: "$box",
  plain: "$plain",
  entries: "$entries",
  ref: "$ref",
} as const;

/** What every tag begins with. */
export const TAG_START = "$";

/** Names of the classes of bytes by their number among the view classes; the last is the `ArrayBuffer`. */
export const BYTES_CLASS_NAMES: readonly string[] = [
  "Buffer",
  "DataView",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int8Array",
  "Uint16Array",
  "Int16Array",
  "Uint32Array",
  "Int32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "ArrayBuffer",
];

/** What a format carries by itself, so that no tag is needed. */
export interface TagCarrier {
  /** Bytes stand in the tree as they are, and a `Buffer` needs no tag. Otherwise they are base64. */
  readonly hasBytes: boolean;
  /** `NaN` and the infinities need no tag. */
  readonly hasAllNumbers: boolean;
  /** Whether tags may be used; where nothing says that they are, a part that needs one is refused. */
  readonly takesTags: boolean;
  /** Any string can be written; otherwise those with lone surrogates need a tag, and some names of properties as well. */
  readonly hasAllTexts: boolean;
}

/** Most levels of a tree that one level of a value takes: `{ "$array": [length, [[index, part]], []] }`. */
export const LEVELS_PER_LEVEL = 4;

/** Bigints of more bits are written in hexadecimal, whose digits take no quadratic time. */
export const MAX_DECIMAL_BITS = 1_024;

/** Longest source of a regular expression: the platform compiles it when it is made. */
export const MAX_REGEXP_LENGTH = 65_536;
