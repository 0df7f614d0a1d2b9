import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import { checkUnkeptReads } from "./consistency-rules.ts";
import type { Rule } from "./rule.ts";
import { checkUnkeptPeers } from "./unkept-peer-rules.ts";
import { checkUnkeptTiers } from "./unkept-tier-rules.ts";

const RULES: readonly Rule[] = [checkUnkeptReads, checkUnkeptTiers, checkUnkeptPeers];

/**
 * What the stores that are made cannot honour. Not asked of a file that is read: files of the Go library may hold it, and load.
 */
export function findUnkept(config: CacheConfig): readonly Problem[] {
  return RULES.flatMap((rule) => rule(config));
}
