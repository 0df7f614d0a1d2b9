import type { Backend } from "../../backend/backend.ts";

/** Why a case is skipped for a store that cannot give an entry a new TTL. */
export const LACKS_EXPIRE = 'needs an expire() of the store\'s own or capability "conditionalWrites"';

/**
 * Whether a store refused `expire` as one may that writes nothing on a condition: `defineBackend` fills in an `expire`
 * for it that ends entries and refuses other TTLs. No capability says so, therefore the refusal itself does.
 */
export function isExpireRefused(backend: Backend, error: unknown): boolean {
  const { code, operation } = (error ?? {}) as { readonly code?: unknown; readonly operation?: unknown };
  return !backend.capabilities.conditionalWrites && code === "GCX_OPERATION_UNSUPPORTED" && operation === "expire";
}
