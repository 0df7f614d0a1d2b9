import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";

/** Looks for fields that cannot stand together. Each value alone is known to be allowed. */
export type Rule = (config: CacheConfig) => readonly Problem[];

/** A combination that is refused. */
export function refuse(field: string, message: string): Problem {
  return { code: "GCX_CONFIG_INVALID", field, message };
}

/** A combination that means something, which this version cannot do. */
export function refuseUnsupported(field: string, message: string): Problem {
  return { code: "GCX_CONFIG_UNSUPPORTED", field, message };
}

/** A section somewhere in a configuration, with its dotted path. */
export interface Located<Section> {
  readonly path: string;
  readonly section: Section;
}
