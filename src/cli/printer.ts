import type { CliIo } from "./cli-io.ts";
import { reportOf } from "./exit-code.ts";

/** A colour of the terminal. */
export type Colour = "bold" | "red" | "green" | "yellow";

const COLOUR_CODES: Readonly<Record<Colour, number>> = { bold: 1, red: 31, green: 32, yellow: 33 };

/**
 * What commands print with. Results go to stdout, everything said about them to stderr.
 *
 * Values, keys and messages come from elsewhere and may hold control characters that rewrite a terminal's screen or its
 * title, or type for the user. Everything but `styled` and `raw` is therefore safe to print on a terminal; programs that
 * read a pipe get the text as it is.
 */
export interface Printer {
  /** Whether machines read the output (`--json`). */
  readonly isJson: boolean;
  /** Whether only results are wanted (`--quiet`). */
  readonly isQuiet: boolean;
  /** Whether a person is looking at stdout. */
  readonly isTerminal: boolean;
  /** A result, of one or more lines. On a terminal control characters other than line ends and tabs show as `\x1b`. */
  line(text: string): Promise<void>;
  /** A line of the program's own words with colours by `paint`. Never for what comes from elsewhere. */
  styled(text: string): Promise<void>;
  /** A result as one line of JSON. */
  document(value: unknown): Promise<void>;
  /** Text or bytes exactly as they are, for what is no terminal. */
  raw(chunk: string | Uint8Array): Promise<void>;
  /** A remark on stderr, as JSON with `--json`; nothing with `--quiet`. */
  note(text: string): Promise<void>;
  /** An error on stderr, as JSON with `--json`. */
  error(error: unknown): Promise<void>;
  /** The text in a colour, where a person who wants colours is looking at stdout. */
  paint(colour: Colour, text: string): string;
  /** The text as it is for programs; for terminals without any control character, so that it stays on its line. */
  visible(text: string): string;
}

/** Builds a printer. */
export function createPrinter(io: CliIo, isJson: boolean, isQuiet: boolean): Printer {
  const wantsColour = (io.env["NO_COLOR"] ?? "") === "" && io.env["TERM"] !== "dumb";
  const paintFor = (isTTY: boolean, colour: Colour, text: string): string =>
    isTTY && wantsColour ? `\u001b[${COLOUR_CODES[colour]}m${text}\u001b[0m` : text;
  const isTerminal = io.stdout.isTTY;
  const safeFor = (isTTY: boolean, text: string): string => (isTTY ? escapeControls(text, "\n\t") : text);
  return {
    isJson,
    isQuiet,
    isTerminal,
    line: (text) => io.stdout.write(`${safeFor(isTerminal, text)}\n`),
    styled: (text) => io.stdout.write(`${text}\n`),
    document: (value) => io.stdout.write(`${toJsonLine(value)}\n`),
    raw: (chunk) => io.stdout.write(chunk),
    note: async (text) => {
      if (isQuiet) return;
      await io.stderr.write(`${isJson ? toJsonLine({ note: text }) : safeFor(io.stderr.isTTY, text)}\n`);
    },
    error: async (error) => {
      const { code, message } = reportOf(error);
      const label = paintFor(io.stderr.isTTY, "red", "gocachex:");
      const words = safeFor(io.stderr.isTTY, `${message} [${code}]`);
      await io.stderr.write(`${isJson ? toJsonLine({ error: { code, message } }) : `${label} ${words}`}\n`);
    },
    paint: (colour, text) => paintFor(isTerminal, colour, text),
    visible: (text) => (isTerminal ? escapeControls(text, "") : text),
  };
}

/** Replaces control characters, C1 included, by what they are called. */
function escapeControls(text: string, kept: string): string {
  return text.replace(/\p{Cc}/gu, (character) => (kept.includes(character) ? character : `\\x${hexOf(character)}`));
}

/** JSON on one line. `stringify` leaves DEL and C1 control characters as they are, which terminals obey; their escapes mean the same. */
function toJsonLine(value: unknown): string {
  return JSON.stringify(value).replace(/\p{Cc}/gu, (character) => `\\u00${hexOf(character)}`);
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, "0");
}
