import type { Command } from "../command.ts";
import { TARGET_OPTIONS } from "../common-options.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { withTarget } from "../open-target.ts";

/** `gocachex delete`. */
export const deleteCommand: Command = {
  name: "delete",
  summary: "remove keys",
  usage: ["delete KEY... [options]"],
  details: ["Ends with exit code 1 when none of the keys was there."],
  positionals: [1, Number.POSITIVE_INFINITY],
  positionalNames: ["KEY"],
  options: TARGET_OPTIONS,
  examples: [
    ["gocachex delete user:42", "one key"],
    ["gocachex delete user:42 user:43 --json", "two keys, one answer per line"],
  ],
  run: async (invocation) => {
    const { args, print } = invocation;
    return withTarget(invocation, async (target) => {
      let deletedCount = 0;
      for (const key of args.positionals) {
        const deleted = await target.delete(key);
        if (deleted) deletedCount += 1;
        if (print.isJson) await print.document({ key, deleted });
      }
      if (!print.isJson) await print.line(`deleted ${deletedCount} of ${args.positionals.length}`);
      return deletedCount > 0 ? EXIT_CODES.ok : EXIT_CODES.negative;
    });
  },
};
