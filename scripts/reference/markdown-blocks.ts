/** A fenced code block. */
export interface CodeBlock {
  /** The first word of the info string, for example `"ts"`; `""` when there is none. */
  readonly language: string;
  /** The words after it, for example `["no-run"]`. */
  readonly flags: readonly string[];
  readonly code: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
}

/** A heading outside code. */
export interface Heading {
  readonly level: number;
  readonly text: string;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*(.*)$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;

/** Reads the fenced blocks and the headings of a Markdown text, in their order. Unclosed fences reach to the end. */
export function readMarkdown(text: string): {
  readonly blocks: readonly CodeBlock[];
  readonly headings: readonly Heading[];
} {
  const blocks: CodeBlock[] = [];
  const headings: Heading[] = [];
  let open:
    | { readonly mark: string; readonly info: string; readonly line: number; readonly lines: string[] }
    | undefined;
  const close = (): void => {
    if (open === undefined) return;
    const [language = "", ...flags] = open.info.split(/\s+/);
    blocks.push({ language, flags, code: open.lines.join("\n"), line: open.line });
    open = undefined;
  };
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const fence = FENCE.exec(line);
    const mark = fence?.[1] ?? "";
    if (open !== undefined) {
      const isEnd = mark.startsWith(open.mark) && fence?.[2] === "";
      if (isEnd) close();
      else open.lines.push(line);
    } else if (fence !== null) {
      open = { mark, info: (fence[2] ?? "").trim(), line: index + 1, lines: [] };
    } else {
      const heading = HEADING.exec(line);
      if (heading !== null) headings.push({ level: (heading[1] as string).length, text: heading[2] as string });
    }
  }
  close();
  return { blocks, headings };
}
