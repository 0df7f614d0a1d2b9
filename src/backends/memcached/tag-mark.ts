import type { Mark } from "./mark.ts";

/** A tag and the mark it had when an entry was written with it. */
export interface TagMark {
  readonly tag: string;
  readonly mark: Mark;
}
