import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";

/** A gob that a Go program wrote. */
export interface GobVector {
  readonly name: string;
  /** The value's type in Go. */
  readonly type: string;
  readonly bytes: Buffer;
}

/** Reads what `gob vectors` prints: one vector a line. */
export function parseGobVectors(lines: string): readonly GobVector[] {
  return lines
    .trim()
    .split("\n")
    .map((line) => {
      const { name, type, gob } = JSON.parse(line) as { name: string; type: string; gob: string };
      return { name, type, bytes: Buffer.from(gob, "base64") };
    });
}

/** The vectors that are kept here, made by Go 1.19.8. `go run . vectors > ../vectors.jsonl` in `go/` makes them anew. */
export function readGobVectors(): readonly GobVector[] {
  return parseGobVectors(readFileSync(new URL("vectors.jsonl", import.meta.url), "utf8"));
}
