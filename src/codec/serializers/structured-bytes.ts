import { Buffer } from "node:buffer";
import { isDeepStrictEqual, types } from "node:util";
import { Deserializer, deserialize, serialize } from "node:v8";
import { copyParts } from "../../entry/structured-copy.ts";
import { isStackOverflow, type PathStep, UncopyablePart } from "../../entry/uncopyable-part.ts";

/**
 * A value as bytes of the platform's structured clone, from which {@link fromStructuredBytes} makes an equal one: what `structuredCopy` copies, but
 * for objects without a prototype, regular expressions in the middle of a search, and errors with properties that the platform does not carry.
 *
 * @param takesCauses whether errors may have a `cause`: Node.js 20 writes it where later releases do not look for it. Default: true, for bytes that do not
 * leave the process
 * @throws UncopyablePart with the path to the first part that would not come back equal; another error when the value is nested too
 * deeply or too large. O(size)
 */
export function toStructuredBytes(value: unknown, takesCauses = true): Buffer {
  // The copy runs getters once and is nobody's: nothing can change between the look at it and its bytes.
  const copy = copyParts(value);
  assertCarried(copy, { seen: new Set(), takesCauses });
  return serialize(copy);
}

/** The classes of views by Node's numbers for them in the bytes of the platform's structured clone; 10 is the `Buffer`. */
const VIEWS_OF_NODE: readonly (new (buffer: ArrayBuffer) => ArrayBufferView)[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  DataView,
  Uint8Array,
  BigInt64Array,
  BigUint64Array,
];
const BUFFER_OF_NODE = 10;

/** The platform's reader, which asks this method for what Node.js wrote its own way. */
type HostReader = Deserializer & { _readHostObject(): ArrayBufferView };

/** The value of bytes. It shares no memory with them, and each view in it has memory of its own: no value shows the bytes of its neighbours. */
export function fromStructuredBytes(bytes: Uint8Array): unknown {
  const reader = new Deserializer(bytes) as HostReader;
  reader._readHostObject = () => readView(reader);
  reader.readHeader();
  return reader.readValue();
}

function readView(reader: Deserializer): ArrayBufferView {
  const number = reader.readUint32();
  const raw = reader.readRawBytes(reader.readUint32());
  if (number === BUFFER_OF_NODE) return Buffer.from(raw);
  const ViewClass = VIEWS_OF_NODE[number];
  if (ViewClass === undefined) throw new RangeError("a view of an unknown class");
  return new ViewClass(new Uint8Array(raw).buffer);
}

/** What a look at a copy remembers. */
interface CarriedWalk {
  readonly seen: Set<object>;
  readonly takesCauses: boolean;
}

/** Refuses what a plain copy keeps and bytes would lose. */
function assertCarried(value: unknown, walk: CarriedWalk): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || walk.seen.has(value)) return;
  walk.seen.add(value);
  if (Array.isArray(value)) assertPartsCarried(Object.entries(value), walk);
  else if (types.isMap(value)) assertMembersCarried([...value], walk);
  else if (types.isSet(value))
    assertMembersCarried(
      [...value].map((part) => [part]),
      walk,
    );
  else if (types.isNativeError(value)) {
    if (!walk.takesCauses && Object.hasOwn(value, "cause")) {
      throw new UncopyablePart("an error with a cause, which other releases of Node.js could not read,");
    }
    assertErrorCarried(value);
    assertPartsCarried([["cause", value.cause]], walk);
  } else if (types.isRegExp(value)) {
    if (value.lastIndex !== 0) throw new UncopyablePart("a RegExp in the middle of a search (lastIndex)");
  } else if (Object.getPrototypeOf(value) === null) throw new UncopyablePart("an object without a prototype");
  else if (Object.getPrototypeOf(value) === Object.prototype) assertPartsCarried(Object.entries(value), walk);
}

function assertPartsCarried(parts: readonly (readonly [string, unknown])[], walk: CarriedWalk): void {
  for (const [name, part] of parts) {
    // Primitives are most of what there is.
    if (typeof part === "object" && part !== null) atStep(name, () => assertCarried(part, walk));
  }
}

/** Members of a map or set, by their position: a map's key and value have the same. */
function assertMembersCarried(members: readonly (readonly unknown[])[], walk: CarriedWalk): void {
  members.forEach((parts, position) => {
    atStep(position, () => {
      for (const part of parts) assertCarried(part, walk);
    });
  });
}

/** What the platform carries of an error differs between its releases, so it is tried. */
function assertErrorCarried(error: Error): void {
  const back = backFromBytes(error);
  const isEqual =
    isDeepStrictEqual(back, error) &&
    ["message", "stack", "cause"].every((name) => {
      const [was, is] = [error, back].map((side) => Object.getOwnPropertyDescriptor(side, name));
      return was?.enumerable === is?.enumerable && isDeepStrictEqual(was?.value, is?.value);
    });
  if (!isEqual) throw new UncopyablePart("an error with properties that bytes would lose");
}

/** The platform writes some errors so that it cannot read them itself. */
function backFromBytes(error: Error): unknown {
  try {
    return deserialize(serialize(error));
  } catch (cause) {
    if (isStackOverflow(cause)) throw cause;
    throw new UncopyablePart("an error with properties that bytes would lose", cause);
  }
}

function atStep(step: PathStep, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (error instanceof UncopyablePart && !isStackOverflow(error)) {
      error.steps.unshift(typeof step === "string" && /^\d+$/.test(step) ? Number(step) : step);
    }
    throw error;
  }
}
