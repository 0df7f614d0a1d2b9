import { findNearestName } from "../config/nearest-name.ts";
import { BrokenPipe, type CliIo } from "./cli-io.ts";
import type { Command, Invocation } from "./command.ts";
import { findCommandName, findUnknownOption, hasCommandOption } from "./command-position.ts";
import { COMMANDS } from "./command-table.ts";
import { findCommand } from "./commands/help.ts";
import { versionCommand } from "./commands/version.ts";
import { EXIT_CODES, type ExitCode, reportOf } from "./exit-code.ts";
import { commandHelp, programHelp } from "./help-text.ts";
import { watchInterrupts } from "./interrupts.ts";
import { joinOptionalValues, parseArguments, usageError } from "./parse-arguments.ts";
import { createPrinter, type Printer } from "./printer.ts";

/**
 * Runs a command line, without the program's name. Never rejects: errors are printed and become the exit code.
 *
 * @returns what the process is to end with
 */
export async function run(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  // Looked for before parsing, because errors of the parsing are to be printed that way too.
  const beforeDashes = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  const isQuiet = beforeDashes.includes("--quiet") || beforeDashes.includes("-q");
  const print = createPrinter(io, beforeDashes.includes("--json"), isQuiet);
  try {
    return await dispatch(argv, io, print);
  } catch (error) {
    // Whoever read the output has gone and has what it wanted, as `head` does.
    if (error === BrokenPipe) return EXIT_CODES.ok;
    await print.error(error).catch(() => undefined);
    return reportOf(error).exitCode;
  }
}

async function dispatch(given: readonly string[], io: CliIo, print: Printer): Promise<ExitCode> {
  const argv = joinOptionalValues(
    given,
    COMMANDS.flatMap(({ options }) => options),
  );
  const nameAt = findCommandName(argv, COMMANDS);
  if (nameAt === -1) return withoutCommand(argv, io, print);
  const command = findCommandOf(argv, nameAt);
  const args = parseArguments(command, argv.toSpliced(nameAt, 1));
  if (args.has("help")) {
    const text = commandHelp(command, print);
    await (print.isJson ? print.document({ help: text }) : print.styled(text));
    return EXIT_CODES.ok;
  }
  const invocation: Invocation = { io, print, args };
  const { handlesInterrupts = false } = command;
  const isSelfHandled = typeof handlesInterrupts === "function" ? handlesInterrupts(args) : handlesInterrupts;
  return isSelfHandled ? command.run(invocation) : runInterruptibly(command, invocation);
}

/** @throws InvalidArgumentError for an option that there is not, before the command that its value was taken for */
function findCommandOf(argv: readonly string[], nameAt: number): Command {
  const name = argv[nameAt] as string;
  const unknown = findUnknownOption(argv, nameAt, COMMANDS);
  if (unknown !== undefined && !COMMANDS.some((command) => command.name === name)) {
    const names = COMMANDS.flatMap(({ options }) => options.map((option) => option.name));
    const nearest = findNearestName(unknown.slice(2), names);
    throw usageError(
      `Unknown option ${unknown}.${nearest === undefined ? "" : ` Did you mean --${nearest}?`} See gocachex help.`,
    );
  }
  return findCommand(COMMANDS, name);
}

async function withoutCommand(argv: readonly string[], io: CliIo, print: Printer): Promise<ExitCode> {
  const isVersion = argv.includes("--version") || argv.includes("-V");
  if (isVersion)
    return versionCommand.run({
      io,
      print,
      args: parseArguments(
        versionCommand,
        argv.filter((argument) => argument !== "--version" && argument !== "-V"),
      ),
    });
  const help = findCommand(COMMANDS, "help");
  if (hasCommandOption(argv, COMMANDS)) throw usageError("A command is missing. See gocachex help.");
  const args = parseArguments(help, argv);
  if (args.has("help")) return help.run({ io, print, args });
  await io.stderr.write(`${programHelp(COMMANDS, print)}\n`);
  return EXIT_CODES.usage;
}

async function runInterruptibly(command: Command, invocation: Invocation): Promise<ExitCode> {
  const interrupts = watchInterrupts(invocation.io);
  try {
    return await Promise.race([command.run(invocation), interrupts.first.then(() => EXIT_CODES.interrupted)]);
  } finally {
    interrupts.stop();
  }
}
