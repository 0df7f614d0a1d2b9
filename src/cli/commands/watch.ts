import { formatDuration } from "../../foundation/duration.ts";
import { toWireTtl } from "../../server/wire-value.ts";
import type { Command, Invocation } from "../command.ts";
import { TARGET_OPTIONS } from "../common-options.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { runUntilInterrupted } from "../interrupts.ts";
import { withTarget } from "../open-target.ts";
import { secondsOption } from "../parse-arguments.ts";
import type { Colour } from "../printer.ts";
import { summarizeValue, toShownValue } from "../shown-value.ts";
import type { KeyChange, KeyChangeKind } from "../watch/key-change.ts";
import { watchKeys } from "../watch/watch-keys.ts";

const DEFAULT_INTERVAL_MS = 1_000;
/** What is shown of a value where no terminal bounds the line. */
const PIPED_VALUE_LENGTH = 200;
const KIND_COLUMNS = 8;

const COLOUR_OF_KIND: Readonly<Record<KeyChangeKind, Colour>> = {
  present: "bold",
  absent: "bold",
  appeared: "green",
  changed: "yellow",
  ttl: "yellow",
  gone: "red",
};

/** `gocachex watch`. */
export const watchCommand: Command = {
  name: "watch",
  summary: "print the changes of keys as they happen",
  usage: ["watch KEY... [options]"],
  details: [
    "Prints what is there, then a line whenever a value is written, gets another TTL, or is gone, until it is interrupted. It looks once a second unless --interval says otherwise: of several changes between two looks it sees the last. A node sends a value only when its version is new. Each look counts as a read in the counters.",
    "With --json each change is a document: at, key, event (present, absent, appeared, changed, ttl, gone), and of what is there value, type, exact, version, ttl.",
  ],
  positionals: [1, Number.POSITIVE_INFINITY],
  positionalNames: ["KEY"],
  options: [
    { name: "interval", short: "i", value: "SECONDS", description: "time between two looks (default: 1)" },
    ...TARGET_OPTIONS,
  ],
  examples: [
    ["gocachex watch user:42", "one key of the node at 127.0.0.1:7411"],
    ["gocachex watch job:1 job:2 --interval 200ms --json", "two keys, five times a second, for a program"],
  ],
  handlesInterrupts: true,
  run: (invocation) => {
    const intervalMs = secondsOption(invocation.args, "interval") ?? DEFAULT_INTERVAL_MS;
    const keys = invocation.args.positionals;
    return runUntilInterrupted(invocation.io, (ended) =>
      withTarget(invocation, async (target) => {
        const onChange = (key: string, change: KeyChange): Promise<void> => printChange(invocation, key, change);
        await watchKeys({ target, keys, intervalMs, ended, onChange, onNote: invocation.print.note });
        return EXIT_CODES.ok;
      }),
    );
  },
};

async function printChange({ io, print }: Invocation, key: string, { kind, known }: KeyChange): Promise<void> {
  const at = new Date();
  if (print.isJson) {
    const entry = known.kind === "entry" ? known.entry : undefined;
    const shown =
      entry === undefined
        ? {}
        : { ...toShownValue(entry.value), exact: entry.exact, version: entry.version, ttl: toWireTtl(entry.ttl) };
    await print.document({ at: at.toISOString(), key, event: kind, ...shown });
    return;
  }
  const time = at.toISOString().slice(11, 23);
  const words = print.paint(COLOUR_OF_KIND[kind], kind.padEnd(KIND_COLUMNS));
  const shownKey = print.visible(key);
  if (known.kind === "absent") {
    await print.styled(`${time}  ${words}  ${shownKey}`);
    return;
  }
  const { version, ttl, value } = known.entry;
  const facts = `version ${version}  ttl ${formatTtl(ttl)}`;
  const usedColumns = time.length + KIND_COLUMNS + shownKey.length + facts.length + 8;
  const columns = io.terminal?.size().columns ?? usedColumns + PIPED_VALUE_LENGTH;
  const summary = print.visible(summarizeValue(value, Math.max(20, columns - usedColumns)));
  await print.styled(`${time}  ${words}  ${shownKey}  ${facts}  ${summary}`);
}

/** Whole seconds for people, whole ms below ten seconds. */
function formatTtl(ttlMs: number): string {
  if (!Number.isFinite(ttlMs)) return "infinity";
  return formatDuration(ttlMs < 10_000 ? Math.ceil(ttlMs) : Math.round(ttlMs / 1_000) * 1_000);
}
