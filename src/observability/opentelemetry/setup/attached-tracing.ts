import type { Cache } from "../../../cache/cache.ts";
import { loadOtelApi } from "../otel-api.ts";
import type { ServerPlace } from "../store-attributes.ts";
import { type CacheTraces, traceWith } from "../trace-cache.ts";
import { type SdkSettings, type SdkShare, shareProcessSdk } from "./process-sdk.ts";
import { loadSdk } from "./sdk-packages.ts";

/** What the section `tracing` of a configuration asks for. */
export interface AttachedTracingOptions {
  readonly settings: SdkSettings;
  /** Where the store is, where it is one place. */
  readonly server: ServerPlace | undefined;
  /** Longest that spans are waited for at the end, in ms. */
  readonly flushMs: number;
}

/** Traces of one cache, as its configuration asks for them. */
export interface AttachedTracing {
  /** Ends them, and sends what is there; never rejects. */
  close(): Promise<void>;
}

/**
 * Traces a cache by its configuration: with the tracer provider of the application, or one that is set up.
 *
 * @throws ConfigError, DependencyError as `shareProcessSdk`
 */
export async function attachTracing(
  cache: Cache,
  { settings, server, flushMs }: AttachedTracingOptions,
): Promise<AttachedTracing> {
  // Without the API nobody has a provider: then all that is missing is named at once.
  const api = await loadOtelApi().catch(async () => (await loadSdk(settings.protocol)).api);
  const share = await shareProcessSdk(api, settings);
  const traces = await startTraces(share, () => traceWith(api, cache, { meterProvider: false, server }));
  return {
    async close() {
      traces.close();
      await share.close(flushMs);
    },
  };
}

async function startTraces(share: SdkShare, start: () => CacheTraces): Promise<CacheTraces> {
  try {
    return start();
  } catch (error) {
    await share.close(0);
    throw error;
  }
}
