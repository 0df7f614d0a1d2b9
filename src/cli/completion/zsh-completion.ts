import type { CompletedCommand, CompletedOption, Completion } from "./completion-table.ts";

/** A script for zsh 5: to be sourced, or kept as `_gocachex` in a folder of `fpath`. */
export function renderZshCompletion(commands: readonly CompletedCommand[]): string {
  return `#compdef gocachex
# zsh completion for gocachex: source <(gocachex completion zsh)
_gocachex() {
  local context state line curcommand="$curcommand"
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join("\n")}
  )
  _arguments -C '1: :->command' '*:: :->arguments' && return
  case $state in
    command) _describe command commands ;;
    arguments)
      case $words[1] in
${commands.map(commandCase).join("\n")}
      esac ;;
  esac
}
if [[ "$funcstack[1]" == _gocachex ]]; then _gocachex "$@"; else compdef _gocachex gocachex; fi
`;
}

function commandCase({ name, options, positional }: CompletedCommand): string {
  const specs = options.flatMap(optionSpecs);
  return `        ${name}) _arguments ${[...specs, quote(`*: :${actionOf(positional)}`)].join(" ")} ;;`;
}

function optionSpecs({ name, short, description, value }: CompletedOption): string[] {
  // Brackets and colons are signs of the specification.
  const words = description.replaceAll(/[[\]:\\]/g, (sign) => `\\${sign}`);
  const taken = value === undefined ? "" : `:value:${actionOf(value)}`;
  const names = short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
  return names.map((each) => quote(`${each}[${words}]${taken}`));
}

function actionOf(completion: Completion): string {
  if (completion.kind === "words") return `(${completion.words.join(" ")})`;
  return completion.kind === "files" ? "_files" : " ";
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
