import type { NodeEntry } from "../../server/node-client.ts";
import { toWireTtl } from "../../server/wire-value.ts";
import type { CacheTarget } from "../cache-target.ts";
import type { Command, Invocation } from "../command.ts";
import { TARGET_OPTIONS, WATCH_OPTION } from "../common-options.ts";
import { EXIT_CODES, type ExitCode } from "../exit-code.ts";
import { runUntilInterrupted } from "../interrupts.ts";
import { withTarget } from "../open-target.ts";
import { secondsOption } from "../parse-arguments.ts";
import type { Printer } from "../printer.ts";
import { toShownValue } from "../shown-value.ts";
import { isWatching } from "../watch/repeat-view.ts";
import { watchKeys } from "../watch/watch-keys.ts";

/** `gocachex get`. */
export const getCommand: Command = {
  name: "get",
  summary: "print the value of a key",
  usage: ["get KEY [options]"],
  details: [
    "A text is printed as it is, bytes as they are without a newline, everything else as JSON. A miss ends with exit code 1.",
    "With --watch the value is printed again whenever it was written again, until the command is interrupted.",
    "On a terminal control characters show as \\x1b, and bytes are not printed.",
  ],
  positionals: [1, 1],
  positionalNames: ["KEY"],
  options: [WATCH_OPTION, ...TARGET_OPTIONS],
  examples: [
    ["gocachex get user:42", "from the node at 127.0.0.1:7411"],
    ["gocachex get logo --node 127.0.0.1:7500 > logo.png", "bytes into a file"],
    ["gocachex get user:42 --json", "with version, TTL and tags"],
    ["gocachex get user:42 --watch", "again and again, when it changes"],
  ],
  handlesInterrupts: isWatching,
  run: async (invocation) => {
    const { args, print } = invocation;
    const key = args.positionals[0] as string;
    if (isWatching(args)) return getAgainAndAgain(invocation, key);
    const entry = await withTarget(invocation, (target) => target.getEntry(key));
    await printFound(print, key, entry);
    return entry === undefined ? EXIT_CODES.negative : EXIT_CODES.ok;
  },
};

function getAgainAndAgain(invocation: Invocation, key: string): Promise<ExitCode> {
  const { args, print, io } = invocation;
  const intervalMs = secondsOption(args, "watch") as number;
  return runUntilInterrupted(io, (ended) =>
    withTarget(invocation, async (target: CacheTarget) => {
      // The value with its tags is asked for when a look saw another version, or none any more.
      const onChange = async (): Promise<void> => printFound(print, key, await target.getEntry(key));
      await watchKeys({ target, keys: [key], intervalMs, ended, onChange, onNote: print.note });
      return EXIT_CODES.ok;
    }),
  );
}

async function printFound(print: Printer, key: string, entry: NodeEntry | undefined): Promise<void> {
  await (print.isJson ? print.document(toDocument(key, entry)) : printEntry(print, key, entry));
}

function toDocument(key: string, entry: NodeEntry | undefined): Record<string, unknown> {
  if (entry === undefined) return { key, found: false };
  const { value, exact, version, ttl, tags } = entry;
  return { key, found: true, ...toShownValue(value), exact, version, ttl: toWireTtl(ttl), tags };
}

async function printEntry(print: Printer, key: string, entry: NodeEntry | undefined): Promise<void> {
  if (entry === undefined) {
    await print.note(`There is no live entry under ${JSON.stringify(key)}.`);
    return;
  }
  if (!entry.exact)
    await print.note("note: the value holds types that JSON does not have; what is shown comes near it.");
  await printValue(print, entry.value);
}

function printValue(print: Printer, value: unknown): Promise<void> {
  if (value instanceof Uint8Array) {
    if (!print.isTerminal) return print.raw(value);
    return print.note(`${value.byteLength} bytes, which a terminal would obey; redirect to a file or use --json.`);
  }
  if (typeof value === "string") return print.line(value);
  return print.line(typeof value === "bigint" ? value.toString() : JSON.stringify(value, undefined, 2));
}
