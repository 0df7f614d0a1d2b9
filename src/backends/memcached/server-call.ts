import type { OperationContext } from "../../backend/backend.ts";
import type {
  MemcachedBatchAnswer,
  MemcachedCaller,
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

/** How a request of a call is made. A class, so that all have one shape. */
class RequestOptions implements MemcachedCallOptions {
  readonly operation: string;
  readonly kind: "read" | "write";
  readonly signal: AbortSignal | undefined;
  readonly caller: MemcachedCaller | undefined;
  readonly connection: MemcachedConnectionId | undefined;

  constructor(
    operation: string,
    kind: "read" | "write",
    context: OperationContext,
    connection: MemcachedConnectionId | undefined,
  ) {
    this.operation = operation;
    this.kind = kind;
    // A context that can be asked makes its signal when somebody looks at it, which costs more than all else of a call.
    const isAskable = context.isAbandoned !== undefined;
    this.signal = isAskable ? undefined : context.signal;
    this.caller = isAskable ? context : undefined;
    this.connection = connection;
  }
}

const NOBODY: OperationContext = Object.freeze({});
const sharedReads = new Map<string, MemcachedCallOptions>();
const sharedWrites = new Map<string, MemcachedCallOptions>();

/** How a request that changes nothing is made. Shared by all calls that nobody can leave. */
export function readOptions(operation: string, context: OperationContext): MemcachedCallOptions {
  if (isLeavable(context)) return new RequestOptions(operation, "read", context, undefined);
  return sharedReads.get(operation) ?? share(sharedReads, operation, "read");
}

/** How a request that changes something is made; see {@link readOptions}. */
export function writeOptions(operation: string, context: OperationContext): MemcachedCallOptions {
  if (isLeavable(context)) return new RequestOptions(operation, "write", context, undefined);
  return sharedWrites.get(operation) ?? share(sharedWrites, operation, "write");
}

function isLeavable(context: OperationContext): boolean {
  return context.isAbandoned !== undefined || context.signal !== undefined;
}

function share(
  options: Map<string, MemcachedCallOptions>,
  operation: string,
  kind: "read" | "write",
): MemcachedCallOptions {
  const made = new RequestOptions(operation, kind, NOBODY, undefined);
  options.set(operation, made);
  return made;
}

/** Whether nobody waits for a call any more; asks for its signal only where nothing else tells. */
export function isAbandoned(context: OperationContext): boolean {
  return context.isAbandoned ?? context.signal?.aborted === true;
}

/** One call of the store: how its requests are made. */
export class ServerCall {
  /** What the call is. */
  readonly operation: string;
  /** Who waits for it. */
  readonly context: OperationContext;

  constructor(operation: string, context: OperationContext) {
    this.operation = operation;
    this.context = context;
  }

  /** For requests that change nothing. */
  get read(): MemcachedCallOptions {
    return readOptions(this.operation, this.context);
  }

  /** For requests that change something. */
  get write(): MemcachedCallOptions {
    return writeOptions(this.operation, this.context);
  }

  /** For requests that change something, over one connection or not at all. */
  writeOver(connection: MemcachedConnectionId): MemcachedCallOptions {
    return new RequestOptions(this.operation, "write", this.context, connection);
  }

  /** Sends a batch and expects an answer to each. @throws MemcachedServerError of the first request that has none */
  async batch(
    client: MemcachedClient,
    requests: readonly MetaRequest[],
    options: MemcachedCallOptions,
  ): Promise<BatchReplies> {
    return expectReplies(await client.sendBatch(requests, options));
  }
}

/** A batch that has an answer to each request. @throws MemcachedServerError of the first request that has none */
export function expectReplies({ replies, connection }: MemcachedBatchAnswer): BatchReplies {
  for (const reply of replies) if (reply instanceof MemcachedServerError) throw reply;
  return { replies: replies as readonly MetaReply[], connection };
}
