import { CLIENT_LIMITS } from "./client-limits.ts";
import { MemcachedServerError } from "./memcached-server-error.ts";
import type { MetaStatus } from "./meta-message.ts";

/** Who is told what a parser found, in the order of the stream. Must not throw. */
export interface MetaReplySink {
  /**
   * A reply of the meta protocol.
   *
   * @param opaque the number behind `O`, when that is the first flag; else -1
   * @param flags the other flags
   */
  onReply(status: MetaStatus, opaque: number, value: Buffer | undefined, flags: string): void;
  /** `ERROR`, `CLIENT_ERROR …` or `SERVER_ERROR …`. */
  onError(error: MemcachedServerError): void;
  /** A line of the classic protocol: `STAT …`, `END`, `VERSION …`, `STORED`, `RESET`, `OK`. */
  onLine(line: string): void;
}

/** Values in chunks up to this size are never copied: no more than Node's own pool would keep alive. */
const SMALL_CHUNK_BYTES = 16_384;
/** In larger chunks, a value that takes at least an eighth of it is not copied: copies of 10 KB cost more than all else of a read. */
const PINNED_RATIO = 8;

const CR = 13;
const LF = 10;
const SPACE = 32;
const ZERO = 48;
const CAPITAL_O = 79;
/** Digits of a length or an opaque that are read; more are no protocol. Ten digits stay exact. */
const MAX_DIGITS = 10;

const EMPTY = Buffer.alloc(0);
const CLASSIC_LINE = /^(?:STAT [\x21-\x7e]|END$|VERSION [\x21-\x7e]|STORED$|RESET$|OK$)/;

/**
 * Reads replies out of a stream that comes in chunks of any size.
 *
 *     reply = status [" " length] {" " flag} CRLF [value CRLF]      length and value with VA alone
 *     error = ("ERROR" | "CLIENT_ERROR" | "SERVER_ERROR") [" " text] CRLF
 *     line  = ("STAT" | "END" | "VERSION" | "STORED" | "RESET" | "OK") [" " text] CRLF
 *
 * Anything else breaks the parser for good: `fault` says why, and whatever comes is not looked at.
 * A value that is whole in a chunk is a view of it, unless a small value would keep a large chunk alive; see {@link MetaReply.value}.
 *
 * Costs O(bytes); a line is at most 4 KiB, and memory is taken for one value at a time, at most its stated length.
 */
export class MetaReplyParser {
  readonly #sink: MetaReplySink;
  readonly #maxValueBytes: number;
  #fault: string | undefined;
  /** Beginning of a line whose end has not come. */
  #line: Buffer = EMPTY;
  #lineLength = 0;
  /** The reply whose value is awaited; `-1`: none. */
  #valueLength = -1;
  #opaque = -1;
  #flags = "";
  /** Where the number ended that was read last. */
  #numberEnd = 0;
  /** Where a value that comes in parts is put together, with the two bytes behind it. */
  #value: Buffer = EMPTY;
  #filled = 0;
  /** Copy of a part of the current chunk, and where that part begins and ends. */
  #window: Buffer = EMPTY;
  #windowStart = 0;
  #windowEnd = 0;

  constructor(sink: MetaReplySink, maxValueBytes: number = CLIENT_LIMITS.maxValueBytes) {
    this.#sink = sink;
    this.#maxValueBytes = maxValueBytes;
  }

  /** Why the stream is no protocol; `undefined` while it is. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Whether the last chunk ended with the end of a reply. */
  get isBetweenReplies(): boolean {
    return this.#lineLength === 0 && this.#valueLength < 0;
  }

  /** Breaks the parser, for example from within the sink, when the protocol is kept but makes no sense. The first reason stays. */
  fail(reason: string): void {
    this.#fault ??= reason;
  }

