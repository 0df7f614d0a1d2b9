import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { types } from "node:util";
import { KEY_BYTES, KEY_ID_BYTES } from "./sealed-layout.ts";

/** Part of the format: another label would make all ids others. */
const KEY_ID_LABEL = "gocachex key id v1";

/** 32 bytes in base64, with or without the padding; one of the two alphabets. */
const BASE64_KEY = /^(?:[A-Za-z0-9+/]{43}|[A-Za-z0-9_-]{43})=?$/;

/**
 * Reads a key as a configuration holds it: 32 bytes in base64 (`openssl rand -base64 32`) or base64url, padded or not.
 *
 * @returns `undefined` for every other text: other lengths, spaces, mixed alphabets, bits set behind the last byte
 */
export function parseEncryptionKey(text: string): Uint8Array | undefined {
  if (!BASE64_KEY.test(text)) return undefined;
  const key = Buffer.from(text, "base64");
  // What decodes to the same bytes in another way was mistyped or cut off somewhere.
  const canonical = key.toString("base64url");
  return canonical === text.replaceAll("+", "-").replaceAll("/", "_").replace("=", "")
    ? new Uint8Array(key)
    : undefined;
}

/**
 * The four bytes that name a key inside sealed values: the first of HMAC-SHA-256(key, "gocachex key id v1"). They follow from the key alone, so
 * all processes agree without being told, and tell nothing about it.
 */
export function encryptionKeyId(key: Uint8Array): Buffer {
  return createHmac("sha256", key).update(KEY_ID_LABEL).digest().subarray(0, KEY_ID_BYTES);
}

/**
 * What is wrong with the keys of a ring, for people: none at all, one that is not 32 bytes, a placeholder, or two that have the same id. Holds
 * no part of a key.
 *
 * @returns `undefined` when nothing is wrong
 */
export function keyRingProblem(keys: readonly Uint8Array[]): string | undefined {
  if (keys.length === 0) return "there is no encryption key; make one with: openssl rand -base64 32";
  const indexById = new Map<string, number>();
  for (const [index, key] of keys.entries()) {
    const problem = keyProblem(key);
    if (problem !== undefined) return `encryption key ${index + 1} of ${keys.length} ${problem}`;
    const id = encryptionKeyId(key).toString("hex");
    const earlier = indexById.get(id);
    if (earlier !== undefined) return sameId(keys, earlier, index);
    indexById.set(id, index);
  }
  return undefined;
}

function keyProblem(key: unknown): string | undefined {
  if (!types.isUint8Array(key)) return "is not a Uint8Array";
  if (key.length !== KEY_BYTES) return `has ${key.length} bytes; a key of AES-256 has ${KEY_BYTES}`;
  if (isPlaceholder(key)) return "is a placeholder, not random; make a key with: openssl rand -base64 32";
  return undefined;
}

/** All bytes equal, or counting up or down: what examples show and nobody draws. A random key is so once in 2^240. */
function isPlaceholder(key: Uint8Array): boolean {
  const step = ((key[1] as number) - (key[0] as number)) & 255;
  return key.every((byte, index) => index === 0 || ((byte - (key[index - 1] as number)) & 255) === step);
}

function sameId(keys: readonly Uint8Array[], earlier: number, later: number): string {
  const [first, second] = [keys[earlier] as Uint8Array, keys[later] as Uint8Array];
  const isSameKey = Buffer.compare(first, second) === 0;
  const both = `encryption keys ${earlier + 1} and ${later + 1} of ${keys.length}`;
  return isSameKey ? `${both} are the same` : `${both} are told apart by nothing that sealed values hold; make another`;
}
