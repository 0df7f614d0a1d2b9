import type { Command } from "../../src/cli/command.ts";
import { GENERAL_OPTIONS } from "../../src/cli/common-options.ts";
import { EXIT_CODE_TEXTS } from "../../src/cli/exit-code.ts";
import { optionWords } from "../../src/cli/help-text.ts";
import type { OptionSpec } from "../../src/cli/option-spec.ts";

/** Writes `docs/reference/cli.md` from the table of commands, in its order. */
export function renderCliReference(commands: readonly Command[]): string {
  const overview = commands.map(({ name, summary }) => `| [\`${name}\`](#${name}) | ${cell(summary)} |`);
  const codes = EXIT_CODE_TEXTS.map(([code, meaning]) => `| ${code} | ${cell(meaning)} |`);
  return [
    HEADER,
    ["| Command | What it does |", "|---|---|", ...overview].join("\n"),
    ["Every command has these options:", "", ...optionTable(GENERAL_OPTIONS)].join("\n"),
    ...commands.map(commandSection),
    ["## Exit codes", "", "| Code | Meaning |", "|---|---|", ...codes].join("\n"),
  ]
    .join("\n\n")
    .concat("\n");
}

function commandSection({ name, summary, usage, details = [], options, examples }: Command): string {
  const blocks = [
    `## ${name}`,
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ["```text", ...usage.map((line) => `gocachex ${line}`), "```"].join("\n"),
    ...details.map(prose),
    ...(options.length === 0 ? [] : [optionTable(options).join("\n")]),
    ["```sh", ...examples.map(([line, meaning]) => `${line}  # ${meaning}`), "```"].join("\n"),
  ];
  return blocks.join("\n\n");
}

function optionTable(options: readonly OptionSpec[]): string[] {
  const rows = options.map((option) => {
    const letter = option.short === undefined ? "" : `, \`-${option.short}\``;
    return `| \`${optionWords(option)}\`${letter} | ${cell(option.description)} |`;
  });
  return ["| Option | Meaning |", "|---|---|", ...rows];
}

/** The help is plain text; in Markdown an asterisk or an angle bracket would mean something. */
function prose(text: string): string {
  return text.replaceAll(/[*<_]/g, (sign) => `\\${sign}`);
}

function cell(text: string): string {
  return prose(text).replaceAll("|", "\\|");
}

const HEADER = `<!-- Generated from src/cli/command-table.ts. Rewrite it with: UPDATE_REFERENCE=1 make test-checks -->

# The command line

What \`gocachex COMMAND --help\` says, for all commands. How they work together is told in [the guide](../guide/cli.md).`;
