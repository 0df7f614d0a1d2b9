import type { MemcachedClient } from "../../clients/memcached/memcached-client.ts";
import type { FoundItem } from "./item-store.ts";
import { sendPinned } from "./pinned-request.ts";
import { casOf } from "./reply-cas.ts";
import type { ServerCall } from "./server-call.ts";

/** How long an empty item waits for what it was made for, in seconds. */
const RESERVED_S = 5;

/**
 * Puts an empty item, which is no entry, where nothing stood: what is written there on condition of its CAS number can be repeated without ever
 * being done twice.
 *
 * @returns `undefined` when something stands there by now, or the connection is gone
 */
export async function reserveKey(
  client: MemcachedClient,
  found: FoundItem,
  call: ServerCall,
): Promise<FoundItem | undefined> {
  const request = { kind: "get", key: found.metaKey, flags: `c v N${RESERVED_S}` } as const;
  const reply = await sendPinned(client, found.connection, request, call);
  return reply?.value?.length === 0 ? { ...found, cas: casOf(reply.flags) } : undefined;
}
