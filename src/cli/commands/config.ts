import { configJsonSchema } from "../../config/json-schema.ts";
import { findNearestName } from "../../config/nearest-name.ts";
import { createCache } from "../../create-cache.ts";
import type { Command, Invocation } from "../command.ts";
import { CONFIG_OPTION } from "../common-options.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { maskSecrets } from "../mask-secrets.ts";
import { loadCliConfig } from "../open-target.ts";
import { usageError } from "../parse-arguments.ts";

const ACTIONS: Readonly<Record<string, (invocation: Invocation) => Promise<void>>> = {
  print: printConfig,
  validate: validateConfig,
  schema: printSchema,
};

/** `gocachex config`. */
export const configCommand: Command = {
  name: "config",
  summary: "print or check a configuration, or print its JSON Schema",
  usage: ["config print [options]", "config validate [options]", "config schema"],
  details: [
    "print shows what the file and the GOCACHEX_* variables say together, with credentials masked; validate says ok or what is wrong (exit code 3).",
  ],
  positionals: [1, 1],
  positionalNames: ["ACTION (print, validate or schema)"],
  choices: Object.keys(ACTIONS),
  options: [CONFIG_OPTION],
  examples: [
    ["gocachex config validate --config cache.json", "before a deployment"],
    ["gocachex config schema > cache.schema.json", "for an editor"],
  ],
  run: async (invocation) => {
    const name = invocation.args.positionals[0] as string;
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined) {
      const nearest = findNearestName(name, Object.keys(ACTIONS));
      throw usageError(
        `config does print, validate or schema, not "${name}".${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`,
      );
    }
    await action(invocation);
    return EXIT_CODES.ok;
  },
};

async function loadValidConfig({ args, io }: Invocation): Promise<object> {
  const config = await loadCliConfig(args, io);
  // Creating a cache checks everything and opens nothing.
  await createCache(config).close();
  return config;
}

async function printConfig(invocation: Invocation): Promise<void> {
  const shown = maskSecrets(await loadValidConfig(invocation));
  await printJson(invocation, shown);
}

async function validateConfig(invocation: Invocation): Promise<void> {
  await loadValidConfig(invocation);
  await (invocation.print.isJson ? invocation.print.document({ valid: true }) : invocation.print.line("ok"));
}

async function printSchema(invocation: Invocation): Promise<void> {
  await printJson(invocation, configJsonSchema());
}

function printJson({ print }: Invocation, value: unknown): Promise<void> {
  return print.isJson ? print.document(value) : print.line(JSON.stringify(value, undefined, 2));
}
