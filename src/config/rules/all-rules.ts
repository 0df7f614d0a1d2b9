import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import { refuseBackendsNamedLikeFields, refuseUnusedBackendSections } from "./backend-rules.ts";
import { checkCodec } from "./codec-rules.ts";
import { checkConsistency } from "./consistency-rules.ts";
import { checkDistribution, checkLogging } from "./distribution-rules.ts";
import { checkLoading } from "./loading-rules.ts";
import { checkMemcached } from "./memcached-rules.ts";
import { checkMemory } from "./memory-rules.ts";
import { checkTierSettings } from "./middle-tier-rules.ts";
import { checkPrometheus } from "./prometheus-rules.ts";
import { checkRedis } from "./redis-rules.ts";
import type { Rule } from "./rule.ts";
import { checkSharding } from "./sharding-rules.ts";
import { checkTierChoice, checkTiers } from "./tier-rules.ts";
import { checkTracing } from "./tracing-rules.ts";

/** Every rule about fields that cannot stand together, in the order of their messages. */
const RULES: readonly Rule[] = [
  refuseBackendsNamedLikeFields,
  refuseUnusedBackendSections,
  checkMemory,
  checkLoading,
  checkCodec,
  checkTierChoice,
  checkTiers,
  checkTierSettings,
  checkRedis,
  checkMemcached,
  checkSharding,
  checkConsistency,
  checkDistribution,
  checkPrometheus,
  checkLogging,
  checkTracing,
];

/** What cannot stand together in a configuration whose values are all allowed one by one. */
export function findConflicts(config: CacheConfig): readonly Problem[] {
  return RULES.flatMap((rule) => rule(config));
}
