// Sealing and opening values against a bare AES-256-GCM of node:crypto that does the same: header, random nonce of 12 bytes,
// associated data, ciphertext and tag in one array. Both run in turn; medians.
//
// Usage: node bench/codec/encryption.mjs [rounds, default 15]
import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from "node:crypto";
import process from "node:process";
import { importSource } from "../../scripts/import-source.mjs";

const { createKeyRing } = await importSource("src/codec/encryption/key-ring.ts");

const SIZES = [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const HEADER_BYTES = 16;
const STORED_KEY = "@shop:user:profile:123456";
const rounds = Number(process.argv[2] ?? 15);
const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
const key = randomBytes(32);
const ring = createKeyRing([key], clock);
const header = Buffer.alloc(HEADER_BYTES, 7);
const associated = Buffer.alloc(90, 1);
const fixedNonce = randomBytes(12);

/** @param {Buffer} content */
function sealedByRing(content) {
  const target = Buffer.allocUnsafe(HEADER_BYTES + 44 + content.length);
  target.set(header);
  ring.seal(target, HEADER_BYTES, content, STORED_KEY);
  return target;
}

/**
 * @param {import("node:crypto").CipherKey} cipherKey
 * @param {() => Buffer} nextNonce
 */
function bare(cipherKey, nextNonce) {
  return {
    /** @param {Buffer} content */
    seal(content) {
      const target = Buffer.allocUnsafe(HEADER_BYTES + 28 + content.length);
      const nonce = nextNonce();
      target.set(header);
      target.set(nonce, HEADER_BYTES);
      const cipher = createCipheriv("aes-256-gcm", cipherKey, nonce, { authTagLength: 16 });
      cipher.setAAD(associated);
      target.set(cipher.update(content), HEADER_BYTES + 12);
      cipher.final();
      target.set(cipher.getAuthTag(), target.length - 16);
      return target;
    },
    /** @param {Buffer} sealed */
    open(sealed) {
      const nonce = sealed.subarray(HEADER_BYTES, HEADER_BYTES + 12);
      const decipher = createDecipheriv("aes-256-gcm", cipherKey, nonce, { authTagLength: 16 });
      decipher.setAAD(associated);
      decipher.setAuthTag(sealed.subarray(sealed.length - 16));
      const content = decipher.update(sealed.subarray(HEADER_BYTES + 12, sealed.length - 16));
      decipher.final();
      return content;
    },
  };
}

/** @type {Record<string, { seal(content: Buffer): Buffer, open(sealed: Buffer): Buffer }>} */
const contestants = {
  ring: { seal: sealedByRing, open: (sealed) => ring.open(sealed, HEADER_BYTES, STORED_KEY) },
  bare: bare(key, () => randomBytes(12)),
  "bare, KeyObject": bare(createSecretKey(key), () => randomBytes(12)),
  "bare, nonce for nothing": bare(key, () => fixedNonce),
};

for (const size of SIZES) {
  const content = randomBytes(size);
  const count = Math.max(3, Math.min(3_000, Math.floor(3e7 / size)));
  /** @type {Map<string, number[][]>} */
  const times = new Map(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round < rounds + 2; round += 1) {
    for (const [name, { seal, open }] of Object.entries(contestants)) {
      let sealed = seal(content);
      const start = performance.now();
      for (let index = 0; index < count; index += 1) sealed = seal(content);
      const middle = performance.now();
      for (let index = 0; index < count; index += 1) open(sealed);
      const perCall = [middle - start, performance.now() - middle].map((ms) => (ms * 1_000) / count);
      // The first two rounds warm up.
      if (round >= 2) times.get(name)?.push(perCall);
    }
  }
  const both = median(times.get("ring") ?? [], ([seal = 0, open = 0]) => seal + open);
  console.log(`${size.toLocaleString("en")} bytes`);
  for (const [name, all] of times) {
    const [seal, open] = [median(all, ([time = 0]) => time), median(all, ([, time = 0]) => time)];
    const ratio = both / median(all, ([first = 0, second = 0]) => first + second);
    console.log(
      `  ${name.padEnd(24)} seal ${format(seal)} µs  open ${format(open)} µs  ring takes ${ratio.toFixed(2)}`,
    );
  }
}

/**
 * @param {readonly number[][]} samples
 * @param {(sample: readonly number[]) => number} measure
 */
function median(samples, measure) {
  const sorted = samples.map(measure).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** @param {number} value */
function format(value) {
  return value.toFixed(value < 100 ? 2 : 0).padStart(9);
}
