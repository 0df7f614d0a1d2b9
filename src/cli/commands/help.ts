import { findNearestName } from "../../config/nearest-name.ts";
import type { Command } from "../command.ts";
import { EXIT_CODE_TEXTS, EXIT_CODES } from "../exit-code.ts";
import { commandHelp, exitCodesHelp, programHelp } from "../help-text.ts";
import { usageError } from "../parse-arguments.ts";

const EXIT_CODES_TOPIC = "exit-codes";

/** `gocachex help`. @param listCommands asked when it runs: the table holds this command too */
export function createHelpCommand(listCommands: () => readonly Command[]): Command {
  return {
    name: "help",
    summary: "show help for a command or topic",
    usage: ["help [COMMAND]", `help ${EXIT_CODES_TOPIC}`],
    positionals: [0, 1],
    positionalNames: ["COMMAND"],
    options: [],
    examples: [
      ["gocachex help set", "help for set"],
      [`gocachex help ${EXIT_CODES_TOPIC}`, "what the exit codes mean"],
    ],
    run: async ({ args, print }) => {
      const topic = args.positionals[0];
      const commands = listCommands();
      if (topic === EXIT_CODES_TOPIC) {
        const codes = EXIT_CODE_TEXTS.map(([code, meaning]) => ({ code, meaning }));
        await (print.isJson ? print.document({ exitCodes: codes }) : print.styled(exitCodesHelp(print)));
        return EXIT_CODES.ok;
      }
      const command = topic === undefined ? undefined : findCommand(commands, topic);
      const text = command === undefined ? programHelp(commands, print) : commandHelp(command, print);
      await (print.isJson ? print.document({ help: text }) : print.styled(text));
      return EXIT_CODES.ok;
    },
  };
}

/**
 * The command of a name.
 *
 * @throws InvalidArgumentError naming the nearest command
 */
export function findCommand(commands: readonly Command[], name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const nearest = findNearestName(
    name,
    commands.map((candidate) => candidate.name),
  );
  const hint = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
  throw usageError(`Unknown command ${JSON.stringify(name.slice(0, 40))}.${hint} See gocachex help.`);
}
