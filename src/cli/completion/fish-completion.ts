import type { CompletedCommand, CompletedOption, Completion } from "./completion-table.ts";

/** A script for fish 3. */
export function renderFishCompletion(commands: readonly CompletedCommand[]): string {
  const lines = [
    "# fish completion for gocachex: gocachex completion fish > ~/.config/fish/completions/gocachex.fish",
    "complete -c gocachex -f",
    ...commands.map(
      ({ name, summary }) => `complete -c gocachex -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ),
  ];
  for (const command of commands) {
    const when = `-n "__fish_seen_subcommand_from ${command.name}"`;
    if (command.positional.kind !== "nothing")
      lines.push(`complete -c gocachex ${when} ${completionOf(command.positional)}`);
    for (const option of command.options) lines.push(`complete -c gocachex ${when} ${optionOf(option)}`);
  }
  return `${lines.join("\n")}\n`;
}

function optionOf({ name, short, description, value }: CompletedOption): string {
  const letter = short === undefined ? "" : ` -s ${short}`;
  const taken = value === undefined ? "" : ` ${takenValue(value)}`;
  return `-l ${name}${letter}${taken} -d ${quote(description)}`;
}

function completionOf(completion: Completion): string {
  if (completion.kind === "words") return `-a ${quote(completion.words.join(" "))}`;
  return completion.kind === "files" ? "-F" : "";
}

/** `-x` takes a value that is no file; without it fish would offer files beside the words. */
function takenValue(completion: Completion): string {
  return completion.kind === "files" ? "-r -F" : `-x ${completionOf(completion)}`.trimEnd();
}

/** Between single quotes only the quote and the backslash mean something to fish. */
function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
