import type { CliIo } from "./cli-io.ts";
import { reportOf } from "./exit-code.ts";

/** A colour of the terminal. */
export type Colour = "bold" | "red" | "green" | "yellow";

const COLOUR_CODES: Readonly<Record<Colour, number>> = { bold: 1, red: 31, green: 32, yellow: 33 };

/** What commands print with. Results go to stdout, everything said about them to stderr. */
export interface Printer {
  /** Whether machines read the output (`--json`). */
  readonly isJson: boolean;
  /** A line of result. */
  line(text: string): Promise<void>;
  /** A result as one line of JSON. */
  document(value: unknown): Promise<void>;
  /** Text or bytes exactly as they are. */
  raw(chunk: string | Uint8Array): Promise<void>;
  /** A remark on stderr; nothing with `--quiet`. */
  note(text: string): Promise<void>;
  /** An error on stderr, as JSON with `--json`. */
  error(error: unknown): Promise<void>;
  /** The text in a colour, where a person who wants colours is looking at stdout. */
  paint(colour: Colour, text: string): string;
  /** The text as it is for programs; for terminals without control characters, which could rewrite what is on the screen. */
  visible(text: string): string;
}

/** Builds a printer. */
export function createPrinter(io: CliIo, isJson: boolean, isQuiet: boolean): Printer {
  const wantsColour = (io.env["NO_COLOR"] ?? "") === "" && io.env["TERM"] !== "dumb";
  const paintFor = (isTTY: boolean, colour: Colour, text: string): string =>
    isTTY && wantsColour ? `\u001b[${COLOUR_CODES[colour]}m${text}\u001b[0m` : text;
  return {
    isJson,
    line: (text) => io.stdout.write(`${text}\n`),
    document: (value) => io.stdout.write(`${JSON.stringify(value)}\n`),
    raw: (chunk) => io.stdout.write(chunk),
    note: async (text) => {
      if (!isQuiet) await io.stderr.write(`${text}\n`);
    },
    error: async (error) => {
      const { code, message } = reportOf(error);
      const label = paintFor(io.stderr.isTTY, "red", "gocachex:");
      await io.stderr.write(
        isJson ? `${JSON.stringify({ error: { code, message } })}\n` : `${label} ${message} [${code}]\n`,
      );
    },
    paint: (colour, text) => paintFor(io.stdout.isTTY, colour, text),
    visible: (text) => (io.stdout.isTTY ? escapeControls(text) : text),
  };
}

function escapeControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
