import { CACHE_FIELDS, type CacheConfig } from "./cache-config.ts";
import { findDocumentStyle, type Origin } from "./document.ts";
import { isPlainObject } from "./plain-object.ts";
import { findUsedPlugins } from "./plugin-names.ts";
import { describeGiven, type Problem, throwProblems } from "./problem.ts";
import { readSection } from "./read-section.ts";
import { ROOT_PLACE } from "./reading.ts";
import { findConflicts } from "./rules/all-rules.ts";

/**
 * Checks a configuration and writes it in one way: camelCase names, numbers of durations in milliseconds. Everything
 * else stays as it was written, and nothing is filled in. What it returns is valid and comes out of it unchanged.
 *
 * Fields that `createCache` does not honour yet are accepted here, so that files can be checked ahead.
 *
 * @param config an object, with camelCase keys or with the snake_case keys of existing GoCacheX files
 * @throws ConfigError `GCX_CONFIG_INVALID` or `GCX_CONFIG_UNKNOWN_OPTION` for the first problem; the message lists up to 10
 */
export function validateConfig(config: unknown): CacheConfig {
  const { config: read, problems } = readDocument(config, "code", new Set());
  throwProblems(problems);
  throwProblems(findConflicts(read));
  return read;
}

/** A document after reading: what was allowed, and what was not. */
export interface ReadDocument {
  readonly config: CacheConfig;
  readonly problems: readonly Problem[];
}

/**
 * Reads a document field by field, without looking at combinations, which may become whole only with another source.
 *
 * @param otherPlugins plug-in backends that another source names
 */
export function readDocument(document: unknown, origin: Origin, otherPlugins: ReadonlySet<string>): ReadDocument {
  if (document === undefined) return { config: {}, problems: [] };
  if (!isPlainObject(document)) {
    const message = `The configuration must be an object; it is ${describeGiven(document)}.`;
    return { config: {}, problems: [{ code: "GCX_CONFIG_INVALID", field: "", message }] };
  }
  const problems: Problem[] = [];
  const config = readSection(
    CACHE_FIELDS,
    document,
    ROOT_PLACE,
    {
      style: findDocumentStyle(CACHE_FIELDS, document),
      origin,
      invalidCode: "GCX_CONFIG_INVALID",
      pluginNames: new Set([...findUsedPlugins(document), ...otherPlugins]),
      problems,
    },
    true,
  );
  // The tables are complete for the interface, so what they let through has its shape.
  return { config: config as CacheConfig, problems };
}
