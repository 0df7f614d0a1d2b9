import type { BackendNotice } from "../../backend/backend-notice.ts";
import type { RedisClient } from "../../clients/redis/redis-client.ts";
import { RedisServerError } from "../../clients/redis/redis-reply.ts";

const UNSAID =
  'The server does not say which database this client uses, so it is taken for 0: caches that hear of changes in another one read more than they need. Let the user run "client|info", or let the store connect by itself.';

/** Asks which database of its server a client uses, whose settings are its owner's. 0 where the server does not say. */
export async function readDatabase(
  client: RedisClient,
  onNotice: ((notice: BackendNotice) => void) | undefined,
): Promise<number> {
  try {
    const text = await client.call(0, ["CLIENT", "INFO"], { operation: "connect", kind: "read" });
    const found = / db=(\d+)/.exec(String(text));
    if (found !== null) return Number(found[1]);
  } catch (error) {
    if (!(error instanceof RedisServerError)) throw error;
  }
  onNotice?.({ kind: "warning", message: UNSAID });
  return 0;
}
