import type { SetOptions } from "../../cache/options.ts";
import {
  type MessageField,
  messageField,
  optionalFlagField,
  optionalInt64Field,
  textField,
  textsField,
} from "./message-codec.ts";
import { VALUE, type ValueMessage } from "./value-message.ts";

/** Namespace and key, which nearly every request has. */
export const KEY_FIELDS: {
  readonly namespace: MessageField<string>;
  readonly key: MessageField<string>;
} = { namespace: textField(1), key: textField(2) };

/** Fields of a request that writes one value. */
export const WRITE_FIELDS: {
  readonly namespace: MessageField<string>;
  readonly key: MessageField<string>;
  readonly value: MessageField<ValueMessage | undefined>;
  readonly ttlMs: MessageField<bigint | undefined>;
  readonly tags: MessageField<string[]>;
  readonly sliding: MessageField<boolean | undefined>;
} = {
  ...KEY_FIELDS,
  value: messageField(3, VALUE),
  ttlMs: optionalInt64Field(4),
  tags: textsField(5),
  sliding: optionalFlagField(6),
};

/** How a request says what a write does beside its value. */
export interface WriteFields {
  readonly ttlMs: bigint | undefined;
  readonly tags: readonly string[];
  readonly sliding: boolean | undefined;
}

/** Reads `ttl_ms`: -1 is "never". What is none the cache refuses. */
export function toTtl(ttlMs: bigint): number {
  return ttlMs === -1n ? Number.POSITIVE_INFINITY : Number(ttlMs);
}

/** Says a remaining TTL as `ttl_ms`, rounded up: an entry that lives has at least 1. */
export function fromTtl(ttlMs: number): bigint {
  return Number.isFinite(ttlMs) ? BigInt(Math.ceil(ttlMs)) : -1n;
}

/** Options of a write. */
export function writeOptions({ ttlMs, tags, sliding }: WriteFields, signal: AbortSignal): SetOptions {
  return {
    signal,
    ...(ttlMs === undefined ? {} : { ttl: toTtl(ttlMs) }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(sliding === undefined ? {} : { sliding }),
  };
}
