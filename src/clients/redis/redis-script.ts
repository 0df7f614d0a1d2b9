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

/** The command that runs a script by its SHA. O(keys and arguments). */
export function evalShaCommand(
  script: RedisScript,
  keys: readonly (string | Buffer)[],
  args: readonly (string | Buffer)[],
): (string | Buffer)[] {
  return ["EVALSHA", script.sha, String(keys.length), ...keys, ...args];
}

/** The command that runs the same script by its text, which makes the server know it. */
export function evalCommand(evalSha: readonly (string | Buffer)[], source: string): (string | Buffer)[] {
  return ["EVAL", source, ...evalSha.slice(2)];
}
