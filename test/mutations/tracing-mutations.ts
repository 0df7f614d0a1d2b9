import type { Mutation } from "./mutation.ts";

const TRACES = "test/unit/traces.test.ts";
const OWNERS = "test/unit/peer-owners-traces.test.ts";
const FRAMES = "src/transports/grpc/wire/frame.test.ts";
const SPAN = "src/observability/opentelemetry/recorded-span.ts";
const TRACER = "src/observability/opentelemetry/otel-call-tracer.ts";

/** The safeguards of traces. */
export const TRACING_MUTATIONS: readonly Mutation[] = [
  {
    name: "a span says what went wrong in the error's own words, with keys and values in them",
    file: "src/observability/opentelemetry/store-attributes.ts",
    search: `return error instanceof Error && typeof name === "string" && name !== "" ? name : "_OTHER";`,
    replacement: `return error instanceof Error ? error.message : "_OTHER";`,
    testFile: TRACES,
    testName: "loads are errors of the loader's class, without its words, when it throws",
  },
  {
    name: "a span that is not sampled is not active below itself, so the loader's spans are traces of their own",
    file: SPAN,
    search: "return this.#api.context.with(this.#context, work);",
    replacement: "return this.#span.isRecording() ? this.#api.context.with(this.#context, work) : work();",
    testFile: TRACES,
    testName: "sampling is kept: nothing is recorded below a span that is not sampled, nor where none begins",
  },
  {
    name: "a processor of the application that throws fails the call",
    file: SPAN,
    search: "      this.#span.end();\n    } catch {",
    replacement: "      this.#span.end();\n    } catch (error) {\n      throw error;",
    testFile: TRACES,
    testName: "a cache that is traced goes on when a processor or a sampler of the application throws",
    hangs: true,
  },
  {
    name: "a caller who leaves is an error of the span",
    file: SPAN,
    search: `if (outcome === "ok" || outcome === "aborted") return;`,
    replacement: `if (outcome === "ok") return;`,
    testFile: TRACES,
    testName:
      "calls to a remote store are errors with their kind when they fail or come late, and none when the caller leaves",
  },
  {
    name: "one key counts as a batch",
    file: TRACER,
    search: "keyCount !== undefined && keyCount > 1",
    replacement: "keyCount !== undefined",
    testFile: TRACES,
    testName:
      "calls to a remote store are CLIENT spans by the conventions for databases, with the size of a batch where there is one",
  },
  {
    name: "a cache is traced twice",
    file: "src/observability/opentelemetry/trace-cache.ts",
    search: "if (tracing.current !== undefined) {",
    replacement: "if (false) {",
    testFile: TRACES,
    testName: "a cache that is traced is traced once at a time, and no more once that is closed, or the cache",
  },
  {
    name: "the first call, which opens what traces, has a span although memory answers it",
    file: "src/cache/limited-call.ts",
    search: "if (tracing.current === undefined || backend.capabilities.local) return;",
    replacement: "if (tracing.current === undefined) return;",
    testFile: TRACES,
    testName:
      "the first call, with which tracing is opened is a span like any other to a remote store, and none to one in this process",
  },
  {
    name: "what nodes ask each other by themselves begins traces",
    file: "src/tiers/owners/serve-traced.ts",
    search: "carried === undefined ? undefined : current?.startServed(operation, carried)",
    replacement: "current?.startServed(operation, carried)",
    testFile: OWNERS,
    testName: "what is asked in no trace, and this node's own keys, are no spans",
  },
  {
    name: "what an owner could not do counts as done in its span",
    file: "src/tiers/owners/serve-traced.ts",
    search: `reply.kind === "failed"`,
    replacement: "false",
    testFile: OWNERS,
    testName: "what the owner cannot do is an error of that span, by its code",
  },
  {
    name: "a trace that makes no sense loses the letter",
    file: "src/transports/grpc/wire/frame.ts",
    search: "if (Number.isNaN(call) || traceparent?.length !== TRACEPARENT_LENGTH) return undefined;",
    replacement: `if (Number.isNaN(call) || traceparent?.length !== TRACEPARENT_LENGTH) throw new MalformedFrameError("a trace");`,
    testFile: FRAMES,
    testName: "frames leave out traces that make no sense, and never a letter for them",
  },
  {
    name: "contexts that follow promises stay on when nobody runs in them",
    file: "src/observability/opentelemetry/setup/resting-contexts.ts",
    search: "if (runningCount === 0 && mayRest) contexts.disable();",
    replacement: "if (runningCount < 0) contexts.disable();",
    testFile: "src/observability/opentelemetry/setup/resting-contexts.test.ts",
    testName: "contexts that rest follow promises of works at the same time, and rest when the last has settled",
  },
  {
    name: "contexts rest while a callback may still want them",
    file: "src/observability/opentelemetry/setup/resting-contexts.ts",
    search: "mayRest &&= isOwnContext(context);",
    replacement: "mayRest &&= true;",
    testFile: "src/observability/opentelemetry/setup/resting-contexts.test.ts",
    testName: "contexts that rest stay for callbacks of work that returns no promise, and of functions that are bound",
  },
  {
    name: "only the first missing package is named",
    file: "src/observability/opentelemetry/setup/sdk-packages.ts",
    search: "const names = missing.map",
    replacement: "const names = missing.slice(0, 1).map",
    testFile: "src/observability/opentelemetry/setup/sdk-packages.test.ts",
    testName: "several optional packages are all named when some are missing, with one command that installs them",
  },
  {
    name: "each call is measured where nobody has registered a meter provider",
    file: "src/observability/opentelemetry/trace-cache.ts",
    search: "return meter === api.createNoopMeter() ? undefined : meter;",
    replacement: "return meter;",
    testFile: "test/unit/traced-metrics.test.ts",
    testName:
      "metrics of a cache are not measured where nobody has registered a provider: an event for each call has its price",
  },
];
