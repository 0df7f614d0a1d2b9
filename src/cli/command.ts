import type { CliIo } from "./cli-io.ts";
import type { ExitCode } from "./exit-code.ts";
import type { OptionSpec } from "./option-spec.ts";
import type { ParsedArguments } from "./parsed-arguments.ts";
import type { Printer } from "./printer.ts";

/** What a command is given. */
export interface Invocation {
  readonly io: CliIo;
  readonly print: Printer;
  readonly args: ParsedArguments;
}

/** One command. To add one: one file in `commands/`, one line in `command-table.ts`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What stands after `gocachex`, for example `"get KEY [options]"`. */
  readonly usage: readonly string[];
  /** Paragraphs for the command's own help. */
  readonly details?: readonly string[];
  /** Fewest and most positional arguments. */
  readonly positionals: readonly [min: number, max: number];
  /** What the positional arguments are called in messages. The last stands for all that follow. */
  readonly positionalNames: readonly string[];
  /** The words that the first positional argument may be, where they are few. */
  readonly choices?: readonly string[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Whether the command waits for signals by itself, always or with some options; otherwise a signal ends it with 130. Default: false. */
  readonly handlesInterrupts?: boolean | ((args: ParsedArguments) => boolean);
  readonly run: (invocation: Invocation) => Promise<ExitCode>;
}
