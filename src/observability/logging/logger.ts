/** Writes one line: what is known, and what it means. */
export type WriteLine = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** A logger: pino, or anything of its shape (bunyan, roarr, a wrapper of winston). Methods that it lacks are replaced by the next louder one. */
export interface Logger {
  /** Each read, write and removal. */
  readonly trace?: WriteLine | undefined;
  /** Each call to a store, loads, probes. */
  readonly debug: WriteLine;
  /** What comes and goes. */
  readonly info: WriteLine;
  /** What fails and mends itself. */
  readonly warn: WriteLine;
  /** What is lost, or fails unseen. */
  readonly error: WriteLine;
}
