import type { FrameLine } from "./frame-text.ts";
import type { TopView } from "./top-view.ts";

/** Lines that belong together. */
export interface FrameSection {
  readonly lines: readonly FrameLine[];
  /** As many of them are worth more than the rest of the sections before. */
  readonly leastCount: number;
  /** Whether the first line names the columns of the others, and says nothing without one. Default: false. */
  readonly hasHead?: boolean;
}

/** Makes a section; it may have no lines. @param columns of the terminal */
export type RenderSection = (view: TopView, columns: number) => FrameSection;