  /** Reads the next chunk. Its memory must not be written to afterwards. */
  push(chunk: Buffer): void {
    let position = 0;
    if (this.#fault !== undefined) return;
    if (this.#valueLength >= 0) position = this.#continueValue(chunk);
    else if (this.#lineLength > 0) position = this.#continueLine(chunk);
    while (position < chunk.length && this.#fault === undefined) position = this.#readReply(chunk, position);
    // It is of this chunk, and must keep nothing of it alive.
    this.#window = EMPTY;
    this.#windowEnd = 0;
  }

  /** Reads one reply, or keeps what there is of it. @returns where it ends */
  #readReply(chunk: Buffer, start: number): number {
    const lineEnd = findLineEnd(chunk, start);
    if (lineEnd < 0) return this.#keepLine(chunk, start);
    this.#readLine(chunk, start, lineEnd);
    return this.#valueLength < 0 ? lineEnd + 1 : this.#readValue(chunk, lineEnd + 1);
  }

  #keepLine(chunk: Buffer, start: number): number {
    const length = chunk.length - start;
    if (this.#lineLength + length > CLIENT_LIMITS.maxLineBytes) {
      this.fail(`a line is longer than ${CLIENT_LIMITS.maxLineBytes} bytes`);
      return chunk.length;
    }
    if (this.#line.length === 0) this.#line = Buffer.allocUnsafeSlow(CLIENT_LIMITS.maxLineBytes);
    chunk.copy(this.#line, this.#lineLength, start);
    this.#lineLength += length;
    return chunk.length;
  }

  /** The rest of a line that began in an earlier chunk. */
  #continueLine(chunk: Buffer): number {
    const lineEnd = findLineEnd(chunk, 0);
    if (lineEnd < 0) return this.#keepLine(chunk, 0);
    const rest = chunk.subarray(0, lineEnd + 1);
    this.#keepLine(rest, 0);
    if (this.#fault !== undefined) return chunk.length;
    const length = this.#lineLength;
    this.#lineLength = 0;
    this.#readLine(this.#line, 0, length - 1);
    return this.#valueLength < 0 ? lineEnd + 1 : this.#readValue(chunk, lineEnd + 1);
  }

  /** A whole line; `end` is the place of its LF. Tells the sink, unless a value follows. */
  #readLine(bytes: Buffer, start: number, end: number): void {
    if (end - start < 3 || bytes[end - 1] !== CR) {
      this.fail("a line does not end with CR LF");
      return;
    }
    const third = bytes[start + 2] as number;
    const isWord = third === SPACE || third === CR;
    const status = isWord ? statusOf(bytes[start] as number, bytes[start + 1] as number) : undefined;
    if (status === undefined) this.#readClassicLine(bytes.toString("latin1", start, end - 1));
    else if (status === "VA") this.#readValueLine(bytes, start + 3, end - 1);
    else this.#readFlags(status, bytes, start + 2, end - 1);
  }

  /** From the length on; `end` is the place of the CR. */
  #readValueLine(bytes: Buffer, start: number, end: number): void {
    const length = this.#readNumber(bytes, start);
    const position = this.#numberEnd;
    if (length < 0 || (bytes[position] !== SPACE && position !== end)) this.fail("a value has no length");
    else if (length > this.#maxValueBytes) this.fail(`a value has ${length} bytes, more than ${this.#maxValueBytes}`);
    else {
      this.#valueLength = length;
      this.#readFlags("VA", bytes, position, end);
    }
  }

  /** From the space before the first flag on, if there is one. */
  #readFlags(status: MetaStatus, bytes: Buffer, start: number, end: number): void {
    let position = start;
    let opaque = -1;
    if (bytes[start + 1] === CAPITAL_O && start < end) {
      opaque = this.#readNumber(bytes, start + 2);
      position = this.#numberEnd;
      if (opaque < 0 || (bytes[position] !== SPACE && position !== end)) {
        this.#valueLength = -1;
        this.fail("an opaque token is no number");
        return;
      }
    }
    const flags = position + 1 < end ? bytes.toString("latin1", position + 1, end) : "";
    if (this.#valueLength < 0) {
      this.#sink.onReply(status, opaque, undefined, flags);
      return;
    }
    this.#opaque = opaque;
    this.#flags = flags;
  }

  /** The decimal number at a place; -1 when there is none. The line's end stops it, and so do more digits than a number may have. */
  #readNumber(bytes: Buffer, start: number): number {
    let value = 0;
    let position = start;
    for (; position < start + MAX_DIGITS; position += 1) {
      const digit = (bytes[position] as number) - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    this.#numberEnd = position;
    return position === start ? -1 : value;
  }

  #readClassicLine(line: string): void {
    const prefix = /^(?:(?:CLIENT|SERVER)_)?ERROR(?= |$)/.exec(line)?.[0];
    if (prefix !== undefined)
      this.#sink.onError(new MemcachedServerError(prefix as MemcachedServerError["prefix"], line));
    else if (CLASSIC_LINE.test(line)) this.#sink.onLine(line);
    else this.fail("a line is no reply");
  }

  /** The value behind a line: at once, when the chunk has all of it. */
  #readValue(chunk: Buffer, start: number): number {
    const length = this.#valueLength;
    const end = start + length;
    if (end + 2 <= chunk.length) {
      if (chunk[end] !== CR || chunk[end + 1] !== LF) this.fail("a value does not end where it should");
      else this.#tellValue(this.#viewOrCopy(chunk, start, end));
      return end + 2;
    }
    // Room for the CR LF behind the value too: so they need no state of their own.
    this.#value = Buffer.allocUnsafeSlow(length + 2);
    this.#filled = chunk.copy(this.#value, 0, start);
    return chunk.length;
  }

