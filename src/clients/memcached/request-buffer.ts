import { encodeRequestLine, OPAQUE_COUNT, requestLineBound } from "./encode-meta-request.ts";
import type { MetaRequest } from "./meta-message.ts";

/** Size of the buffer that small requests are copied into; one for each connection, used over and over. */
const BUFFER_BYTES = 65_536;
/** Values from this size on are written from where they are. */
const REFERENCE_BYTES = 16_384;
const CR = 13;
const LF = 10;

/**
 * The bytes of requests that leave together, in as few buffers as possible: small requests are copied together, large values stand where
 * they are.
 *
 * Its memory is used again after {@link RequestBuffer.reuse}: only when the platform is done with what {@link RequestBuffer.take} gave.
 */
export class RequestBuffer {
  readonly #own: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #current: Buffer = this.#own;
  /** What of the current buffer is in `#parts` already. */
  #start = 0;
  #end = 0;
  #parts: Uint8Array[] = [];
  #byteLength = 0;

  /** Bytes that were added since the last `take`. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /**
   * Adds a request.
   *
   * @throws TypeError for a request that the protocol does not allow; nothing was added
   */
  add(request: MetaRequest, opaque: number, isQuiet: boolean): void {
    const isSet = request.kind === "set";
    const copiedBytes = isSet && request.value.length < REFERENCE_BYTES ? request.value.length : 0;
    this.#reserve(requestLineBound(request) + copiedBytes + 2);
    const end = encodeRequestLine(this.#current, this.#end, request, opaque, isQuiet);
    this.#byteLength += end - this.#end;
    this.#end = end;
    if (isSet) this.#addValue(request.value);
  }

  /** Adds a line of the classic protocol; `text` is ASCII with its CR LF. */
  addText(text: string): void {
    this.#reserve(text.length);
    this.#current.write(text, this.#end, "latin1");
    this.#end += text.length;
    this.#byteLength += text.length;
  }

  /**
   * Adds all or none.
   *
   * @param isQuiet whether all but the last are quiet
   * @param firstOpaque number of the first; the others follow, modulo {@link OPAQUE_COUNT}
   * @throws TypeError for a request that the protocol does not allow; nothing was added
   */
  addAll(requests: readonly MetaRequest[], firstOpaque: number, isQuiet: boolean): void {
    const current = this.#current;
    const start = this.#start;
    const end = this.#end;
    const partCount = this.#parts.length;
    const byteLength = this.#byteLength;
    const last = requests.length - 1;
    try {
      for (let index = 0; index <= last; index += 1) {
        this.add(requests[index] as MetaRequest, (firstOpaque + index) % OPAQUE_COUNT, isQuiet && index < last);
      }
    } catch (error) {
      // What was encoded so far must not leave: its answers would have no owner.
      this.#current = current;
      this.#start = start;
      this.#end = end;
      this.#parts.length = partCount;
      this.#byteLength = byteLength;
      throw error;
    }
  }

  /** What was added, in order; the buffers stay in use until `reuse`. */
  take(): readonly Uint8Array[] {
    this.#seal();
    const parts = this.#parts;
    this.#parts = [];
    this.#byteLength = 0;
    return parts;
  }

  /** Nobody reads what was taken any more. */
  reuse(): void {
    this.#current = this.#own;
    this.#start = 0;
    this.#end = 0;
  }

  #addValue(value: Uint8Array): void {
    this.#byteLength += value.length + 2;
    if (value.length < REFERENCE_BYTES) {
      this.#current.set(value, this.#end);
      this.#end += value.length;
    } else {
      this.#seal();
      this.#parts.push(value);
    }
    this.#current[this.#end++] = CR;
    this.#current[this.#end++] = LF;
  }

  #reserve(byteCount: number): void {
    if (this.#end + byteCount <= this.#current.length) return;
    this.#seal();
    this.#current = Buffer.allocUnsafeSlow(Math.max(BUFFER_BYTES, byteCount));
    this.#start = 0;
    this.#end = 0;
  }

  #seal(): void {
    if (this.#start === this.#end) return;
    this.#parts.push(this.#current.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
