import { encodeMemcachedKey } from "../../clients/memcached/memcached-key.ts";
import type { MetaKey, MetaRequest } from "../../clients/memcached/meta-message.ts";
import type { NamespaceChain, NamespaceMarks } from "./namespace-marks.ts";

/** What stands under keys, and what their namespaces are: asked for in one batch, in the order keys, others, marks. */
export interface ItemQuestion {
  readonly metaKeys: readonly MetaKey[];
  /** Of each key. */
  readonly chains: readonly NamespaceChain[];
  /** Those whose marks are read. */
  readonly distinct: readonly NamespaceChain[];
  readonly requests: readonly MetaRequest[];
}

/** @param others are asked for between the keys and the marks @param flagsOf what of the key at an index is asked for */
export function askItems(
  namespaces: NamespaceMarks,
  keys: readonly string[],
  others: readonly MetaRequest[],
  flagsOf: (index: number) => string,
): ItemQuestion {
  const metaKeys = keys.map(encodeMemcachedKey);
  const chains = keys.map((key) => namespaces.chainOf(key));
  const distinct = [...new Set(chains)];
  const reads = metaKeys.map((key, index): MetaRequest => ({ kind: "get", key, flags: flagsOf(index) }));
  const requests = [...reads, ...others, ...distinct.flatMap((chain) => chain.requests)];
  return { metaKeys, chains, distinct, requests };
}
