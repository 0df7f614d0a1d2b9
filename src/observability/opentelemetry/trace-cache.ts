import type { Cache } from "../../cache/cache.ts";
import { observeCache } from "../../cache/observe-cache.ts";
import { InvalidArgumentError } from "../../foundation/errors.ts";
import { meterCache } from "./cache-meters.ts";
import {
  loadOtelApi,
  type OtelApi,
  type OtelAttributes,
  type OtelMeterProvider,
  type OtelTracerProvider,
} from "./otel-api.ts";
import { OtelCallTracer } from "./otel-call-tracer.ts";
import { type ServerPlace, storeAttributes } from "./store-attributes.ts";

/** What traces of a cache are made with. */
export interface TraceCacheOptions {
  /** Where spans go. `false`: there are none. Default: the provider that the application has registered with `@opentelemetry/api`. */
  readonly tracerProvider?: OtelTracerProvider | false | undefined;
  /** Where measurements go. `false`: there are none. Default: the provider that the application has registered; where it has none, nothing is measured. */
  readonly meterProvider?: OtelMeterProvider | false | undefined;
  /** `server.address` and `server.port` of spans and measurements, where the store is at one place. Default: left out. */
  readonly server?: ServerPlace | undefined;
}

/** Traces and metrics of one cache. */
export interface CacheTraces {
  /** Ends them: no span begins any more, and no instrument is read. What is recorded is the provider's. Also done when the cache closes. */
  close(): void;
}

/** Name of the tracer and the meter. */
const SCOPE_NAME = "gocachex";

/**
 * Traces a cache with OpenTelemetry: one span for each call to a remote store and for each loader, events on the active span for what happens beside (stale answers, refreshes, a breaker
 * that opens, missed messages), the trace carried to other nodes over gRPC; and its counts and the duration of its calls as metrics. Never a key or a value.
 *
 * Loads `@opentelemetry/api` and starts nothing else: spans go where the application's provider sends them.
 *
 * @param cache any view of it: all are traced
 * @throws DependencyError when `@opentelemetry/api` is not installed
 * @throws InvalidArgumentError when the cache is traced already
 * @throws TypeError when it is no cache of this copy of the package
 *
 * @example
 * ```ts
 * import { createCache } from "gocachex";
 * import { traceCache } from "gocachex/opentelemetry";
 *
 * const cache = createCache();
 * const traces = await traceCache(cache);
 * traces.close();
 * await cache.close();
 * ```
 */
export async function traceCache(cache: Cache, options: TraceCacheOptions = {}): Promise<CacheTraces> {
  return traceWith(await loadOtelApi(), cache, options);
}

/** As {@link traceCache}, with the library loaded. */
export function traceWith(api: OtelApi, cache: Cache, options: TraceCacheOptions): CacheTraces {
  const observation = observeCache(cache);
  const { name, backend, tracing } = observation;
  const { server, tracerProvider = api.trace.getTracerProvider() } = options;
  const cacheAttributes: OtelAttributes = name === "" ? {} : { "gocachex.cache": name };
  const ofStore = storeAttributes({ backend, cacheName: name, server });
  const attributes = { storeAttributes: ofStore, cacheAttributes };
  const stops: (() => void)[] = [];
  if (tracerProvider !== false) {
    if (tracing.current !== undefined) {
      throw new InvalidArgumentError(
        "GCX_ARGUMENT_OPTION",
        "cache",
        "The cache is traced already, by traceCache or by its configuration.",
      );
    }
    const tracer = new OtelCallTracer({ api, tracer: tracerProvider.getTracer(SCOPE_NAME), ...attributes });
    tracing.current = tracer;
    stops.push(
      () => {
        if (tracing.current === tracer) tracing.current = undefined;
      },
      cache.on("breaker", ({ backend: store, node, state }) => tracer.note("breaker", { backend: store, node, state })),
      cache.on("gap", ({ backend: store, transport }) => tracer.note("gap", { backend: store, transport })),
    );
  }
  const meter = findMeter(api, options.meterProvider);
  if (meter !== undefined) stops.push(meterCache({ cache, observation, meter, ...attributes }));
  const close = (): void => {
    for (const stop of stops.splice(0)) stop();
  };
  stops.push(cache.on("close", close));
  return { close };
}

/** Who has registered no provider has no use for what an event for each call costs. */
function findMeter(
  api: OtelApi,
  provider: OtelMeterProvider | false | undefined,
): ReturnType<OtelMeterProvider["getMeter"]> | undefined {
  if (provider === false) return undefined;
  const meter = (provider ?? api.metrics.getMeterProvider()).getMeter(SCOPE_NAME);
  return meter === api.createNoopMeter() ? undefined : meter;
}
