// A sealed value, behind the header that whoever seals it has written (n bytes of content):
//
//  0         4           28                    28+n      44+n
//  ├ key id ─┼ nonce ────┼ ciphertext ─────────┼ tag ────┤
//  │ 4 bytes │ 24 bytes  │ n bytes             │ 16 bytes│
//
// Part of the format: values that were sealed with these numbers are opened for ever.

/** Bytes of an encryption key: AES-256. */
export const KEY_BYTES = 32;

/** Bytes that say which key of a ring a value is sealed with. */
export const KEY_ID_BYTES = 4;

/** Bytes of the nonce of XAES-256-GCM. All of them are random. */
export const NONCE_BYTES = 24;

/** The first so many bytes of a nonce choose the message's own key; the rest is the nonce of AES-256-GCM under that key. */
export const KEY_NONCE_BYTES = 12;

/** Bytes of the tag of AES-GCM. Shorter ones are never accepted. */
export const TAG_BYTES = 16;

/** Bytes from the key id to the first byte of the ciphertext. */
export const SEAL_PREFIX_BYTES: number = KEY_ID_BYTES + NONCE_BYTES;

/** How much longer a sealed value is than its content: 44 bytes. */
export const SEAL_OVERHEAD_BYTES: number = SEAL_PREFIX_BYTES + TAG_BYTES;
