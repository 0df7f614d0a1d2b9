import type { CacheConfig } from "./cache-config.ts";
import type { TierConfig } from "./sections/tier-config.ts";

/** The cache's configuration as one tier has it: what its section `codec` says is said there. */
export function withTierCodec(config: CacheConfig, { codec = {} }: TierConfig): CacheConfig {
  const own = Object.fromEntries(Object.entries(codec).filter(([, value]) => value !== undefined));
  const { compressionLevel, ...others } = config;
  // A level is one of an algorithm.
  const hasOwnAlgorithm = codec.compressionAlgorithm !== undefined;
  return hasOwnAlgorithm || compressionLevel === undefined ? { ...others, ...own } : { ...config, ...own };
}
