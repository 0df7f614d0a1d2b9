import { ConfigError } from "../foundation/errors.ts";
import type { CacheConfig } from "./cache-config.ts";
import { type Environment, readEnvironment } from "./config-environment.ts";
import { readConfigFile } from "./config-file.ts";
import { readDictionaryFiles } from "./dictionary-files.ts";
import { mergeConfigs } from "./merge-configs.ts";
import { isPlainObject } from "./plain-object.ts";
import { findUsedPlugins } from "./plugin-names.ts";
import { describeGiven, throwProblems } from "./problem.ts";
import { findConflicts } from "./rules/all-rules.ts";
import { readDocument } from "./validate-config.ts";

/** Where {@link loadConfig} looks. */
export interface LoadConfigOptions {
  /** Path of a JSON file, relative to the working directory. Default: what `GOCACHEX_CONFIG` says, else no file. */
  readonly file?: string | undefined;
  /**
   * Variables to read; they win over the file, field by field. `false` ignores the environment, `GOCACHEX_CONFIG` too.
   * Default: `process.env`.
   */
  readonly env?: false | Environment | undefined;
}

/** Names the file when the caller does not. */
const FILE_VARIABLE = "GOCACHEX_CONFIG";

/**
 * Loads a configuration from a file and the environment, for `createCache(await loadConfig())`. Without both it is empty,
 * which is a memory cache with the defaults.
 *
 * @throws ConfigError `GCX_CONFIG_FILE` for a file that cannot be read, `GCX_CONFIG_ENVIRONMENT` for a variable that is
 * unknown or does not parse, `GCX_CONFIG_INVALID` and `GCX_CONFIG_UNKNOWN_OPTION` for what stands in the file
 */
export async function loadConfig(options: LoadConfigOptions = {}): Promise<CacheConfig> {
  assertOptions(options);
  const environment: Environment = options.env === false ? {} : (options.env ?? process.env);
  const file = options.file ?? nonEmpty(environment[FILE_VARIABLE]);
  const fromEnvironment = readEnvironment(environment);
  throwProblems(fromEnvironment.problems, "Environment");
  if (file === undefined) {
    throwProblems(findConflicts(fromEnvironment.config), "Environment");
    return readDictionaryFiles(fromEnvironment.config, undefined);
  }
  const source = `Configuration file ${JSON.stringify(file)}`;
  const document = await readConfigFile(file);
  const fromFile = readDocument(document, "file", findUsedPlugins(fromEnvironment.config));
  throwProblems(fromFile.problems, source);
  const config = mergeConfigs(fromFile.config, fromEnvironment.config);
  const isFileAlone = Object.keys(fromEnvironment.config).length === 0;
  throwProblems(findConflicts(config), isFileAlone ? source : `${source} with the environment`);
  return readDictionaryFiles(config, file);
}

function assertOptions(options: LoadConfigOptions): void {
  if (!isPlainObject(options)) {
    const message = `loadConfig takes an object such as {file: "cache.json"}; it got ${describeGiven(options)}.`;
    throw new ConfigError("GCX_CONFIG_INVALID", "", message);
  }
  const unknown = Object.keys(options).find((name) => name !== "file" && name !== "env");
  if (unknown !== undefined) {
    throw new ConfigError(
      "GCX_CONFIG_UNKNOWN_OPTION",
      unknown,
      `loadConfig has no option ${JSON.stringify(unknown)}; it has file and env.`,
    );
  }
  const { file, env } = options as { readonly file?: unknown; readonly env?: unknown };
  if (file !== undefined && (typeof file !== "string" || file === "")) {
    throw new ConfigError(
      "GCX_CONFIG_FILE",
      "",
      `The option file of loadConfig must be a path; it is ${describeGiven(file)}.`,
    );
  }
  if (env !== undefined && env !== false && (typeof env !== "object" || env === null)) {
    throw new ConfigError(
      "GCX_CONFIG_ENVIRONMENT",
      "",
      `The option env of loadConfig must be an object of variables or false; it is ${describeGiven(env)}.`,
    );
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}
