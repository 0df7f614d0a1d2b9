import { CACHE_FIELDS, type CacheConfig } from "../cache-config.ts";
import { findField } from "../field.ts";
import { findSpelledField } from "../field-name.ts";
import { findUsedBackends, findUsedPlugins } from "../plugin-names.ts";
import type { Problem } from "../problem.ts";
import { listActiveTiers } from "./active-sections.ts";
import { refuse } from "./rule.ts";

const BACKEND_SECTIONS = ["memory", "redis", "memcached"] as const;

/** Options of a store that is not used would be ignored in silence. */
export function refuseUnusedBackendSections(config: CacheConfig): readonly Problem[] {
  const used = new Set(findUsedBackends(config));
  if (config.backend === undefined && used.size === 0) used.add("memory");
  for (const { section } of listActiveTiers(config)) if (section.backend === "memory") used.add("memory");
  const problems = BACKEND_SECTIONS.filter((name) => config[name] !== undefined && !used.has(name)).map((name) =>
    refuse(
      name,
      `${name} has options, but ${describeUsed(used)}. Set backend to "${name}" or remove the section ${name}.`,
    ),
  );
  const others = Object.keys(config).filter((name) => findField(CACHE_FIELDS, name) === undefined && !used.has(name));
  return [
    ...problems,
    ...others.map((name) =>
      refuse(name, `${name} holds options of a backend that is not used: ${describeUsed(used)}.`),
    ),
  ];
}

function describeUsed(used: ReadonlySet<string>): string {
  const names = [...used].map((name) => `"${name}"`);
  return names.length === 0 ? "the backend is an object from code" : `the backend is ${names.join(" and ")}`;
}

/** A plug-in called like a field could not have a section of its name. */
export function refuseBackendsNamedLikeFields(config: CacheConfig): readonly Problem[] {
  return [...findUsedPlugins(config)]
    .filter((name) => findSpelledField(CACHE_FIELDS, name) !== undefined)
    .map((name) =>
      refuse(
        "backend",
        `backend is "${name}", which is the name of an option. Register the plug-in under another name.`,
      ),
    );
}
