import { ConfigError } from "../../../foundation/errors.ts";
import type { OtelApi, OtelTracerProvider } from "../otel-api.ts";
import { GrpcPost } from "./grpc-post.ts";
import { HttpPost } from "./http-post.ts";
import { createRestingContexts } from "./resting-contexts.ts";
import { loadSdk, type SdkContextManager, type SdkTracerProvider } from "./sdk-packages.ts";
import { SpanExporter, type SpanExporterOptions, type SpanProtocol } from "./span-exporter.ts";
import { hideCredentials, type SpanPostOptions } from "./span-post.ts";
import { createTraceContextPropagator } from "./trace-context-propagator.ts";

/** What a tracer provider is set up by. */
export interface SdkSettings extends SpanPostOptions, Pick<SpanExporterOptions, "protocol" | "serviceName"> {
  /** Of the traces that begin here. */
  readonly sampleRatio: number;
  /** Fields of the section `tracing` that were given, and would have no effect on another's provider. */
  readonly providerFields: readonly string[];
}

/** A user's share of the tracer provider of the process. */
export interface SdkShare {
  /** Sends what is there, for so long at most, in ms, and ends the provider with its last user. */
  close(flushMs: number): Promise<void>;
}

/** How often spans are sent, in ms. The SDK's own five seconds are long for who looks for a trace. */
const SEND_EVERY_MS = 1_000;

/** What a body over HTTP is. */
const CONTENT_TYPES: Readonly<Record<SpanProtocol, string>> = {
  "otlp-http": "application/x-protobuf",
  "otlp-grpc": "application/grpc",
  zipkin: "application/json",
};

/** The tracer provider that was set up here. There is one in a process, as there is one registry. */
let current: ProcessSdk | undefined;

interface ProcessSdk {
  readonly settings: string;
  readonly provider: SdkTracerProvider;
  readonly exporter: SpanExporter;
  /** `undefined`: the application has registered its own. */
  readonly contexts: SdkContextManager | undefined;
  /** Whether traces go to other processes by what was registered here, and not by the application's own way. */
  readonly isPropagator: boolean;
  userCount: number;
}

/** Whether anybody has registered a tracer provider. Until then the API has a stand-in that passes on to none. */
export function hasTracerProvider(api: OtelApi): boolean {
  const provider = api.trace.getTracerProvider() as OtelTracerProvider & {
    readonly getDelegateTracer?: (name: string) => unknown;
  };
  return provider.getDelegateTracer === undefined || provider.getDelegateTracer("gocachex") !== undefined;
}

/**
 * Joins the tracer provider of the process, or sets one up and registers it where there is none.
 *
 * ```text
 * the application has one           used; nothing is set up, nothing is closed; settings of a provider are errors
 * one was set up here, as asked     shared
 * one was set up here, otherwise    an error
 * none                              set up, registered, and ended with its last user
 * ```
 *
 * @throws ConfigError `GCX_CONFIG_INVALID` for settings that would have no effect
 * @throws DependencyError naming every package that is missing
 */
export async function shareProcessSdk(api: OtelApi, settings: SdkSettings): Promise<SdkShare> {
  const existing = joinExisting(api, settings);
  if (existing !== undefined) return existing;
  const { traceSdk, contextSdk, grpcSdk } = await loadSdk(settings.protocol);
  // Somebody may have come first meanwhile; from here to the end is one step.
  const joined = joinExisting(api, settings);
  if (joined !== undefined) return joined;
  const { sampleRatio, protocol, serviceName } = settings;
  const place = hideCredentials(settings);
  const post = grpcSdk === undefined ? new HttpPost(place, CONTENT_TYPES[protocol]) : new GrpcPost(place, grpcSdk);
  const exporter = new SpanExporter({ protocol, serviceName, post, onOutage: (reason) => warn(place.url, reason) });
  const provider = new traceSdk.BasicTracerProvider({
    sampler: new traceSdk.ParentBasedSampler({ root: new traceSdk.TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [new traceSdk.BatchSpanProcessor(exporter, { scheduledDelayMillis: SEND_EVERY_MS })],
  });
  const manager = createRestingContexts(new contextSdk.AsyncLocalStorageContextManager());
  const contexts = api.context.setGlobalContextManager(manager) ? manager : undefined;
  contexts?.enable();
  api.trace.setGlobalTracerProvider(provider);
  const isPropagator = api.propagation.setGlobalPropagator(createTraceContextPropagator(api));
  const sdk: ProcessSdk = { settings: describe(settings), provider, exporter, contexts, isPropagator, userCount: 0 };
  current = sdk;
  return join(api, sdk);
}

function joinExisting(api: OtelApi, settings: SdkSettings): SdkShare | undefined {
  if (current !== undefined) {
    if (current.settings === describe(settings)) return join(api, current);
    throw new ConfigError(
      "GCX_CONFIG_INVALID",
      "tracing",
      "tracing differs from that of another cache in this process, and a process has one tracer provider. Give both the same settings, or register a provider with @opentelemetry/api before the first call.",
    );
  }
  if (!hasTracerProvider(api)) return undefined;
  const [field] = settings.providerFields;
  if (field === undefined) return { close: async () => undefined };
  throw new ConfigError(
    "GCX_CONFIG_INVALID",
    `tracing.${field}`,
    `tracing.${field} has no effect, for the application has registered a tracer provider with @opentelemetry/api, which is used. Remove it, or register none.`,
  );
}

function join(api: OtelApi, sdk: ProcessSdk): SdkShare {
  sdk.userCount += 1;
  let isOpen = true;
  return {
    async close(flushMs) {
      if (!isOpen) return;
      isOpen = false;
      sdk.userCount -= 1;
      if (sdk.userCount === 0) await end(api, sdk, flushMs);
    },
  };
}

async function end(
  api: OtelApi,
  { provider, exporter, contexts, isPropagator }: ProcessSdk,
  flushMs: number,
): Promise<void> {
  // First of all: a cache that is opened meanwhile sets up its own.
  current = undefined;
  api.trace.disable();
  if (contexts !== undefined) api.context.disable();
  if (isPropagator) api.propagation.disable();
  exporter.hurry();
  const timer = setTimeout(() => exporter.abandon(), flushMs);
  try {
    await provider.shutdown();
  } catch {
    // Told by the exporter.
  } finally {
    clearTimeout(timer);
    exporter.abandon();
  }
}

function describe({ providerFields: _, ...settings }: SdkSettings): string {
  return JSON.stringify(settings);
}

function warn(url: string, reason: string): void {
  process.emitWarning(`Spans could not be sent to ${url}: ${reason}. They are lost until the receiver is back.`, {
    type: "GocachexTracingWarning",
  });
}
