import { DependencyError } from "../../../foundation/errors.ts";
import type { OptionalDependency } from "../../../foundation/optional-dependency.ts";
import { OTEL_API, type OtelApi, type OtelContext, type OtelTracerProvider } from "../otel-api.ts";
import { GRPC_SDK, type GrpcSdk } from "./grpc-post.ts";
import type { SpanExporter, SpanProtocol } from "./span-exporter.ts";

/** A tracer provider of the SDK. */
export interface SdkTracerProvider extends OtelTracerProvider {
  /** Sends what is there, and ends it. */
  shutdown(): Promise<void>;
}

/** The package `@opentelemetry/sdk-trace-base`, as far as it is used. */
export interface TraceSdk {
  /** The provider. */
  readonly BasicTracerProvider: new (config: {
    readonly sampler: object;
    readonly spanProcessors: readonly object[];
  }) => SdkTracerProvider;
  /** Sends spans many at a time. */
  readonly BatchSpanProcessor: new (
    exporter: SpanExporter,
    config: { readonly scheduledDelayMillis: number },
  ) => object;
  /** Keeps what the parent keeps. */
  readonly ParentBasedSampler: new (config: {
    readonly root: object;
  }) => object;
  /** Keeps a share of traces. */
  readonly TraceIdRatioBasedSampler: new (
    ratio: number,
  ) => object;
}

/** Keeps what is active through promises and timers. */
export interface SdkContextManager {
  /** The context that is active. */
  active(): unknown;
  /** Runs work in a context. */
  with(context: OtelContext, work: (...args: never[]) => unknown, self?: unknown, ...args: never[]): unknown;
  /** A function that always runs in a context. */
  bind(context: OtelContext, target: unknown): unknown;
  /** Begins. */
  enable(): unknown;
  /** Ends. */
  disable(): unknown;
}

/** The package `@opentelemetry/context-async-hooks`, as far as it is used. */
export interface ContextSdk {
  /** The manager. */
  readonly AsyncLocalStorageContextManager: new () => SdkContextManager;
}

const TRACE_SDK: OptionalDependency<TraceSdk> = {
  name: "@opentelemetry/sdk-trace-base",
  purpose: OTEL_API.purpose,
  range: "^2.0.0",
  load: async () => (await import("@opentelemetry/sdk-trace-base")) as unknown as TraceSdk,
};

const CONTEXT_SDK: OptionalDependency<ContextSdk> = {
  name: "@opentelemetry/context-async-hooks",
  purpose: OTEL_API.purpose,
  range: "^2.0.0",
  load: async () => (await import("@opentelemetry/context-async-hooks")) as unknown as ContextSdk,
};

/** What an SDK is made of. */
export interface LoadedSdk {
  /** The API. */
  readonly api: OtelApi;
  /** Tracers. */
  readonly traceSdk: TraceSdk;
  /** Contexts. */
  readonly contextSdk: ContextSdk;
  /** Only where spans are sent over gRPC. */
  readonly grpcSdk: GrpcSdk | undefined;
}

/** Loads what an SDK is made of. @throws DependencyError that names all packages that are missing, and not only the first */
export async function loadSdk(protocol: SpanProtocol): Promise<LoadedSdk> {
  const packages = [OTEL_API, TRACE_SDK, CONTEXT_SDK] as const;
  if (protocol !== "otlp-grpc") {
    const [api, traceSdk, contextSdk] = await loadAll<[OtelApi, TraceSdk, ContextSdk]>([...packages]);
    return { api, traceSdk, contextSdk, grpcSdk: undefined };
  }
  const [api, traceSdk, contextSdk, grpcSdk] = await loadAll<[OtelApi, TraceSdk, ContextSdk, GrpcSdk]>([
    ...packages,
    GRPC_SDK,
  ]);
  return { api, traceSdk, contextSdk, grpcSdk };
}

/** Loads several optional packages. @throws DependencyError that names all that are missing */
export async function loadAll<Modules extends readonly unknown[]>(
  dependencies: {
    readonly [Index in keyof Modules]: OptionalDependency<Modules[Index]>;
  },
): Promise<Modules> {
  const all = dependencies as readonly OptionalDependency<unknown>[];
  const results = await Promise.allSettled(all.map(({ load }) => load()));
  const missing = all.filter((_, index) => results[index]?.status === "rejected");
  const [first] = missing;
  if (first === undefined) {
    return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as unknown as Modules;
  }
  const names = missing.map(({ name }) => name).join(", ");
  const install = missing.map(({ name, range }) => `"${name}@${range}"`).join(" ");
  const cause = results.find((result) => result.status === "rejected")?.reason;
  const message = `${first.purpose} needs packages that are not installed or do not load: ${names}. Run: npm install ${install}`;
  throw new DependencyError(first.name, message, { cause });
}
