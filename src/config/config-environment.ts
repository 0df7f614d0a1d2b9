import { CACHE_FIELDS } from "./cache-config.ts";
import { findDocumentStyle } from "./document.ts";
import { parseEnvironmentText } from "./environment-text.ts";
import { type EnvironmentVariable, isReservedVariable, listEnvironmentVariables } from "./environment-variables.ts";
import { ENVIRONMENT_PREFIX } from "./field-name.ts";
import { findNearestName } from "./nearest-name.ts";
import { describeKey, type Problem } from "./problem.ts";
import { type ReadSection, readField } from "./read-section.ts";
import type { Reading } from "./reading.ts";
import type { ReadDocument } from "./validate-config.ts";

/** Variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the configuration out of `GOCACHEX_*` variables. An empty variable is not set. Other variables, and those that
 * belong to tools or to Kubernetes, are left alone.
 */
export function readEnvironment(environment: Environment): ReadDocument {
  const variables = new Map(listEnvironmentVariables().map((variable) => [variable.name, variable]));
  const problems: Problem[] = [];
  const config: ReadSection = {};
  for (const name of Object.keys(environment).sort()) {
    const text = environment[name];
    if (!name.startsWith(ENVIRONMENT_PREFIX) || text === undefined || text.trim() === "") continue;
    if (isReservedVariable(name, text)) continue;
    const variable = variables.get(name);
    if (variable === undefined) problems.push(describeUnknownVariable(name, variables.keys()));
    else readVariable(variable, text, config, problems);
  }
  return { config, problems };
}

function readVariable(variable: EnvironmentVariable, text: string, config: ReadSection, problems: Problem[]): void {
  const { name, path, field } = variable;
  const given = parseEnvironmentText(field, text);
  const top = path[0] as string;
  const reading: Reading = {
    // Only a JSON value has keys of its own, and with them a style.
    style: field.kind === "section-list" ? findDocumentStyle(CACHE_FIELDS, { [top]: given }) : "camelCase",
    origin: "environment",
    invalidCode: "GCX_CONFIG_ENVIRONMENT",
    pluginNames: new Set(),
    problems,
  };
  const value = readField(field, given, { path: path.join("."), label: name }, reading);
  if (value !== undefined) setAt(config, path, value);
}

function setAt(config: ReadSection, path: readonly string[], value: unknown): void {
  let section = config;
  for (const name of path.slice(0, -1)) {
    section[name] ??= {};
    section = section[name] as ReadSection;
  }
  section[path.at(-1) as string] = value;
}

function describeUnknownVariable(name: string, known: Iterable<string>): Problem {
  const nearest = findNearestName(name, known);
  const hint = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
  const message = `Unknown environment variable ${describeKey(name)}.${hint} Correct it or unset it; docs/reference/config.md lists all.`;
  return { code: "GCX_CONFIG_ENVIRONMENT", field: "", message };
}
