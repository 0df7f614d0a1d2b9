import { levelProblem } from "../../codec/compressors/compression-level.ts";
import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import type { TierConfig } from "../sections/tier-config.ts";
import { withTierCodec } from "../tier-codec.ts";
import { listActiveTiers } from "./active-sections.ts";
import { type Located, refuse, refuseUnsupported } from "./rule.ts";

const NO_PROOF =
  "Copies in tiers between the first and the last are served while the last one proves them current, and that takes Redis, not sharded, in mode coherent.";

/** Tiers between the first and the last: over which last one, and that they are not the last one again. */
export function checkMiddleTiers(config: CacheConfig): readonly Problem[] {
  const tiers = listActiveTiers(config);
  const last = tiers.at(-1);
  if (last === undefined || tiers.length < 3) return [];
  return [...checkProof(config, last), ...tiers.slice(1, -1).flatMap((tier) => checkMiddle(tier, last))];
}

function checkProof(config: CacheConfig, { path, section }: Located<TierConfig>): readonly Problem[] {
  if (section.backend === "memcached") {
    const message = `${path}.backend is "memcached", which says nothing of what has changed. ${NO_PROOF} Make Redis the last tier and Memcached a middle one, or leave the middle tiers out.`;
    return [refuseUnsupported(`${path}.backend`, message)];
  }
  if (config.sharding?.enabled === true) {
    const message = `sharding has no heads by which copies are proven. ${NO_PROOF} Use a Redis Cluster, which spreads keys itself, or leave the middle tiers out.`;
    return [refuseUnsupported("sharding.enabled", message)];
  }
  if (config.consistency?.mode === "plain") {
    const message = `consistency.mode "plain" keeps no versions. ${NO_PROOF} Set it to "coherent", or leave the middle tiers out.`;
    return [refuseUnsupported("consistency.mode", message)];
  }
  return [];
}

function checkMiddle({ path, section }: Located<TierConfig>, last: Located<TierConfig>): readonly Problem[] {
  const { backend } = section;
  if (backend !== last.section.backend || typeof backend !== "string") return [];
  const own = (section as Readonly<Record<string, unknown>>)[backend];
  if (own !== undefined) return [];
  const message = `${path} is the same store as ${last.path}: both have the settings of the section ${backend}. Give ${path} a section ${backend} of its own, with other servers, or leave it out.`;
  return [refuse(`${path}.${backend}`, message)];
}

/** What is for some tiers only: `timeout` for those between the first and the last, `codec` for those that keep bytes. */
export function checkTierSettings(config: CacheConfig): readonly Problem[] {
  const tiers = listActiveTiers(config);
  return tiers.flatMap((tier, index) => {
    const isMiddle = index > 0 && index < tiers.length - 1;
    return [...checkTimeout(tier, isMiddle), ...checkTierCodec(config, tier, isMiddle)];
  });
}

function checkTimeout({ path, section: { timeout } }: Located<TierConfig>, isMiddle: boolean): readonly Problem[] {
  if (timeout === undefined || isMiddle) return [];
  const message = `${path}.timeout is for tiers between the first and the last. Remove it; for the last one set deadlines.read.`;
  return [refuse(`${path}.timeout`, message)];
}

function checkTierCodec(config: CacheConfig, tier: Located<TierConfig>, isMiddle: boolean): readonly Problem[] {
  const { path, section } = tier;
  if (section.codec === undefined) return [];
  if (section.backend === "memory" && !isMiddle) {
    const message = `${path}.codec is for tiers that keep bytes, and memory here keeps values as they are. Remove it.`;
    return [refuse(`${path}.codec`, message)];
  }
  const merged = withTierCodec(config, section);
  const { compression, compressionAlgorithm = "gzip", compressionLevel, envelope } = merged;
  if (compression !== true) return [];
  if (envelope === false && !isMiddle) {
    const message = `${path}.codec.compression needs the envelope, which says what is compressed. Leave envelope: true, or compression out.`;
    return [refuse(`${path}.codec.compression`, message)];
  }
  const problem = compressionLevel === undefined ? undefined : levelProblem(compressionAlgorithm, compressionLevel);
  return problem === undefined
    ? []
    : [refuse(`${path}.codec.compressionLevel`, `${path}.codec.compressionLevel: ${problem}`)];
}
