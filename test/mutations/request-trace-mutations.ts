import type { Mutation } from "./mutation.ts";

const REQUESTS = "test/unit/traced-requests.test.ts";
const HTTP = "test/integration/node-tracing.test.ts";
const GRPC = "test/integration/grpc-api-tracing.test.ts";
const TRACER = "src/observability/opentelemetry/otel-call-tracer.ts";
const REQUEST = "src/observability/opentelemetry/recorded-request.ts";
const CARRIED = "src/observability/opentelemetry/carried-context.ts";
const CARRIED_TEST = "src/observability/opentelemetry/carried-context.test.ts";
const TRACED_HTTP = "src/server/traced-request.ts";
const TRACED_GRPC = "src/server/grpc/traced-call.ts";

/** The safeguards of traces that come with requests. */
export const REQUEST_TRACE_MUTATIONS: readonly Mutation[] = [
  {
    name: "what watches a node all the time begins traces",
    file: TRACER,
    search: "if (parent === undefined && !beginsTrace) return undefined;",
    replacement: "",
    testFile: REQUESTS,
    testName: "a request that carries none begins a trace, unless it is one of those that begin none",
  },
  {
    name: "a request is below what was going on when the node began to listen",
    file: TRACER,
    search: "(remote === undefined || around.spanContext().traceId === remote.traceId)",
    replacement: "true",
    testFile: REQUESTS,
    testName: "a request is not below what was going on when the node began to listen",
  },
  {
    name: "a request is below a span that is over",
    file: TRACER,
    search: "around?.isRecording() === true &&",
    replacement: "around !== undefined &&",
    testFile: REQUESTS,
    testName: "a request is not below what was going on when the node began to listen",
  },
  {
    name: "a request stands beside the span of the application's instrumentation",
    file: TRACER,
    search: "      return api.context.active();\n    }\n    return remote",
    replacement: "    }\n    return remote",
    testFile: REQUESTS,
    testName: "a request is below the span of an instrumentation that continues the same trace, or has begun it",
  },
  {
    name: "what is done for a request is in a trace of its own",
    file: REQUEST,
    search: "return this.#api.context.with(this.#context, work);",
    replacement: "return work();",
    testFile: REQUESTS,
    testName: "what is done for a request is below it, also what it does later",
  },
  {
    name: "what is done for a request that is not sampled is recorded all the same",
    file: REQUEST,
    search: "return this.#api.context.with(this.#context, work);",
    replacement: "return this.#span.isRecording() ? this.#api.context.with(this.#context, work) : work();",
    testFile: REQUESTS,
    testName: "what the client does not sample is not recorded, and neither is what is done for it",
  },
  {
    name: "a processor of the application that throws fails the answer to a request",
    file: REQUEST,
    search: "    } catch {",
    replacement: "    } catch (error) {\n      throw error;",
    testFile: REQUESTS,
    testName: "a processor or a sampler of the application that throws changes nothing",
  },
  {
    name: "a state is read beside a trace that makes no sense",
    file: CARRIED,
    search: "if (spanContext === undefined || text",
    replacement: "if (text",
    testFile: CARRIED_TEST,
    testName: "a state is read only beside a span that makes sense, and alone left out where it makes none",
  },
  {
    name: "a sampler's state that throws fails the call that carries it",
    file: CARRIED,
    search: "  } catch {\n    return",
    replacement: "  } catch (error) {\n    throw error;\n    return",
    testFile: CARRIED_TEST,
    testName: "a state of a sampler's own making stays behind where it throws or is too long",
  },
  {
    name: "a sampler's state of any length is carried",
    file: CARRIED,
    search: 'return text.length > MAX_TRACESTATE_LENGTH ? "" : text;',
    replacement: "return text;",
    testFile: CARRIED_TEST,
    testName: "a state of a sampler's own making stays behind where it throws or is too long",
  },
  {
    name: "a traceparent of the known version may say more than that version does",
    file: "src/observability/opentelemetry/traceparent.ts",
    search: '|| (version === "00" && more !== undefined)',
    replacement: "",
    testFile: HTTP,
    testName: "a request of a trace makes no sense (too long): then it begins one, and its state is passed over",
  },
  {
    name: "another node's state of any length is taken",
    file: "src/transports/grpc/wire/frame.ts",
    search: "tracestate !== undefined && tracestate.length <= MAX_TRACESTATE_LENGTH",
    replacement: "tracestate !== undefined",
    testFile: "src/transports/grpc/wire/frame.test.ts",
    testName: "frames leave out a state that is longer than anybody has to carry, and keep its trace",
  },
  {
    name: "the room that traces take in a letter is reckoned without their states",
    file: "src/transports/grpc/wire/frame.ts",
    search: "bytes += STATE_HEAD_BYTES + tracestate.length * UNIT_BYTES;",
    replacement: "bytes += STATE_HEAD_BYTES;",
    testFile: "src/transports/grpc/wire/frame.test.ts",
    testName: "frames carry the traces of calls beside a letter, which who does not know them passes over",
  },
  {
    name: "the application's own way to carry traces on ends with a cache",
    file: "src/observability/opentelemetry/setup/process-sdk.ts",
    search: "if (isPropagator) api.propagation.disable();",
    replacement: "api.propagation.disable();",
    testFile: "test/integration/tracing.test.ts",
    testName:
      "spans of a cache whose application has no tracer provider leave the application its own way to carry traces on, also when the cache is closed",
  },
  {
    name: "what was registered to carry traces on stays when the last cache has closed",
    file: "src/observability/opentelemetry/setup/process-sdk.ts",
    search: "if (isPropagator) api.propagation.disable();",
    replacement: "",
    testFile: HTTP,
    testName:
      "a request of a trace is one of an application, whose loads and own spans are below it, and whose requests can carry it on",
  },
  {
    name: "the path of a request, with the key in it, is the name of its span",
    file: TRACED_HTTP,
    search: "return { path: route?.path, beginsTrace",
    replacement: "return { path: route && url, beginsTrace",
    testFile: HTTP,
    testName:
      "a request of a trace is a SERVER span of it by the conventions, with what the cache does below it, and no word of the key",
  },
  {
    name: "probes of a node begin traces",
    file: TRACED_HTTP,
    search: "route !== undefined && route.usesCache !== false",
    replacement: "route !== undefined",
    testFile: HTTP,
    testName:
      "a request of no trace begins one, unless it is a probe, of who watches, or of nothing that is there; those continue one",
  },
  {
    name: "what the client did wrong is an error of the node's span",
    file: TRACED_HTTP,
    search: "statusCode >= 500",
    replacement: "statusCode >= 400",
    testFile: HTTP,
    testName:
      "a request that fails is an error of the node by the library's code, and none where the client is to blame",
  },
  {
    name: "an answer that was cut went well",
    file: TRACED_HTTP,
    search: "|| (problem !== undefined && problem.status !== statusCode)",
    replacement: "",
    testFile: HTTP,
    testName: "a request that fails in the middle of its answer is an error though its status says that it went well",
  },
  {
    name: "a client that leaves got an answer",
    file: TRACED_HTTP,
    search: "if (!headersSent) {",
    replacement: "if (false) {",
    testFile: HTTP,
    testName: "a request that fails because its client leaves is over then, and no error",
  },
  {
    name: "of two traces that a call carries one is taken",
    file: TRACED_GRPC,
    search: 'metadata.get("traceparent").join(",");',
    replacement: 'String(metadata.get("traceparent")[0] ?? "").slice(0, 55);',
    testFile: GRPC,
    testName: "a call of a trace begins where it carries two",
  },
  {
    name: "what a caller did wrong is an error of the node's span",
    file: TRACED_GRPC,
    search: "SERVER_FAULTS.has(end.status)",
    replacement: "true",
    testFile: GRPC,
    testName:
      "a call that fails is an error by the library's code where that is the node's fault, and none where it is the caller's",
  },
  {
    name: "a call that only watches begins a trace",
    file: "src/server/grpc/call-runner.ts",
    search: "describeCall(name, method.isCounted, call)",
    replacement: "describeCall(name, true, call)",
    testFile: GRPC,
    testName: "a call of a trace begins with none that only watches, which continues one",
  },
  {
    name: "a state of the environment that no header can hold is sent",
    file: "src/cli/trace-from-environment.ts",
    search: "STATE_FORM.test(tracestate) ?",
    replacement: 'tracestate !== "" ?',
    testFile: "src/cli/trace-from-environment.test.ts",
    testName: 'a state that no header could hold is left out alone: "ä=1"',
  },
  {
    name: "a command sends no trace",
    file: "src/server/node-request.ts",
    search: "if (trace === undefined) return {};",
    replacement: "if (true) return {};",
    testFile: HTTP,
    testName: "a request of a trace is one of a command that is run in a trace, as TRACEPARENT and TRACESTATE say",
  },
];
