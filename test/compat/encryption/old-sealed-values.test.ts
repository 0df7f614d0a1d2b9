import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parseEncryptionKey } from "../../../src/codec/encryption/encryption-key.ts";
import { createKeyRing } from "../../../src/codec/encryption/key-ring.ts";
import { SEAL_OVERHEAD_BYTES } from "../../../src/codec/encryption/sealed-layout.ts";
import { systemClock } from "../../../src/foundation/clock.ts";

/** Values as releases sealed them, kept for ever: every later version has to open them. */
const FILES = ["version-1.json"];

/** Bytes are in base64. */
interface OldValue {
  readonly key: string;
  readonly keyId: string;
  readonly storedKey: string;
  readonly headerBytes: number;
  readonly sealed: string;
  readonly content: string;
}

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

// Only ever makes what is not there.
const newest = pathOf(FILES.at(-1) as string);
if (process.env["WRITE_SEALED_VALUE"] === "1" && !existsSync(newest)) writeFileSync(newest, newOldValue());

it.each(FILES)("%s opens to its content, under its stored key only", (file) => {
  const old = JSON.parse(readFileSync(pathOf(file), "utf8")) as OldValue;
  const ring = createKeyRing([parseEncryptionKey(old.key) as Uint8Array], systemClock);
  const sealed = Buffer.from(old.sealed, "base64");
  expect(ring.keyIds).toEqual([old.keyId]);
  expect(ring.open(sealed, old.headerBytes, old.storedKey).toString("base64")).toBe(old.content);
  expect(() => ring.open(sealed, old.headerBytes, `${old.storedKey}x`)).toThrow();
});

function newOldValue(): string {
  const key = "fh6bLQwSw2OHJVi5yf0BmyLhZ3vUP9vCq1Hn9pn0l1Q=";
  const ring = createKeyRing([parseEncryptionKey(key) as Uint8Array], systemClock);
  const storedKey = "@shop/eu:语 \ud800 user:1";
  const header = Buffer.from([0x47, 0x43, 0x58, 1, 2, 3]);
  const content = Buffer.from("kept for ever: é 語 \0 and more than one block of AES");
  const sealed = Buffer.alloc(header.length + SEAL_OVERHEAD_BYTES + content.length);
  sealed.set(header);
  ring.seal(sealed, header.length, content, storedKey);
  const value: OldValue = {
    key,
    keyId: ring.keyIds[0] as string,
    storedKey,
    headerBytes: header.length,
    sealed: sealed.toString("base64"),
    content: content.toString("base64"),
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
