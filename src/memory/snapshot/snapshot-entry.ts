import type { NamespacePath } from "../../entry/namespace-path.ts";

/** An entry as a snapshot holds it. */
export interface SnapshotEntry {
  /** Its namespace, from the dumped view on: `""` is the view itself, `"eu"` the namespace inside it. */
  readonly namespace: NamespacePath;
  /** The key as its own view knows it. */
  readonly key: string;
  readonly value: unknown;
  /** What was left of its TTL when it was dumped, in ms; `Infinity` when it never expires. */
  readonly remainingMs: number;
  /** By how much every read puts off its end, in ms; `undefined` when reads do not. */
  readonly slidingMs: number | undefined;
  readonly tags: readonly string[];
}
