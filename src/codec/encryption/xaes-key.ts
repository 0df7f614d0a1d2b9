import { Buffer } from "node:buffer";
import { type Cipher, createCipheriv } from "node:crypto";
import { KEY_BYTES, KEY_NONCE_BYTES, NONCE_BYTES } from "./sealed-layout.ts";

const BLOCK_BYTES = 16;
/** What stands before the nonce in the block that is encrypted: a counter of 16 bits (the second byte of it), the label `X`, a zero. */
const BLOCK_HEAD_BYTES = BLOCK_BYTES - KEY_NONCE_BYTES;
const LABEL = 0x58;
/** The polynomial of GF(2^128), as CMAC doubles with it. */
const DOUBLING_POLYNOMIAL = 0x87;

/**
 * One key of XAES-256-GCM: derives from it the AES-256-GCM key of each message, by the counter KDF of NIST SP 800-108r1 over CMAC. Each half
 * of a message key is one AES block, as the CMAC's input fills exactly one:
 *
 *     half i of the message key = AES-256(key, K1 xor (0, i, "X", 0, first 12 bytes of the nonce)),  i = 1, 2
 *     K1 = the CMAC subkey: AES-256(key, 0) doubled in GF(2^128)
 *
 * Every message key is used with one nonce out of 2^96, and there are 2^96 of them: random nonces collide once in 2^32 such fleets that have
 * sealed 2^80 values each. Source: https://c2sp.org/XAES-256-GCM
 */
export class XaesKey {
  /** One object for all derivations. Without padding it keeps nothing from one call to the next when it is fed whole blocks. */
  readonly #aes: Cipher;
  readonly #subkey: Buffer;
  /** The two blocks of one nonce, so that opening a value allocates once less. */
  readonly #twoBlocks: Buffer = Buffer.alloc(KEY_BYTES);

  /** @param key 32 bytes, copied by the platform */
  constructor(key: Uint8Array) {
    this.#aes = createCipheriv("aes-256-ecb", key, null);
    this.#aes.setAutoPadding(false);
    this.#subkey = doubled(this.#aes.update(Buffer.alloc(BLOCK_BYTES)));
  }

  /**
   * The keys of messages, 32 bytes each, one behind the other. One call for many nonces costs some 60 ns a nonce, one for a single nonce 2 µs:
   * the way into the platform is what costs.
   *
   * @param nonces 24 bytes each, one behind the other
   */
  messageKeys(nonces: Uint8Array): Buffer {
    const count = nonces.length / NONCE_BYTES;
    const blocks = count === 1 ? this.#twoBlocks : Buffer.alloc(count * KEY_BYTES);
    for (let index = 0; index < count; index += 1) {
      this.#fillBlock(blocks, index * KEY_BYTES, 1, nonces, index * NONCE_BYTES);
      this.#fillBlock(blocks, index * KEY_BYTES + BLOCK_BYTES, 2, nonces, index * NONCE_BYTES);
    }
    return this.#aes.update(blocks);
  }

  #fillBlock(blocks: Buffer, at: number, counter: number, nonces: Uint8Array, nonceAt: number): void {
    const subkey = this.#subkey;
    blocks[at] = subkey[0] as number;
    blocks[at + 1] = (subkey[1] as number) ^ counter;
    blocks[at + 2] = (subkey[2] as number) ^ LABEL;
    blocks[at + 3] = subkey[3] as number;
    for (let index = 0; index < KEY_NONCE_BYTES; index += 1) {
      const place = BLOCK_HEAD_BYTES + index;
      blocks[at + place] = (subkey[place] as number) ^ (nonces[nonceAt + index] as number);
    }
  }
}

/** A block times two in GF(2^128), most significant bit first. Without branches: the block is secret. */
function doubled(block: Buffer): Buffer {
  const result = Buffer.alloc(BLOCK_BYTES);
  for (let index = 0; index < BLOCK_BYTES; index += 1) {
    result[index] = ((block[index] as number) << 1) | ((block[index + 1] ?? 0) >> 7);
  }
  const overflow = (block[0] as number) >> 7;
  result[BLOCK_BYTES - 1] = (result[BLOCK_BYTES - 1] as number) ^ (-overflow & DOUBLING_POLYNOMIAL);
  return result;
}
