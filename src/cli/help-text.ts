import type { Command } from "./command.ts";
import { GENERAL_OPTIONS } from "./common-options.ts";
import { EXIT_CODE_TEXTS } from "./exit-code.ts";
import type { OptionSpec } from "./option-spec.ts";
import type { Printer } from "./printer.ts";

/** Two columns: what, and what it means. */
function table(rows: readonly (readonly [left: string, right: string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}

function optionRow(spec: OptionSpec): readonly [string, string] {
  const letter = spec.short === undefined ? "    " : `-${spec.short}, `;
  return [`${letter}${optionWords(spec)}`, spec.description];
}

/** An option as it is written: `--ttl DURATION`, `--watch [SECONDS]`. */
export function optionWords({ name, value, bareValue }: OptionSpec): string {
  if (value === undefined) return `--${name}`;
  return bareValue === undefined ? `--${name} ${value}` : `--${name} [${value}]`;
}

/** The help of the program. */
export function programHelp(commands: readonly Command[], print: Printer): string {
  const title = (text: string): string => print.paint("bold", text);
  return [
    `${title("gocachex")}: look into caches, change them, and run a node.`,
    `${title("Usage")}\n  gocachex COMMAND [options]`,
    `${title("Commands")}\n${table(commands.map(({ name, summary }) => [name, summary]))}`,
    `${title("Options")}\n${table([...GENERAL_OPTIONS.map(optionRow), ["-V, --version", "print the version"]])}`,
    `${title("More")}\n${table([
      ["gocachex COMMAND --help", "help for a command, with examples"],
      ["gocachex help exit-codes", "what the exit codes mean"],
    ])}`,
  ].join("\n\n");
}

/** The help of one command. */
export function commandHelp(command: Command, print: Printer): string {
  const title = (text: string): string => print.paint("bold", text);
  return [
    `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`,
    `${title("Usage")}\n${command.usage.map((line) => `  gocachex ${line}`).join("\n")}`,
    ...(command.details ?? []),
    `${title("Options")}\n${table([...command.options, ...GENERAL_OPTIONS].map(optionRow))}`,
    `${title("Examples")}\n${table(command.examples)}`,
  ].join("\n\n");
}

/** What `gocachex help exit-codes` prints. */
export function exitCodesHelp(print: Printer): string {
  return `${print.paint("bold", "Exit codes")}\n${table(EXIT_CODE_TEXTS.map(([code, meaning]) => [String(code), meaning]))}`;
}
