import { isPlainObject, type PlainObject } from "./plain-object.ts";

const BUILT_IN: ReadonlySet<unknown> = new Set(["memory", "redis", "memcached"]);

/** The stores that a configuration uses, as far as they are texts: those of all tiers and its own. */
export function findUsedBackends(config: unknown): ReadonlySet<string> {
  const used = new Set<string>();
  for (const section of listBackendSections(config)) {
    if (typeof section["backend"] === "string") used.add(section["backend"]);
  }
  return used;
}

/** The plug-in backends that a configuration uses: the options of each stand in a section of its name. */
export function findUsedPlugins(config: unknown): ReadonlySet<string> {
  return new Set([...findUsedBackends(config)].filter((name) => !isBuiltInBackend(name)));
}

/** Whether a store needs no registration. */
export function isBuiltInBackend(name: unknown): boolean {
  return BUILT_IN.has(name);
}

function listBackendSections(config: unknown): PlainObject[] {
  if (!isPlainObject(config)) return [];
  const tiers = Array.isArray(config["tiers"]) ? config["tiers"] : [];
  return [config, config["l1"], config["l2"], ...tiers].filter(isPlainObject);
}
