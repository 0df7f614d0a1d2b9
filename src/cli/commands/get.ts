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
  ],
  positionals: [1, 1],
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
    if (entry === undefined) {
      await print.note(`There is no live entry under ${JSON.stringify(key)}.`);
      return EXIT_CODES.negative;
    }
    if (!entry.exact)
      await print.note("note: the value holds types that JSON does not have; what is shown comes near it.");
    await (print.isJson ? print.document(toDocument(key, entry)) : printValue(print, entry.value));
    return EXIT_CODES.ok;
  },
};

function toDocument(key: string, { value, exact, version, ttl, tags }: NodeEntry): Record<string, unknown> {
  const wire = toWireValue(value);
  const shown = wire.kind === "bytes" ? toNearestJson(value) : wire.value;
  return { key, value: shown, type: wire.kind, exact, version, ttl: toWireTtl(ttl), tags };
}

function printValue(print: Printer, value: unknown): Promise<void> {
  if (value instanceof Uint8Array) return print.raw(value);
  if (typeof value === "string") return print.line(value);
  return print.line(typeof value === "bigint" ? value.toString() : JSON.stringify(value, undefined, 2));
}
