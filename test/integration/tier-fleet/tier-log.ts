import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import type { LoggedEvent } from "./tier-event.ts";

/** A worker's log. Lines are in the file when the call returns, so that a process that is killed loses none. */
export class TierLog {
  readonly #file: number;
  #reads: string[] = [];

  constructor(path: string) {
    this.#file = openSync(path, "a");
  }

  /** Writes a line at once: of a change it must be there before the change is sent. */
  write(event: LoggedEvent): void {
    this.flush();
    writeSync(this.#file, `${JSON.stringify(event)}\n`);
  }

  /** Keeps a line until the next one that is written at once: a read that is lost proves nothing, and harms nobody. */
  keep(event: LoggedEvent): void {
    this.#reads.push(JSON.stringify(event));
  }

  flush(): void {
    if (this.#reads.length === 0) return;
    writeSync(this.#file, `${this.#reads.join("\n")}\n`);
    this.#reads = [];
  }

  close(): void {
    this.flush();
    closeSync(this.#file);
  }
}

/** Reads a log. A last line that is cut is left out. */
export function readTierLog(path: string): readonly LoggedEvent[] {
  const lines = readFileSync(path, "utf8").split("\n");
  lines.pop();
  return lines.map((line) => JSON.parse(line) as LoggedEvent);
}
