import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import type { TierConfig } from "../sections/tier-config.ts";
import { findStoreSection, isOwnedByPeers, listActiveTiers } from "./active-sections.ts";
import { checkMiddleTiers } from "./middle-tier-rules.ts";
import { type Located, refuse } from "./rule.ts";

/** Tiers that cannot be made: there are one, or memory in front of one shared store, with stores of copies between them. */
export function checkUnkeptTiers(config: CacheConfig): readonly Problem[] {
  const tiers = listActiveTiers(config);
  const [first, last] = [tiers[0], tiers.at(-1)];
  if (first === undefined || last === undefined) return [];
  const problems = [...checkOwnBackend(config, tiers)];
  if (tiers.length === 1) return problems;
  return [
    ...problems,
    ...checkMiddleTiers(config),
    ...checkFront(config, first),
    ...(isOwnedByPeers(config) ? [] : checkShared(last)),
  ];
}

/** The store of a configuration with tiers is theirs to name. */
function checkOwnBackend({ backend }: CacheConfig, tiers: readonly Located<TierConfig>[]): readonly Problem[] {
  if (backend === undefined || tiers.some(({ section }) => section.backend === backend)) return [];
  if (typeof backend !== "string") {
    const message =
      "backend is an object, and the tiers name their own stores. Give it a name by registerBackend and a tier that name, or remove the tiers.";
    return [refuse("backend", message)];
  }
  const message = `backend is "${backend}", and no tier is: the tiers name their own stores. Remove backend, or the tiers.`;
  return [refuse("backend", message)];
}

function checkFront(config: CacheConfig, first: Located<TierConfig>): readonly Problem[] {
  const { path, section } = first;
  if (section.backend !== "memory") {
    const message = `${path}.backend is "${section.backend}", but what stands in front of a shared store is the memory of this process. Set it to "memory", or leave this tier out.`;
    return [refuse(`${path}.backend`, message)];
  }
  const memory = findStoreSection(config, first, "memory");
  if (memory?.section.storage !== "shared") return [];
  const message = `${memory.path}.storage is "shared", but copies in front of a shared store are values of this thread. Set it to "heap".`;
  return [refuse(`${memory.path}.storage`, message)];
}

function checkShared({ path, section: { backend } }: Located<TierConfig>): readonly Problem[] {
  if (backend !== "memory") return [];
  const message = `${path}.backend is "memory", which other processes cannot share. Set it to "redis", "memcached" or a plug-in's name; for memory alone remove the tiers.`;
  return [refuse(`${path}.backend`, message)];
}
