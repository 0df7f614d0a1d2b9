import type { Command } from "./command.ts";
import { GENERAL_OPTIONS } from "./common-options.ts";
import type { OptionSpec } from "./option-spec.ts";

/**
 * Where the command's name stands on a command line: at the first argument that is neither an option nor an option's
 * value. Which command it is, is not known yet, so an option takes a value here when it does in any command.
 *
 * @returns -1 when there is none
 */
export function findCommandName(argv: readonly string[], commands: readonly Command[]): number {
  const specs = [...GENERAL_OPTIONS, ...commands.flatMap(({ options }) => options)];
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index] as string;
    if (!argument.startsWith("-")) return index;
    if (takesNext(argument, specs)) index += 1;
  }
  return -1;
}

/**
 * The first option before the command's name that no command has. What follows it may be its value, which then was taken for the
 * command, and may be a secret.
 */
export function findUnknownOption(
  argv: readonly string[],
  nameAt: number,
  commands: readonly Command[],
): string | undefined {
  const specs = [...GENERAL_OPTIONS, ...commands.flatMap(({ options }) => options)];
  return argv
    .slice(0, nameAt)
    .map((argument) => argument.replace(/=.*$/s, ""))
    .find((argument) => argument.startsWith("--") && !specs.some((spec) => isNamed(argument, spec)));
}

/** Whether an option stands on the line that only commands have, as `--namespace`. */
export function hasCommandOption(argv: readonly string[], commands: readonly Command[]): boolean {
  const specs = commands.flatMap(({ options }) => options);
  return argv.some((argument) => specs.some((spec) => isNamed(argument.replace(/=.*$/s, ""), spec)));
}

/** Whether an option's value is the next argument; not so for `--name=value` and `-nvalue`. */
function takesNext(argument: string, specs: readonly OptionSpec[]): boolean {
  return specs.some((spec) => spec.value !== undefined && isNamed(argument, spec));
}

function isNamed(argument: string, { name, short }: OptionSpec): boolean {
  return argument === `--${name}` || (short !== undefined && argument === `-${short}`);
}
