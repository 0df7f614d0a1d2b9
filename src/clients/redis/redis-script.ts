import { createHash } from "node:crypto";

/** A Lua script and the name by which servers know it. */
export interface RedisScript {
  /** For messages, for example `"set"`. */
  readonly name: string;
  /** Its text. */
  readonly source: string;
  /** SHA-1 of the text in hexadecimal, as EVALSHA takes it. */
  readonly sha: string;
}

/** Makes a script of its text. */
export function defineRedisScript(name: string, source: string): RedisScript {
  return Object.freeze({ name, source, sha: createHash("sha1").update(source).digest("hex") });
}
