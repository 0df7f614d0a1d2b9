import type { MemcachedClient, MemcachedConnectionId } from "../../clients/memcached/memcached-client.ts";
import type { MetaReply, MetaRequest } from "../../clients/memcached/meta-message.ts";
import { BackendUnavailableError } from "../../foundation/errors.ts";
import type { ServerCall } from "./server-call.ts";

/**
 * Sends a change on condition of a CAS number over the connection that brought the number, or not at all: after a restart another item may have
 * the same one.
 *
 * @returns `undefined` when the connection is gone; nothing was sent then
 */
export async function sendPinned(
  client: MemcachedClient,
  connection: MemcachedConnectionId,
  request: MetaRequest,
  call: ServerCall,
): Promise<MetaReply | undefined> {
  try {
    return (await client.send(request, call.writeOver(connection))).reply;
  } catch (error) {
    if (error instanceof BackendUnavailableError) return undefined;
    throw error;
  }
}
