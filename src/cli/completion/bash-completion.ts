import type { CompletedCommand, CompletedOption, Completion } from "./completion-table.ts";

/**
 * A script for bash 3.2 and later. The words of the table are names without spaces or quotes, so that they need no quoting.
 *
 * Variables are local, and nothing is run but builtins: it answers as fast as one types.
 */
export function renderBashCompletion(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name);
  return `# bash completion for gocachex: source <(gocachex completion bash)
_gocachex() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in
      ${names.join("|")}) command="\${COMP_WORDS[index]}"; break ;;
    esac
  done
  case "$command:$previous" in
${commands.flatMap(valueCases).join("\n")}
  esac
  if [[ -z "$command" ]]; then
    COMPREPLY=($(compgen -W "${names.join(" ")} --help --version" -- "$current"))
    return
  fi
  case "$command" in
${commands.map(commandCase).join("\n")}
  esac
}
complete -F _gocachex gocachex
`;
}

function valueCases({ name, options }: CompletedCommand): string[] {
  return options.flatMap((option) =>
    option.value === undefined ? [] : [`    ${patternsOf(name, option)}) ${replyOf(option.value)}; return ;;`],
  );
}

function patternsOf(command: string, { name, short }: CompletedOption): string {
  return short === undefined ? `${command}:--${name}` : `${command}:--${name}|${command}:-${short}`;
}

function commandCase({ name, options, positional }: CompletedCommand): string {
  const flags = options.map((option) => `--${option.name}`).join(" ");
  return `    ${name})
      if [[ "$current" == -* ]]; then COMPREPLY=($(compgen -W "${flags}" -- "$current"))
      else ${replyOf(positional)}; fi ;;`;
}

function replyOf(completion: Completion): string {
  if (completion.kind === "words") return `COMPREPLY=($(compgen -W "${completion.words.join(" ")}" -- "$current"))`;
  // Names of files may hold spaces: a line is a name.
  return completion.kind === "files" ? `local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current"))` : ":";
}
