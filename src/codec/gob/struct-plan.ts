import { PART_BYTES } from "./memory-budget.ts";
import type { GobStruct } from "./value-shape.ts";
import type { StructPlan, WireType } from "./wire-type.ts";

/**
 * Looks up the types and names of a struct's fields.
 *
 * @param resolve finds a type that the stream has defined, or throws
 * @returns `undefined` when two fields would have the same name
 */
export function planStruct(
  type: WireType,
  structs: readonly GobStruct[],
  resolve: (id: number) => WireType,
): StructPlan | undefined {
  const known = structs.find((candidate) => candidate.goName === type.name);
  const names = type.fields.map(({ name }) => known?.propertyOf(name) ?? name);
  if (new Set(names).size !== names.length) return undefined;
  const types = type.fields.map(({ typeId }) => resolve(typeId));
  const memoryBytes = types.reduce<number>((sum, field) => sum + zeroBytes(field), PART_BYTES.container);
  return { names, types, memoryBytes };
}

/** Room of a field that is not there; one that is there counts its parts itself. */
function zeroBytes(type: WireType): number {
  switch (type.kind) {
    case "slice":
    case "object":
    case "bare-object":
      return PART_BYTES.slot + PART_BYTES.container;
    case "map":
    case "set":
      return PART_BYTES.slot + PART_BYTES.collection;
    case "bytes":
    case "complex":
    case "typed-array":
      return PART_BYTES.slot + PART_BYTES.small;
    default:
      return PART_BYTES.slot;
  }
}

/**
 * The value of a field that is not there. Go omits zero values and nil pointers alike, and its decoder leaves the zero value; so it is
 * here, but for what Go sends even when it is zero, so that a nil pointer is all that can be meant: structs, arrays, `big.Int`. `time.Time` is
 * `null` with them: its zero is how Go says that there is no time.
 */
export function zeroValue(type: WireType): unknown {
  switch (type.kind) {
    case "bool":
      return false;
    case "int":
    case "uint":
    case "float":
      return 0;
    case "string":
    case "text":
      return "";
    default:
      return zeroObject(type);
  }
}

function zeroObject(type: WireType): object | null {
  switch (type.kind) {
    case "bytes":
      return new Uint8Array(0);
    case "complex":
      return { real: 0, imag: 0 };
    case "slice":
      return [];
    case "object":
      return {};
    case "bare-object":
      return Object.create(null) as object;
    case "map":
      return new Map();
    case "set":
      return new Set();
    case "typed-array":
      return type.typedArray === undefined ? null : new type.typedArray.constructor_(0);
    default:
      return null;
  }
}
