import type { CacheConfig } from "../cache-config.ts";
import { findField } from "../field.ts";
import type { Problem } from "../problem.ts";
import { TIER_FIELDS, type TierConfig } from "../sections/tier-config.ts";
import { listActiveTiers } from "./active-sections.ts";
import { type Located, refuse } from "./rule.ts";

const TIER_SECTIONS = ["memory", "redis", "memcached"] as const;

/** `hierarchical` with `l1` and `l2`, or `tiers`: one way to say it at a time, and completely. */
export function checkTierChoice(config: CacheConfig): readonly Problem[] {
  const problems: Problem[] = [];
  const hasTiers = config.tiers !== undefined && config.tiers.length > 0;
  if (config.hierarchical === true && hasTiers) {
    problems.push(
      refuse("tiers", "hierarchical and tiers exclude each other. Name l1 and l2 in tiers, or remove tiers."),
    );
  }
  for (const name of ["l1", "l2"] as const) {
    if (config.hierarchical === true && config[name] === undefined) {
      problems.push(
        refuse(
          name,
          `hierarchical needs ${name}: add the section ${name} with its backend, or set hierarchical to false.`,
        ),
      );
    }
    if (config.hierarchical === undefined && config[name] !== undefined) {
      problems.push(
        refuse(
          name,
          `${name} has no effect without hierarchical. Set hierarchical to true, or to false to keep ${name} for later.`,
        ),
      );
    }
  }
  return problems;
}

/** Each tier that is on must name its store, and may configure only that. */
export function checkTiers(config: CacheConfig): readonly Problem[] {
  return listActiveTiers(config).flatMap(checkTier);
}

function checkTier({ path, section: tier }: Located<TierConfig>): readonly Problem[] {
  if (tier.backend === undefined) {
    return [
      refuse(`${path}.backend`, `${path}.backend is required: "memory", "redis", "memcached" or a plug-in's name.`),
    ];
  }
  const problems: Problem[] = [];
  for (const name of Object.keys(tier)) {
    const isSection = TIER_SECTIONS.some((section) => section === name) || findField(TIER_FIELDS, name) === undefined;
    if (isSection && name !== tier.backend) {
      problems.push(
        refuse(
          `${path}.${name}`,
          `${path}.${name} has options, but ${path}.backend is "${tier.backend}". Remove one of them.`,
        ),
      );
    }
  }
  if (tier.size !== undefined && tier.backend !== "memory") {
    problems.push(
      refuse(
        `${path}.size`,
        `${path}.size is for a memory tier; the size of "${tier.backend}" is set at its server. Remove it.`,
      ),
    );
  }
  if (tier.size !== undefined && tier.memory?.maxSize !== undefined) {
    problems.push(refuse(`${path}.size`, `${path}.size and ${path}.memory.maxSize say the same. Keep one of them.`));
  }
  return problems;
}
