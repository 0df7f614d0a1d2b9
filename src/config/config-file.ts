import { readFile } from "node:fs/promises";
import { ConfigError } from "../foundation/errors.ts";
import { findJsonError } from "./json-error.ts";
import { isPlainObject, type PlainObject } from "./plain-object.ts";

/** What the operating system's error codes mean for a configuration file, and what to do. */
const MEANING_OF_CODE: Readonly<Record<string, string>> = {
  ENOENT: "does not exist. Check the path; it is relative to the working directory",
  ENOTDIR: "does not exist: a part of its path is not a directory. Check the path",
  EISDIR: "is a directory. Name a file in it",
  EACCES: "cannot be read: permission denied. Let this process's user read it",
  EPERM: "cannot be read: permission denied. Let this process's user read it",
  ENAMETOOLONG: "has too long a name. Check the path",
  ERR_INVALID_ARG_VALUE: "is not a path: it has a zero byte inside. Check the path",
};

/**
 * Reads a configuration file: a JSON object in UTF-8, with or without a byte order mark.
 *
 * @param file the path as the user gave it; messages repeat it, and never anything of the contents
 * @throws ConfigError `GCX_CONFIG_FILE` when it is missing, unreadable, a directory, empty, not JSON, or no object
 */
export async function readConfigFile(file: string): Promise<PlainObject> {
  const text = decode(file, await readBytes(file));
  if (text.trim() === "") throw refuse(file, 'is empty. Write at least {"backend": "memory"}, or do not name a file.');
  const document = parse(file, text);
  if (isPlainObject(document)) return document;
  throw refuse(file, 'does not hold a JSON object. It must look like {"backend": "memory"}.');
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const code = String((cause as { readonly code?: unknown }).code);
    const meaning = Object.hasOwn(MEANING_OF_CODE, code) ? MEANING_OF_CODE[code] : `cannot be read (${code})`;
    throw refuse(file, `${meaning}.`, cause);
  }
}

function decode(file: string, bytes: Uint8Array): string {
  try {
    // Drops a byte order mark by itself.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refuse(file, "is not text in UTF-8. Save it in that encoding.");
  }
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The platform's error quotes the text, which may hold a password: it is not even kept as the cause.
    const position = findJsonError(text);
    const where = position === undefined ? "" : ` at line ${position.line}, column ${position.column}`;
    throw refuse(file, `is not JSON${where}. Correct it there; JSON has no comments and no trailing commas.`);
  }
}

function refuse(file: string, what: string, cause?: unknown): ConfigError {
  const message = `The configuration file ${JSON.stringify(file)} ${what}`;
  return new ConfigError("GCX_CONFIG_FILE", "", message, cause === undefined ? undefined : { cause });
}
