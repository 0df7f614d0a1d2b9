import type { Command } from "../command.ts";
import { TARGET_OPTIONS } from "../common-options.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { withTarget } from "../open-target.ts";

/** `gocachex exists`. */
export const existsCommand: Command = {
  name: "exists",
  summary: "tell whether a key is there",
  usage: ["exists KEY [options]"],
  details: ["Ends with exit code 0 when it is, 1 when it is not."],
  positionals: [1, 1],
  positionalNames: ["KEY"],
  options: TARGET_OPTIONS,
  examples: [["gocachex exists user:42 && echo cached", "in a script"]],
  run: async (invocation) => {
    const { args, print } = invocation;
    const key = args.positionals[0] as string;
    const exists = await withTarget(invocation, (target) => target.exists(key));
    await (print.isJson ? print.document({ key, exists }) : print.line(exists ? "yes" : "no"));
    return exists ? EXIT_CODES.ok : EXIT_CODES.negative;
  },
};
