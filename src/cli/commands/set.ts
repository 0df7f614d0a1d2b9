import type { NodeSetOptions } from "../../server/node-client.ts";
import { parseTtlText } from "../../server/wire-value.ts";
import type { CacheTarget } from "../cache-target.ts";
import type { Command, Invocation } from "../command.ts";
import { TARGET_OPTIONS, TTL_OPTION } from "../common-options.ts";
import { EXIT_CODES, type ExitCode } from "../exit-code.ts";
import { withTarget } from "../open-target.ts";
import { usageError } from "../parse-arguments.ts";
import type { ParsedArguments } from "../parsed-arguments.ts";
import { readStdin } from "../read-stdin.ts";

/** `gocachex set`. */
export const setCommand: Command = {
  name: "set",
  summary: "write a value",
  usage: ["set KEY VALUE [options]", "set KEY - [options]   (the value is read from stdin)"],
  details: [
    "VALUE is stored as a text; with --json-value, as what its JSON says. Stdin is stored as bytes, with --json-value as what its JSON says; a terminal is not read.",
  ],
  positionals: [2, 2],
  positionalNames: ["KEY", "VALUE"],
  options: [
    { name: "json-value", description: "parse the value as JSON" },
    TTL_OPTION,
    { name: "tags", value: "A,B", description: "tags for invalidation, separated by commas" },
    { name: "nx", description: "write only when the key is not there; exit code 1 otherwise" },
    ...TARGET_OPTIONS,
  ],
  examples: [
    ["gocachex set greeting hello --ttl 5m", "a text for five minutes"],
    [`gocachex set user:42 '{"name":"Ada"}' --json-value --tags users`, "an object with a tag"],
    ["gocachex set logo - < logo.png", "bytes from a file"],
    ["gocachex set -- offset -5", "a value that begins with a dash"],
  ],
  run: async (invocation) => {
    const { args } = invocation;
    const key = args.positionals[0] as string;
    const value = await readValue(invocation);
    return withTarget(invocation, (target) => write(invocation, target, key, value));
  },
};

async function write({ args, print }: Invocation, target: CacheTarget, key: string, value: unknown): Promise<ExitCode> {
  const options = writeOptions(args);
  const version = args.has("nx") ? await target.setNX(key, value, options) : await target.set(key, value, options);
  if (print.isJson)
    await print.document(version === undefined ? { key, written: false } : { key, written: true, version });
  else if (version !== undefined) await print.line("ok");
  else await print.note(`Nothing was written: ${JSON.stringify(key)} is there already.`);
  return version === undefined ? EXIT_CODES.negative : EXIT_CODES.ok;
}

function writeOptions(args: ParsedArguments): NodeSetOptions {
  const ttl = args.text("ttl");
  const tags = args.text("tags");
  return {
    ...(ttl === undefined ? {} : { ttl: parseTtlText(ttl) }),
    ...(tags === undefined ? {} : { tags: tags.split(",") }),
  };
}

async function readValue({ args, io }: Invocation): Promise<unknown> {
  const given = args.positionals[1] as string;
  const isJson = args.has("json-value");
  if (given !== "-") return isJson ? parseJsonText(given) : given;
  const bytes = await readStdin(io);
  return isJson ? parseJsonText(bytes.toString("utf8")) : bytes;
}

function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw usageError("The value is not JSON. Without --json-value it is stored as a text.");
  }
}
