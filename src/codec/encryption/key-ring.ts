import { Buffer } from "node:buffer";
import { type CipherGCM, createCipheriv, createDecipheriv, type DecipherGCM } from "node:crypto";
import type { Clock } from "../../foundation/clock.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import { CodecFault } from "../codec-fault.ts";
import { AssociatedData } from "./associated-data.ts";
import { encryptionKeyId, keyRingProblem } from "./encryption-key.ts";
import { MessageNonces } from "./message-nonces.ts";
import {
  KEY_ID_BYTES,
  KEY_NONCE_BYTES,
  NONCE_BYTES,
  SEAL_OVERHEAD_BYTES,
  SEAL_PREFIX_BYTES,
  TAG_BYTES,
} from "./sealed-layout.ts";
import { SLICE_BYTES, SlicedCipher } from "./sliced-cipher.ts";
import { XaesKey } from "./xaes-key.ts";

/**
 * Up to so many bytes of content {@link KeyRing.seal} and {@link KeyRing.open} block the event loop for less than a millisecond or two, also on a
 * slow machine; larger ones belong into {@link KeyRing.sealInSlices} and {@link KeyRing.openInSlices}.
 */
export const BLOCKING_SEAL_MAX_BYTES: number = 512 * 2 ** 10;

/** The platform takes less than 2 GiB at once. */
const ONE_UPDATE_MAX_BYTES = 2 ** 30;

const ALGORITHM = "aes-256-gcm";
/** Without it the platform takes shorter tags as well, which are easier to guess. */
const GCM_OPTIONS = { authTagLength: TAG_BYTES } as const;

/** Bytes on their way from a sealed value to its content. Nobody sees the content before the tag is verified. */
interface Opening {
  readonly decipher: DecipherGCM;
  readonly ciphertext: Uint8Array;
}

/**
 * Keys that seal and open values: XAES-256-GCM, bound to the header in front and to the stored key, so that what is opened is what was
 * written under this very key with this very header. The first key seals, all open. `docs/design/encryption.md` draws the bytes and says what
 * is not protected.
 *
 * One ring serves all values of a cache. Everything but the `InSlices` methods is done when it returns; those may overlap.
 */
export class KeyRing {
  /** The keys' ids in hexadecimal, in the order of the keys. No secrets. */
  readonly keyIds: readonly string[];
  readonly #keys: ReadonlyMap<number, XaesKey>;
  readonly #sealingId: Uint8Array;
  readonly #nonces: MessageNonces;
  readonly #associated: AssociatedData = new AssociatedData();

  /** @param keys already checked; see {@link createKeyRing} */
  constructor(keys: readonly Uint8Array[], clock: Clock) {
    const ids = keys.map(encryptionKeyId);
    const ringKeys = keys.map((key) => new XaesKey(key));
    this.keyIds = Object.freeze(ids.map((id) => id.toString("hex")));
    this.#keys = new Map(ringKeys.map((key, index) => [idNumber(ids[index] as Buffer, 0), key]));
    this.#sealingId = ids[0] as Buffer;
    this.#nonces = new MessageNonces(ringKeys[0] as XaesKey, clock);
  }

  /**
   * Seals content behind its header, in place. Blocks for some 0.5 ns a byte in warm memory, 4 in fresh.
   *
   * @param target begins with the header, already written; the rest is filled and has to be of {@link SEAL_OVERHEAD_BYTES} more bytes than
   * the content
   * @param storedKey what the value will be stored under, namespace included; any string
   * @throws RangeError when `target` has another length
   */
  seal(target: Uint8Array, headerBytes: number, content: Uint8Array, storedKey: string): void {
    const cipher = this.#startSealing(target, headerBytes, content, storedKey);
    new SlicedCipher(cipher, content, target, headerBytes + SEAL_PREFIX_BYTES).finish();
    finishSealing(cipher, target);
  }

  /** As {@link KeyRing.seal}, with the same result; other work of the process runs after each 256 KiB. Neither array may change meanwhile. */
  async sealInSlices(
    target: Uint8Array,
    headerBytes: number,
    content: Uint8Array,
    storedKey: string,
    scheduler: Scheduler,
  ): Promise<void> {
    const cipher = this.#startSealing(target, headerBytes, content, storedKey);
    await new SlicedCipher(cipher, content, target, headerBytes + SEAL_PREFIX_BYTES).finishInSlices(scheduler);
    finishSealing(cipher, target);
  }