  #continueValue(chunk: Buffer): number {
    const taken = chunk.copy(this.#value, this.#filled);
    this.#filled += taken;
    const value = this.#value;
    const length = this.#valueLength;
    if (this.#filled < value.length) return taken;
    this.#value = EMPTY;
    if (value[length] !== CR || value[length + 1] !== LF) this.fail("a value does not end where it should");
    else this.#tellValue(value.subarray(0, length));
    return taken;
  }

  /** A view where that keeps little alive; else a view of a copy that small values share with their neighbours. */
  #viewOrCopy(chunk: Buffer, start: number, end: number): Buffer {
    if (start === end) return EMPTY;
    const keptBytes = chunk.buffer.byteLength;
    if (keptBytes <= SMALL_CHUNK_BYTES || (end - start) * PINNED_RATIO >= keptBytes) return chunk.subarray(start, end);
    if (end - start > SMALL_CHUNK_BYTES) return Buffer.from(chunk.subarray(start, end));
    if (end > this.#windowEnd) this.#openWindow(chunk, start);
    return this.#window.subarray(start - this.#windowStart, end - this.#windowStart);
  }

  /** One copy for all values that are whole in it: cheaper than one for each. */
  #openWindow(chunk: Buffer, start: number): void {
    const end = Math.min(chunk.length, start + SMALL_CHUNK_BYTES);
    this.#window = Buffer.allocUnsafeSlow(end - start);
    chunk.copy(this.#window, 0, start, end);
    this.#windowStart = start;
    this.#windowEnd = end;
  }

  #tellValue(value: Buffer): void {
    this.#valueLength = -1;
    this.#sink.onReply("VA", this.#opaque, value, this.#flags);
  }
}

/** Where the next LF is, or -1. Lines are short: a loop is faster than a call out of JavaScript. */
function findLineEnd(bytes: Buffer, start: number): number {
  const limit = Math.min(bytes.length, start + CLIENT_LIMITS.maxLineBytes);
  for (let position = start; position < limit; position += 1) if (bytes[position] === LF) return position;
  return -1;
}

function statusOf(first: number, second: number): MetaStatus | undefined {
  switch ((first << 8) | second) {
    case 0x5641:
      return "VA";
    case 0x4844:
      return "HD";
    case 0x454e:
      return "EN";
    case 0x4e46:
      return "NF";
    case 0x4e53:
      return "NS";
    case 0x4558:
      return "EX";
    case 0x4d4e:
      return "MN";
    default:
      return undefined;
  }
}
