import { parseTtlText, toCounterDocument } from "../../server/wire-value.ts";
import type { Command } from "../command.ts";
import { TARGET_OPTIONS, TTL_OPTION } from "../common-options.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { withTarget } from "../open-target.ts";
import { bigintOption } from "../parse-arguments.ts";

/** `gocachex incr`. */
export const incrCommand: Command = {
  name: "incr",
  summary: "add to a counter and print the sum",
  usage: ["incr KEY [options]"],
  positionals: [1, 1],
  options: [
    { name: "by", value: "N", description: "what to add; may be negative (default: 1)" },
    { name: "initial", value: "N", description: "where an absent counter starts (default: 0)" },
    { ...TTL_OPTION, description: "time to live of a counter that this call creates (default: the cache's)" },
    ...TARGET_OPTIONS,
  ],
  examples: [
    ["gocachex incr visits", "one more"],
    ["gocachex incr stock:7 --by -3 --initial 100", "three fewer, from 100"],
  ],
  run: async (invocation) => {
    const { args, print } = invocation;
    const key = args.positionals[0] as string;
    const delta = bigintOption(args, "by") ?? 1n;
    const initial = bigintOption(args, "initial");
    const ttl = args.text("ttl");
    const options = {
      ...(initial === undefined ? {} : { initial }),
      ...(ttl === undefined ? {} : { ttl: parseTtlText(ttl) }),
    };
    const sum = await withTarget(invocation, (target) => target.increment(key, delta, options));
    await (print.isJson ? print.document({ key, ...toCounterDocument(sum) }) : print.line(String(sum)));
    return EXIT_CODES.ok;
  },
};
