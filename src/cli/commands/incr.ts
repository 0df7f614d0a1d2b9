import { CounterError } from "../../foundation/errors.ts";
import { parseTtlText, toCounterDocument } from "../../server/wire-value.ts";
import type { Command } from "../command.ts";
import { TARGET_OPTIONS, TTL_OPTION } from "../common-options.ts";
import { EXIT_CODES, reportOf } from "../exit-code.ts";
import { withTarget } from "../open-target.ts";
import { bigintOption } from "../parse-arguments.ts";

/** `gocachex incr`. */
export const incrCommand: Command = {
  name: "incr",
  summary: "add to a counter and print the sum",
  usage: ["incr KEY [options]"],
  positionals: [1, 1],
  positionalNames: ["KEY"],
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
    const sum = await withTarget(invocation, (target) => target.increment(key, delta, options)).catch(inCliWords);
    await (print.isJson ? print.document({ key, ...toCounterDocument(sum) }) : print.line(String(sum)));
    return EXIT_CODES.ok;
  },
};

/** The cache's own words name an argument of its API; here only the 64 bits are left as a reason. */
function inCliWords(error: unknown): never {
  if (reportOf(error).code !== "GCX_COUNTER_RANGE") throw error;
  const message =
    "The sum would leave the 64 bits of a counter; nothing was changed. Add less, or start a new counter.";
  throw new CounterError("GCX_COUNTER_RANGE", message);
}
