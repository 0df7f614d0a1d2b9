import type { MemcachedAnswer, MemcachedConnectionId } from "./memcached-client.ts";
import type { MetaReply, MetaStatus } from "./meta-message.ts";

/** The answer to one request and the reply in it as one object: there is one for each call. */
export class SingleAnswer implements MemcachedAnswer, MetaReply {
  readonly status: MetaStatus;
  readonly value: Buffer | undefined;
  readonly flags: string;
  readonly #connection: MemcachedConnectionId;

  constructor(status: MetaStatus, value: Buffer | undefined, flags: string, connection: MemcachedConnectionId) {
    this.status = status;
    this.value = value;
    this.flags = flags;
    this.#connection = connection;
  }

  get connection(): MemcachedConnectionId {
    return this.#connection;
  }

  get reply(): MetaReply {
    return this;
  }
}
