import type { CacheTarget } from "../cache-target.ts";
import type { Command, Invocation } from "../command.ts";
import { TARGET_OPTIONS, WATCH_OPTION } from "../common-options.ts";
import { EXIT_CODES, type ExitCode } from "../exit-code.ts";
import { runUntilInterrupted } from "../interrupts.ts";
import { withTarget } from "../open-target.ts";
import { integerOption } from "../parse-arguments.ts";
import { askRepeatedly, isWatching } from "../watch/repeat-view.ts";

/** `gocachex keys`. */
export const keysCommand: Command = {
  name: "keys",
  summary: "list keys",
  usage: ["keys [options]"],
  details: [
    "One key a line, in no particular order. Keys with control characters are only told apart with --json.",
    "With --watch all keys come as + KEY, and from then on those that have come (+) and gone (-), until the command is interrupted. All listed keys are held in memory.",
  ],
  positionals: [0, 0],
  positionalNames: [],
  options: [
    { name: "prefix", value: "TEXT", description: "only keys that begin with this" },
    { name: "limit", value: "N", description: "at most this many (default: all)" },
    WATCH_OPTION,
    ...TARGET_OPTIONS,
  ],
  examples: [
    ["gocachex keys --prefix user: --limit 20", "the first twenty users"],
    ["gocachex keys --json | wc -l", "how many"],
    ["gocachex keys --prefix job: --watch", "which come and go"],
  ],
  handlesInterrupts: isWatching,
  run: async (invocation) => {
    const { args, print } = invocation;
    if (isWatching(args)) return watchListing(invocation);
    return withTarget(invocation, async (target) => {
      for await (const key of listKeys(invocation, target)) {
        await (print.isJson ? print.document({ key }) : print.line(print.visible(key)));
      }
      return EXIT_CODES.ok;
    });
  },
};

function listKeys({ args }: Invocation, target: CacheTarget): AsyncIterable<string> {
  const limit = integerOption(args, "limit", 1, 1e15 - 1) ?? Number.POSITIVE_INFINITY;
  return target.keys(args.text("prefix") ?? "", limit);
}

function watchListing(invocation: Invocation): Promise<ExitCode> {
  const { args, print, io } = invocation;
  return runUntilInterrupted(io, (ended) =>
    withTarget(invocation, async (target) => {
      let before: ReadonlySet<string> = new Set();
      await askRepeatedly(
        { print, args, ended },
        () => collectKeys(invocation, target),
        async (after) => {
          await printDifference(invocation, before, after);
          before = after;
        },
      );
      return EXIT_CODES.ok;
    }),
  );
}

async function collectKeys(invocation: Invocation, target: CacheTarget): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for await (const key of listKeys(invocation, target)) keys.add(key);
  return keys;
}

async function printDifference(
  { print }: Invocation,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): Promise<void> {
  const tell = (key: string, isThere: boolean): Promise<void> =>
    print.isJson
      ? print.document({ key, event: isThere ? "appeared" : "gone" })
      : print.line(`${isThere ? "+" : "-"} ${print.visible(key)}`);
  for (const key of after) if (!before.has(key)) await tell(key, true);
  for (const key of before) if (!after.has(key)) await tell(key, false);
}
