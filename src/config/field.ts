/** What every field says about itself. */
interface FieldBase {
  /** Meaning, unit and interactions, as sentences. The docstring of the interface says the same. */
  readonly doc: string;
  /** The value that stands in when the field is not set, as a user would write it; left out when there is none. */
  readonly default?: boolean | number | string | readonly string[] | undefined;
  /** What happens without a value, where no single value says it. */
  readonly defaultDoc?: string | undefined;
  /** A credential: never shown in a message. */
  readonly secret?: true | undefined;
  /** The sibling boolean that this field needs to be true; without it the field has no effect. */
  readonly switchedBy?: string | undefined;
}

/** `true` or `false`. */
export interface BooleanField extends FieldBase {
  readonly kind: "boolean";
  /** A word that says something between the two. */
  readonly word?: string | undefined;
}

/** A whole number within bounds, both included. */
export interface IntegerField extends FieldBase {
  readonly kind: "integer";
  readonly min: number;
  readonly max: number;
  /** `Infinity` and `false` mean "no limit". */
  readonly unlimited?: true | undefined;
  /** What `-1` meant to the Go library, accepted in snake_case documents only. */
  readonly goMinusOne?: number | undefined;
}

/** A number from 0 to 1. */
export interface RatioField extends FieldBase {
  readonly kind: "ratio";
}

/** A number above 0. */
export interface NumberField extends FieldBase {
  readonly kind: "number";
  /** It must be below this; default: any. */
  readonly below?: number | undefined;
  /** `false` means "off". */
  readonly off?: true | undefined;
}

/** A text. */
export interface TextField extends FieldBase {
  readonly kind: "text";
  readonly minLength: number;
  readonly maxLength: number;
  readonly pattern?: TextPattern | undefined;
}

/** One of some words. */
export interface EnumField extends FieldBase {
  readonly kind: "enum";
  readonly values: readonly string[];
  /** Other texts of this shape are accepted as well: names of plug-ins. */
  readonly other?: TextPattern | undefined;
  /** From code, an object of this shape is accepted as well. */
  readonly instance?: InstanceShape | undefined;
}

/** A span of time: milliseconds or text such as `"5m"`; Go nanoseconds as a number in a snake_case document. */
export interface DurationField extends FieldBase {
  readonly kind: "duration";
  readonly minMs: number;
  readonly maxMs: number;
  /** `Infinity` and `false` mean "never" (or "no limit"). */
  readonly never?: true | undefined;
  /** `false` means "off". */
  readonly off?: true | undefined;
  /** What `-1` meant to the Go library, accepted in snake_case documents only. */
  readonly goMinusOne?: number | false | undefined;
}

/** A number of bytes, or text such as `"100MB"`. */
export interface SizeField extends FieldBase {
  readonly kind: "size";
  readonly minBytes: number;
  readonly maxBytes: number;
  /** `Infinity` and `false` mean "no limit". */
  readonly unlimited?: true | undefined;
}

/** A list of texts. */
export interface TextListField extends FieldBase {
  readonly kind: "text-list";
  readonly maxLength: number;
  /** Most characters of one item. Default: 4,096. */
  readonly maxItemLength?: number | undefined;
  readonly pattern?: TextPattern | undefined;
}

/** Names with texts. */
export interface TextMapField extends FieldBase {
  readonly kind: "text-map";
}

/** An object with fields of its own. */
export interface SectionField extends FieldBase {
  readonly kind: "section";
  readonly fields: Fields;
  /** The section may also hold the options of the plug-in backend that its `backend` field names. */
  readonly holdsPluginOptions?: true | undefined;
}

/** A list of such objects. */
export interface SectionListField extends FieldBase {
  readonly kind: "section-list";
  readonly fields: Fields;
  readonly maxLength: number;
  readonly holdsPluginOptions?: true | undefined;
}

/** An object that only code can hand over, never a file or the environment. */
export interface InstanceField extends FieldBase {
  readonly kind: "instance";
  readonly instance: InstanceShape;
}

/** A form that texts must have. */
export interface TextPattern {
  /** The form as a regular expression without flags; published in the JSON Schema. */
  readonly source: string;
  /** The form in words, to follow "must be". */
  readonly doc: string;
}

/** What an object or function from code must have to be taken. */
export interface InstanceShape {
  /** The object in words, with its article. */
  readonly doc: string;
  /** Names of the functions it must have. */
  readonly methods: readonly string[];
  /** It is a function itself. */
  readonly isFunction?: true | undefined;
}

/** One field of the configuration: what it is, and everything that is checked, published and documented about it. */
export type Field =
  | BooleanField
  | IntegerField
  | RatioField
  | NumberField
  | TextField
  | EnumField
  | DurationField
  | SizeField
  | TextListField
  | TextMapField
  | SectionField
  | SectionListField
  | InstanceField;

/** The fields of a section by their camelCase name. */
export type Fields = Readonly<Record<string, Field>>;

/** The fields of a section, complete by proof of the compiler: an interface's field without a row does not compile. */
export type FieldTable<Section> = { readonly [Name in keyof Required<Section>]: Field };

/** The field of a name; names that objects inherit (`constructor`, `__proto__`) are no fields. O(1). */
export function findField(fields: Fields, name: string): Field | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** Whether the section is turned on and off by a field `enabled` of its own. */
export function hasOwnSwitch(fields: Fields): boolean {
  return findField(fields, "enabled")?.kind === "boolean";
}