  /**
   * The content of a sealed value. Blocks for some 0.5 ns a byte in warm memory, 4 in fresh.
   *
   * @param sealed begins with the header, whose length the caller knows
   * @returns memory of its own, no alias of `sealed`
   * @throws CodecFault `unknown-key` when it is sealed with a key that is not in the ring; `not-authentic` when it was changed, cut off, put behind
   * another header, or sealed under another stored key
   */
  open(sealed: Uint8Array, headerBytes: number, storedKey: string): Buffer {
    const { decipher, ciphertext } = this.#startOpening(sealed, headerBytes, storedKey);
    // At once when it fits: what slices give would have to be copied together.
    if (ciphertext.length <= ONE_UPDATE_MAX_BYTES) return verified(decipher, decipher.update(ciphertext));
    const content = Buffer.allocUnsafeSlow(ciphertext.length);
    new SlicedCipher(decipher, ciphertext, content, 0).finish();
    return verified(decipher, content);
  }

  /** As {@link KeyRing.open}, with the same results and faults; other work of the process runs after each 256 KiB. `sealed` must not change meanwhile. */
  async openInSlices(
    sealed: Uint8Array,
    headerBytes: number,
    storedKey: string,
    scheduler: Scheduler,
  ): Promise<Buffer> {
    const { decipher, ciphertext } = this.#startOpening(sealed, headerBytes, storedKey);
    if (ciphertext.length <= SLICE_BYTES) return verified(decipher, decipher.update(ciphertext));
    const content = Buffer.allocUnsafeSlow(ciphertext.length);
    await new SlicedCipher(decipher, ciphertext, content, 0).finishInSlices(scheduler);
    return verified(decipher, content);
  }

  #startSealing(target: Uint8Array, headerBytes: number, content: Uint8Array, storedKey: string): CipherGCM {
    const wantedBytes = headerBytes + SEAL_OVERHEAD_BYTES + content.length;
    if (target.length !== wantedBytes) {
      throw new RangeError(`a sealed value of ${wantedBytes} bytes does not fit ${target.length} bytes`);
    }
    const { nonce, messageKey, gcmNonce } = this.#nonces.next();
    target.set(this.#sealingId, headerBytes);
    target.set(nonce, headerBytes + KEY_ID_BYTES);
    const cipher = createCipheriv(ALGORITHM, messageKey, gcmNonce, GCM_OPTIONS);
    cipher.setAAD(this.#associated.encode(target, headerBytes + KEY_ID_BYTES, storedKey));
    return cipher;
  }

  #startOpening(sealed: Uint8Array, headerBytes: number, storedKey: string): Opening {
    if (sealed.length < headerBytes + SEAL_OVERHEAD_BYTES) {
      throw new CodecFault("not-authentic", "a sealed value that is cut off");
    }
    const nonceAt = headerBytes + KEY_ID_BYTES;
    const contentAt = nonceAt + NONCE_BYTES;
    const tagAt = sealed.length - TAG_BYTES;
    const id = idNumber(sealed, headerBytes);
    const key = this.#keys.get(id);
    if (key === undefined) throw new CodecFault("unknown-key", `a value sealed with key ${hexadecimal(id)}`);
    const messageKey = key.messageKeys(sealed.subarray(nonceAt, contentAt));
    const gcmNonce = sealed.subarray(nonceAt + KEY_NONCE_BYTES, contentAt);
    const decipher = createDecipheriv(ALGORITHM, messageKey, gcmNonce, GCM_OPTIONS);
    decipher.setAuthTag(sealed.subarray(tagAt));
    decipher.setAAD(this.#associated.encode(sealed, nonceAt, storedKey));
    return { decipher, ciphertext: sealed.subarray(contentAt, tagAt) };
  }
}

/**
 * Makes a ring. Opens nothing and draws no random bytes before the first value is sealed.
 *
 * @param keys 32 random bytes each, copied. The first seals, all open: to rotate, put a new one in front
 * @param clock mixed into nonces, so that copies of a running process part ways; see {@link MessageNonces}
 * @throws RangeError with what {@link keyRingProblem} says of the keys
 */
export function createKeyRing(keys: readonly Uint8Array[], clock: Clock): KeyRing {
  const problem = keyRingProblem(keys);
  if (problem !== undefined) throw new RangeError(problem);
  return new KeyRing(keys, clock);
}

function finishSealing(cipher: CipherGCM, target: Uint8Array): void {
  cipher.final();
  target.set(cipher.getAuthTag(), target.length - TAG_BYTES);
}

/** Content, once it is known to be what was sealed; what it would have been is wiped when it is not. */
function verified(decipher: DecipherGCM, content: Buffer): Buffer {
  try {
    decipher.final();
  } catch (cause) {
    content.fill(0);
    throw new CodecFault("not-authentic", "a sealed value whose tag does not match", cause);
  }
  return content;
}

function idNumber(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16);
  return (high | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0;
}

function hexadecimal(id: number): string {
  return id.toString(16).padStart(8, "0");
}
