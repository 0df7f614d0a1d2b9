import { toNearestJson } from "../../server/json-value.ts";
import type { NodeEntry } from "../../server/node-client.ts";
import { toWireTtl, toWireValue } from "../../server/wire-value.ts";
import type { Command } from "../command.ts";
import { TARGET_OPTIONS } from "../common-options.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { withTarget } from "../open-target.ts";
import type { Printer } from "../printer.ts";

/** `gocachex get`. */
export const getCommand: Command = {
  name: "get",
  summary: "print the value of a key",
  usage: ["get KEY [options]"],
  details: [
    "A text is printed as it is, bytes as they are without a newline, everything else as JSON. A miss ends with exit code 1.",
    "On a terminal control characters show as \\x1b, and bytes are not printed.",
  ],
  positionals: [1, 1],
  positionalNames: ["KEY"],
  options: TARGET_OPTIONS,
  examples: [
    ["gocachex get user:42", "from the node at 127.0.0.1:7411"],
    ["gocachex get logo --node 127.0.0.1:7500 > logo.png", "bytes into a file"],
    ["gocachex get user:42 --json", "with version, TTL and tags"],
  ],
  run: async (invocation) => {
    const { args, print } = invocation;
    const key = args.positionals[0] as string;
    const entry = await withTarget(invocation, (target) => target.getEntry(key));
    if (print.isJson) await print.document(toDocument(key, entry));
    else await printEntry(print, key, entry);
    return entry === undefined ? EXIT_CODES.negative : EXIT_CODES.ok;
  },
};

function toDocument(key: string, entry: NodeEntry | undefined): Record<string, unknown> {
  if (entry === undefined) return { key, found: false };
  const { value, exact, version, ttl, tags } = entry;
  const wire = toWireValue(value);
  const shown = wire.kind === "bytes" ? toNearestJson(value) : wire.value;
  return { key, found: true, value: shown, type: wire.kind, exact, version, ttl: toWireTtl(ttl), tags };
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
