import type { Cache } from "../cache/cache.ts";
import { observeCache } from "../cache/observe-cache.ts";
import type { TracerSlot } from "../events/call-tracer.ts";

/** Who traces a cache, now or later. Of one that is not of this copy of the package nobody is known. */
export function tracingOf(cache: Cache): TracerSlot {
  try {
    return observeCache(cache).tracing;
  } catch {
    return { current: undefined };
  }
}
