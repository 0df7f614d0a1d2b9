import { findNearestName } from "../../config/nearest-name.ts";
import type { Command } from "../command.ts";
import { renderBashCompletion } from "../completion/bash-completion.ts";
import { type CompletedCommand, SHELLS, type Shell, toCompletionTable } from "../completion/completion-table.ts";
import { renderFishCompletion } from "../completion/fish-completion.ts";
import { renderZshCompletion } from "../completion/zsh-completion.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { usageError } from "../parse-arguments.ts";

const RENDERERS: Readonly<Record<Shell, (commands: readonly CompletedCommand[]) => string>> = {
  bash: renderBashCompletion,
  zsh: renderZshCompletion,
  fish: renderFishCompletion,
};

/**
 * `gocachex completion`.
 *
 * @param commands all commands, itself among them; asked for when it runs
 */
export function createCompletionCommand(commands: () => readonly Command[]): Command {
  return {
    name: "completion",
    summary: "print a script that completes commands and options in a shell",
    usage: ["completion bash", "completion zsh", "completion fish"],
    positionals: [1, 1],
    positionalNames: ["SHELL (bash, zsh or fish)"],
    choices: SHELLS,
    options: [],
    examples: [
      ["gocachex completion fish > ~/.config/fish/completions/gocachex.fish", "for fish"],
      ["source <(gocachex completion bash)", "in ~/.bashrc; for zsh alike"],
    ],
    run: async ({ args, print }) => {
      const name = args.positionals[0] as string;
      if (!Object.hasOwn(RENDERERS, name)) {
        const nearest = findNearestName(name, SHELLS);
        const hint = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
        throw usageError(`completion knows bash, zsh and fish, not ${JSON.stringify(name.slice(0, 40))}.${hint}`);
      }
      const script = RENDERERS[name as Shell](toCompletionTable(commands()));
      await (print.isJson ? print.document({ shell: name, script }) : print.raw(script));
      return EXIT_CODES.ok;
    },
  };
}
