/** The server's error: `ERROR`, `CLIENT_ERROR …` or `SERVER_ERROR …`. */
export class MemcachedServerError extends Error {
  /** Its first word. */
  readonly prefix: "ERROR" | "CLIENT_ERROR" | "SERVER_ERROR";

  constructor(prefix: "ERROR" | "CLIENT_ERROR" | "SERVER_ERROR", line: string) {
    super(line);
    this.name = "MemcachedServerError";
    this.prefix = prefix;
  }
}
