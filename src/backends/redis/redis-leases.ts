import type { OperationContext } from "../../backend/backend.ts";
import { assertWanted } from "../../backend/caller.ts";
import type { LeaseOutcome, LeaseRequest } from "../../backend/lease.ts";
import { encodeKeyText } from "./key-text.ts";
import { translateRedisError } from "./redis-error.ts";
import { shardKey, shardOfKey, slotOfShard } from "./redis-key-layout.ts";
import { leaseScript } from "./scripts/lease-script.ts";
import type { StoreParts } from "./store-parts.ts";
import { ttlText } from "./ttl-text.ts";

/** A lease without an end would outlive whoever died with it. */
const LONGEST_LEASE_MS = 1e12;

/**
 * Takes, keeps or gives back a lease. Asking for a lease or more time twice is asking once, so that is sent again when a reply is lost; a second release
 * would call the first one lost.
 */
export async function requestLease(
  { client, name }: StoreParts,
  request: LeaseRequest,
  context: OperationContext,
): Promise<LeaseOutcome> {
  assertWanted(context);
  const shard = shardOfKey(request.key);
  const ttl = request.kind === "release" ? "0" : ttlText(Math.min(request.ttlMs, LONGEST_LEASE_MS));
  const keys = [shardKey(shard, "l", request.key), shardKey(shard, "f")];
  const kind = request.kind === "release" ? "write" : "idempotent-write";
  try {
    const reply = await client.runScript(
      slotOfShard(shard),
      leaseScript,
      keys,
      [request.kind.charAt(0), encodeKeyText("", request.owner), ttl],
      { operation: "lease", kind },
    );
    return toOutcome(reply as readonly number[]);
  } catch (error) {
    throw translateRedisError(name, "lease", error);
  }
}

function toOutcome([status, number]: readonly number[]): LeaseOutcome {
  if (status === 1) return { kind: "held", token: Number(number) };
  // A lease that ends this moment is still one to wait for.
  if (status === 2) return { kind: "busy", remainingMs: Math.max(1, Number(number)) };
  return status === 3 ? { kind: "released" } : { kind: "lost" };
}
