import type { Command } from "./command.ts";
import { benchCommand } from "./commands/bench.ts";
import { createCompletionCommand } from "./commands/completion.ts";
import { configCommand } from "./commands/config.ts";
import { deleteCommand } from "./commands/delete.ts";
import { dictionaryCommand } from "./commands/dictionary.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { existsCommand } from "./commands/exists.ts";
import { getCommand } from "./commands/get.ts";
import { healthCommand } from "./commands/health.ts";
import { createHelpCommand } from "./commands/help.ts";
import { incrCommand } from "./commands/incr.ts";
import { keysCommand } from "./commands/keys.ts";
import { replayCommand } from "./commands/replay.ts";
import { serveCommand } from "./commands/serve.ts";
import { setCommand } from "./commands/set.ts";
import { statsCommand } from "./commands/stats.ts";
import { topCommand } from "./commands/top.ts";
import { versionCommand } from "./commands/version.ts";
import { watchCommand } from "./commands/watch.ts";

/** Every command, in the order of the help. To add one: one file, one line. */
export const COMMANDS: readonly Command[] = [
  getCommand,
  setCommand,
  deleteCommand,
  existsCommand,
  incrCommand,
  keysCommand,
  watchCommand,
  statsCommand,
  healthCommand,
  topCommand,
  benchCommand,
  replayCommand,
  doctorCommand,
  configCommand,
  dictionaryCommand,
  serveCommand,
  createCompletionCommand(() => COMMANDS),
  createHelpCommand(() => COMMANDS),
  versionCommand,
];
