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
  const tiers = listActiveTiers(config);
  return tiers.flatMap((tier, index) => {
    const isLast = index === tiers.length - 1 && tiers.length > 1;
    return [...checkTier(tier), ...checkWrite(tier, tiers.length > 1 && !isLast, isLast)];
  });
}

/** Ways to write that mean something to the last of several tiers, or to those in front of it. */
function checkWrite({ path, section }: Located<TierConfig>, isInFront: boolean, isLast: boolean): readonly Problem[] {
  const { write } = section;
  const problems: Problem[] = [];
  if (write === "around" && !isInFront) {
    const message = `${path}.write "around" is for all but the last of several tiers: what is written must be somewhere. Remove it.`;
    problems.push(refuse(`${path}.write`, message));
  }
  if (write === "behind" && !isLast) {
    const message = `${path}.write "behind" is for the last of several tiers: there must be one in front that has what waits. Remove it.`;
    problems.push(refuse(`${path}.write`, message));
  }
  for (const name of ["maxPendingWrites", "maxPendingSize"] as const) {
    if (section[name] === undefined || write === "behind") continue;
    const message = `${path}.${name} has no effect without ${path}.write "behind". Set that, or remove it.`;
    problems.push(refuse(`${path}.${name}`, message));
  }
  return problems;
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
  if (tier.size !== undefined && tier.memory?.shared !== undefined) {
    const message = `The bounds of ${path}.memory.shared were set when it was made. Leave ${path}.size out.`;
    problems.push(refuse(`${path}.size`, message));
  }
  return problems;
}
