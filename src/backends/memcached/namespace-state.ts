import type { Mark } from "./mark.ts";

/** What entries of a namespace that are written now carry, and how their versions are counted. */
export interface NamespaceState {
  /** The marks of all levels together: another one as soon as any of them was cleared, or its item was lost. */
  readonly mark: Mark;
  /** CAS number of that one of the marks' items that was written last: what the server wrote before it, it wrote in an earlier state. */
  readonly markedAtCas: number;
  /** See `version-number.ts`. */
  readonly versionBase: number;
}
