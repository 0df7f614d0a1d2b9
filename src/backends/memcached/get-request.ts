import type { MetaFlags, MetaKey } from "../../clients/memcached/meta-message.ts";

/** A read. A class, for there is one for each key: a literal that outlives a garbage collection costs more from then on. */
export class GetRequest {
  readonly kind = "get" as const;
  readonly key: MetaKey;
  readonly flags: MetaFlags;

  constructor(key: MetaKey, flags: MetaFlags) {
    this.key = key;
    this.flags = flags;
  }
}
