import type { Backend, OperationContext } from "../../backend/backend.ts";
import { MAX_COUNTER, MIN_COUNTER } from "../../backend/counter.ts";
import type { ConformanceSubject } from "../conformance-subject.ts";
import { isExpireRefused } from "./refused-expire.ts";

/** One call of an operation. */
export interface OperationCall {
  readonly name: string;
  readonly call: (context: OperationContext) => unknown;
}

/** One call of every operation that the store has, on keys that begin with `stem`. */
export function everyOperation(subject: ConformanceSubject, stem: string): readonly OperationCall[] {
  const { backend, ttlUnitMs } = subject;
  const { capabilities } = backend;
  const key = subject.key(stem);
  const counter = { delta: 1n, initial: 0n, ttlMs: 60 * ttlUnitMs, minimum: MIN_COUNTER, maximum: MAX_COUNTER };
  const lease = { kind: "acquire", key: `${key} lease`, owner: stem, ttlMs: 60 * ttlUnitMs } as const;
  const calls: (OperationCall | false)[] = [
    { name: "get", call: (context) => backend.get(key, context) },
    { name: "getMulti", call: (context) => backend.getMulti([key, `${key} 2`], context) },
    { name: "set", call: (context) => backend.set(key, subject.write(stem), context) },
    { name: "setMulti", call: (context) => backend.setMulti([[`${key} 2`, subject.write(stem)]], context) },
    { name: "expire", call: (context) => expireIfOffered(backend, key, 60 * ttlUnitMs, context) },
    { name: "delete", call: (context) => backend.delete(`${key} gone`, context) },
    { name: "deleteMulti", call: (context) => backend.deleteMulti([`${key} gone`], context) },
    capabilities.stale === true && { name: "getStale", call: (context) => backend.getStale?.([key], context) },
    backend.ping !== undefined && { name: "ping", call: (context) => backend.ping?.(context) },
    capabilities.counters && {
      name: "increment",
      call: (context) => backend.increment?.(`${key} n`, counter, context),
    },
    capabilities.transactions !== "none" && {
      name: "commit",
      call: (context) => backend.commit?.([], [{ key: `${key} tx`, write: subject.write(stem) }], context),
    },
    capabilities.leases && { name: "lease", call: (context) => backend.lease?.(lease, context) },
    capabilities.tags && {
      name: "invalidateTags",
      call: (context) => backend.invalidateTags?.([`${key} tag`], context),
    },
    capabilities.tags && { name: "stamp", call: (context) => backend.stamp?.(context) },
    capabilities.scan && {
      name: "scan",
      call: async (context) => {
        for await (const slice of backend.scan?.(key, context) ?? []) if (slice.length > 1_000_000) return;
      },
    },
    capabilities.clear && {
      name: "clear",
      call: (context) => backend.clear?.(`${subject.namespace}/${stem}`, context),
    },
  ];
  return calls.filter((call) => call !== false);
}

async function expireIfOffered(
  backend: Backend,
  key: string,
  ttlMs: number,
  context: OperationContext,
): Promise<unknown> {
  try {
    return await backend.expire(key, ttlMs, context);
  } catch (error) {
    if (isExpireRefused(backend, error)) return undefined;
    throw error;
  }
}
