import type { OperationContext } from "../../backend/backend.ts";
import type {
  MemcachedBatchAnswer,
  MemcachedCallOptions,
  MemcachedClient,
  MemcachedConnectionId,
} from "../../clients/memcached/memcached-client.ts";
import { MemcachedServerError } from "../../clients/memcached/memcached-server-error.ts";
import type { MetaReply, MetaRequest } from "../../clients/memcached/meta-message.ts";

/** Replies to all requests of a batch. */
export interface BatchReplies {
  readonly replies: readonly MetaReply[];
  readonly connection: MemcachedConnectionId;
}

/** One call of the store: how its requests are made. */
export class ServerCall {
  /** For requests that change nothing. */
  readonly read: MemcachedCallOptions;
  /** For requests that change something. */
  readonly write: MemcachedCallOptions;

  constructor(operation: string, context: OperationContext) {
    const { signal } = context;
    this.read = { operation, kind: "read", signal };
    this.write = { operation, kind: "write", signal };
  }

  /** What the call is. */
  get operation(): string {
    return this.read.operation;
  }

  /** Sends a batch and expects an answer to each. @throws MemcachedServerError of the first request that has none */
  async batch(
    client: MemcachedClient,
    requests: readonly MetaRequest[],
    options: MemcachedCallOptions,
  ): Promise<BatchReplies> {
    const { replies, connection }: MemcachedBatchAnswer = await client.sendBatch(requests, options);
    for (const reply of replies) if (reply instanceof MemcachedServerError) throw reply;
    return { replies: replies as readonly MetaReply[], connection };
  }
}
