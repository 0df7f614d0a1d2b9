import type { Command } from "../command.ts";
import { TARGET_OPTIONS } from "../common-options.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { withTarget } from "../open-target.ts";
import { integerOption } from "../parse-arguments.ts";

/** `gocachex keys`. */
export const keysCommand: Command = {
  name: "keys",
  summary: "list keys",
  usage: ["keys [options]"],
  details: ["One key a line, in no particular order. Keys with control characters are only told apart with --json."],
  positionals: [0, 0],
  positionalNames: [],
  options: [
    { name: "prefix", value: "TEXT", description: "only keys that begin with this" },
    { name: "limit", value: "N", description: "at most this many (default: all)" },
    ...TARGET_OPTIONS,
  ],
  examples: [
    ["gocachex keys --prefix user: --limit 20", "the first twenty users"],
    ["gocachex keys --json | wc -l", "how many"],
  ],
  run: async (invocation) => {
    const { args, print } = invocation;
    const limit = integerOption(args, "limit", 1, 1e15 - 1) ?? Number.POSITIVE_INFINITY;
    return withTarget(invocation, async (target) => {
      for await (const key of target.keys(args.text("prefix") ?? "", limit)) {
        await (print.isJson ? print.document({ key }) : print.line(print.visible(key)));
      }
      return EXIT_CODES.ok;
    });
  },
};
