import type { FieldTable } from "../field.ts";
import { CREDENTIAL, NAME } from "../field-limits.ts";
import { ADDRESS } from "../text-pattern.ts";

/** Where Redis Sentinel says which server is the primary. */
export interface RedisSentinelConfig {
  /**
   * Name of the primary that the sentinels watch. Required in this section. Range: a text of 1 to 1024 characters.
   */
  readonly name?: string | undefined;
  /**
   * Addresses of the sentinels; the others are learned from the first that answers. Required in this section. Range: a
   * list of texts, each an address such as "localhost:6379", "[::1]:6379" or the path of a Unix socket.
   */
  readonly addresses?: readonly string[] | undefined;
  /**
   * User at the sentinels, which have accounts of their own. Default: none. Range: a text of 1 to 1024 characters.
   */
  readonly username?: string | undefined;
  /** Password at the sentinels. Default: none. Range: a text of 1 to 65536 characters. */
  readonly password?: string | undefined;
}

/** Rows of the section `redis.sentinel`. */
export const REDIS_SENTINEL_FIELDS: FieldTable<RedisSentinelConfig> = {
  name: {
    ...NAME,
    doc: "Name of the primary that the sentinels watch. Required in this section.",
  },
  addresses: {
    kind: "text-list",
    doc: "Addresses of the sentinels; the others are learned from the first that answers. Required in this section.",
    maxLength: 1_000,
    pattern: ADDRESS,
  },
  username: {
    ...NAME,
    doc: "User at the sentinels, which have accounts of their own.",
    defaultDoc: "none",
  },
  password: {
    ...CREDENTIAL,
    doc: "Password at the sentinels.",
    defaultDoc: "none",
    secret: true,
  },
};
