/** A reply of a server: simple texts and bulk replies are bytes, integers beyond 2^53 bigints, nothing is `null`. */
export type RedisReply = Buffer | number | bigint | null | readonly RedisReply[] | RedisServerError;

/** The server's error. As a reply it stands inside arrays only; alone it is thrown. */
export class RedisServerError extends Error {
  /** The first word, for example `"WRONGTYPE"`, `"OOM"`, `"READONLY"`. */
  readonly prefix: string;

  constructor(message: string) {
    super(message);
    this.name = "RedisServerError";
    this.prefix = /^[A-Z]*/.exec(message)?.[0] ?? "";
  }
}
