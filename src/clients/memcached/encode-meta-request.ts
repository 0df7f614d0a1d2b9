import type { MetaKey, MetaRequest } from "./meta-message.ts";

/** Longest key on the wire. */
export const MAX_WIRE_KEY_BYTES = 250;
/** Longest text of flags: some twenty of them with their tokens; a server reads lines of up to 2,048 bytes. */
const MAX_FLAGS_LENGTH = 1_024;
/** Letters, spaces, line end, an opaque of six digits and a length of ten. */
const FRAME_BYTES = 48;
/** Longest value: ten digits are what servers and the parser take. */
const MAX_VALUE_BYTES = 2 ** 32 - 1;

const CR = 13;
const LF = 10;
const SPACE = 32;
const ZERO = 48;
const DELETE = 0x7f;

/** Opaque numbers are smaller than this: six digits, and far more than can be in flight. */
export const OPAQUE_COUNT = 1_000_000;

const COMMAND_LETTERS: Readonly<Record<MetaRequest["kind"], number>> = {
  get: 0x67, // mg
  set: 0x73, // ms
  delete: 0x64, // md
  arithmetic: 0x61, // ma
  noop: 0x6e, // mn
};

/** Most bytes that a request can take, without the value of a `set` and the line end behind it. */
export function requestLineBound(request: MetaRequest): number {
  if (request.kind === "noop") return FRAME_BYTES;
  return FRAME_BYTES + Math.min(request.key.text.length, MAX_WIRE_KEY_BYTES) * 3 + request.flags.length;
}

/**
 * Writes the line of a request; for a `set`, its value and CR LF are to follow.
 *
 *     "m" letter " " key [" " length] " O" opaque [" b"] [" q"] [" " flags] CR LF
 *
 * The opaque comes first, for servers return flags in the order of the request: so the parser finds it at once. What could end a line or
 * a word too early is refused, whoever made it: no key or flag can smuggle in a command.
 *
 * @param bytes has room for {@link requestLineBound} from `at` on
 * @returns where the line ends
 * @throws TypeError for a key or flags that the protocol does not allow; then what was written is worth nothing
 */
export function encodeRequestLine(
  bytes: Buffer,
  at: number,
  request: MetaRequest,
  opaque: number,
  isQuiet: boolean,
): number {
  let position = at;
  bytes[position++] = 0x6d;
  bytes[position++] = COMMAND_LETTERS[request.kind];
  if (request.kind !== "noop") {
    bytes[position++] = SPACE;
    position = writeKey(bytes, position, request.key);
    if (request.kind === "set") {
      bytes[position++] = SPACE;
      position = writeNumber(bytes, position, checkedLength(request.value));
    }
    bytes[position++] = SPACE;
    bytes[position++] = 0x4f;
    position = writeNumber(bytes, position, opaque);
    if (request.key.isBase64) position = writeFlag(bytes, position, 0x62);
    if (isQuiet) position = writeFlag(bytes, position, 0x71);
    if (request.flags !== "") position = writeFlags(bytes, position, request.flags);
  }
  bytes[position++] = CR;
  bytes[position++] = LF;
  return position;
}

function writeFlag(bytes: Buffer, at: number, letter: number): number {
  bytes[at] = SPACE;
  bytes[at + 1] = letter;
  return at + 2;
}

function writeKey(bytes: Buffer, at: number, key: MetaKey): number {
  const { text } = key;
  const { length } = text;
  if (length === 0 || length > MAX_WIRE_KEY_BYTES)
    throw new TypeError(`A key of ${length} characters is not 1 to 250.`);
  let position = at;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= DELETE) return writeUnicodeKey(bytes, at, text);
    if (code <= SPACE) throw new TypeError("A key has white space or a control character.");
    bytes[position++] = code;
  }
  return position;
}

/** A key beyond ASCII, as UTF-8. */
function writeUnicodeKey(bytes: Buffer, at: number, text: string): number {
  // Lone surrogates would all become the same three bytes: different keys, one item.
  if (/[\0- \x7f]/.test(text) || !text.isWellFormed()) {
    throw new TypeError("A key has white space, a control character or half a surrogate pair.");
  }
  const written = bytes.write(text, at, "utf8");
  if (written > MAX_WIRE_KEY_BYTES) throw new TypeError(`A key of ${written} bytes is not 1 to 250.`);
  return at + written;
}

/** Checks the flags while it writes them. The client's own would make the reply mean something else. */
function writeFlags(bytes: Buffer, at: number, flags: string): number {
  const { length } = flags;
  if (length > MAX_FLAGS_LENGTH) throw new TypeError("Flags are too long.");
  let position = at;
  bytes[position++] = SPACE;
  let isFirst = true;
  for (let index = 0; index < length; index += 1) {
    const code = flags.charCodeAt(index);
    if (isFirst ? !isForeignFlag(code) : code < SPACE || code >= DELETE) {
      throw new TypeError(`"${flags}" are no flags for a request.`);
    }
    isFirst = code === SPACE;
    bytes[position++] = code;
  }
  if (isFirst) throw new TypeError(`"${flags}" are no flags for a request.`);
  return position;
}

/** Whether a flag begins here that callers may set: a letter, and none of `b`, `k`, `q`, `O`. */
function isForeignFlag(code: number): boolean {
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return isLetter && code !== 0x62 && code !== 0x6b && code !== 0x71 && code !== 0x4f;
}

function checkedLength(value: Uint8Array): number {
  if (value.length > MAX_VALUE_BYTES) throw new TypeError("A value is larger than 4 GiB.");
  return value.length;
}

/** A whole number from 0 on, as decimal text. */
function writeNumber(bytes: Buffer, at: number, value: number): number {
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits += 1;
  let rest = value;
  for (let position = at + digits - 1; position >= at; position -= 1) {
    const tens = Math.floor(rest / 10);
    bytes[position] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return at + digits;
}
