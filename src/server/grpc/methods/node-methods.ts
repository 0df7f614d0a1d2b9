import type { HealthStatus } from "../../../cache/health.ts";
import { type ApiMethod, unaryMethod } from "../api-method.ts";
import { GrpcProblem } from "../grpc-problem.ts";
import { GRPC_STATUS } from "../grpc-status.ts";
import { defineMessage, messagesField, numberField, optionalNumberField, textField } from "../message-codec.ts";

const NAMESPACE_REQUEST = defineMessage({ namespace: textField(1) });

const TIER_STATS = defineMessage({
  name: textField(1),
  keyCount: optionalNumberField(2),
  memoryUsage: optionalNumberField(3),
  evictions: numberField(4),
  connections: optionalNumberField(5),
});

const STATS = defineMessage({
  hits: numberField(1),
  misses: numberField(2),
  sets: numberField(3),
  deletes: numberField(4),
  evictions: numberField(5),
  loads: numberField(6),
  loadFailures: numberField(7),
  staleServed: numberField(8),
  keyCount: numberField(9),
  memoryUsage: numberField(10),
  uptime: numberField(11),
  tiers: messagesField(12, TIER_STATS),
  pendingWrites: optionalNumberField(13),
});

const HEALTH_CHECK = defineMessage({
  name: textField(1),
  status: numberField(2),
  latencyUs: numberField(3),
  message: textField(4),
});

const HEALTH = defineMessage({ status: numberField(1), checks: messagesField(2, HEALTH_CHECK) });

/** `HealthStatus` of `cache.proto`. */
const HEALTH_STATUS: Readonly<Record<HealthStatus, number>> = { up: 1, degraded: 2, down: 3 };

/** How the cache is, and ending many entries at once. */
export const NODE_METHODS: readonly ApiMethod[] = [
  unaryMethod(
    { name: "Stats", role: "read", request: NAMESPACE_REQUEST, answer: STATS, isCounted: false },
    async ({ namespace }, context) => {
      const stats = context.view(namespace).stats();
      const tiers = stats.tiers.map((tier) => ({ ...tier, memoryUsage: rounded(tier.memoryUsage) }));
      return { ...stats, memoryUsage: Math.round(stats.memoryUsage), uptime: Math.floor(stats.uptime), tiers };
    },
  ),
  unaryMethod(
    { name: "Health", role: "read", request: defineMessage({}), answer: HEALTH, isCounted: false },
    async (_request, context) => {
      const { status, checks } = await context.services.health.check();
      return {
        status: HEALTH_STATUS[status],
        checks: checks.map((check) => ({
          name: check.name,
          status: HEALTH_STATUS[check.status],
          latencyUs: Math.round(check.latencyMs * 1_000),
          message: check.message ?? "",
        })),
      };
    },
  ),
  unaryMethod(
    {
      name: "DeleteByPrefix",
      role: "admin",
      request: defineMessage({ namespace: textField(1), prefix: textField(2) }),
      answer: defineMessage({ deleted: numberField(1) }),
    },
    async ({ namespace, prefix }, context) => {
      // A forgotten or empty prefix must not end everything.
      if (prefix === "") {
        throw new GrpcProblem(GRPC_STATUS.invalidArgument, "Name a prefix. To end everything, call Clear.");
      }
      return { deleted: await context.view(namespace).deleteByPrefix(prefix, { signal: context.signal }) };
    },
  ),
  unaryMethod(
    { name: "Clear", role: "admin", request: NAMESPACE_REQUEST, answer: defineMessage({}) },
    async ({ namespace }, context) => {
      await context.view(namespace).clear({ signal: context.signal });
      return {};
    },
  ),
];

function rounded(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.round(bytes);
}
