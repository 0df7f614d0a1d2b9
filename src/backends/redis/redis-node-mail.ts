import type { MailListener, NodeMail } from "../../backend/node-mail.ts";
import type { RedisCallOptions, RedisClient } from "../../clients/redis/redis-client.ts";
import { NODES_SLOT, nodeChannel, nodesChannel } from "./redis-key-layout.ts";

/** Twice is not worse than once, for letters say what is, not what to do. */
const POST: RedisCallOptions = { operation: "post", kind: "idempotent-write" };

/** What mail is made of. */
export interface RedisNodeMailParts {
  readonly client: RedisClient;
  readonly subscribe: NonNullable<RedisClient["subscribe"]>;
  readonly database: number;
}

/**
 * Mail over channels: one of each node, and one of all. A connection of its own beside that of the changes, so that a listener that cannot keep up with the changes, whom the server
 * drops, still gets its letters.
 */
export function openRedisNodeMail(
  { client, subscribe, database }: RedisNodeMailParts,
  nodeId: string,
  listener: MailListener,
): NodeMail {
  const all = nodesChannel(database);
  const subscription = subscribe([all, nodeChannel(nodeId)], {
    onMessage: (letter) => listener.onLetter(letter),
    onGap: (isHearing) => listener.onGap(isHearing),
  });
  return {
    send: (letter, to) =>
      client.call(
        NODES_SLOT,
        [
          "PUBLISH",
          to === undefined ? all : nodeChannel(to),
          Buffer.from(letter.buffer, letter.byteOffset, letter.byteLength),
        ],
        POST,
      ),
    close: () => subscription.close(),
  };
}
