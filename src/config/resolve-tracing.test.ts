import { describe, expect, it } from "vitest";
import { resolveConfig } from "./resolve-config.ts";
import { resolveTracing } from "./resolve-tracing.ts";
import type { TracingConfig } from "./sections/tracing-config.ts";

describe("where spans go", () => {
  it.each<[string, TracingConfig, string]>([
    ["the place of OTLP over HTTP by default", {}, "http://localhost:4318/v1/traces"],
    ["the same for Jaeger, which takes it there", { provider: "jaeger" }, "http://localhost:4318/v1/traces"],
    ["that of Zipkin", { provider: "zipkin" }, "http://localhost:9411/api/v2/spans"],
    ["the path added to a URL without one", { endpoint: "https://c.example:443/" }, "https://c.example/v1/traces"],
    ["a path as it is written", { endpoint: "http://c/otlp/v1/traces" }, "http://c/otlp/v1/traces"],
    ["an address as HTTP", { endpoint: "collector:4318" }, "http://collector:4318/v1/traces"],
    ["a port alone as this machine", { endpoint: ":4318" }, "http://localhost:4318/v1/traces"],
    ["an address of IPv6", { endpoint: "[::1]:4318" }, "http://[::1]:4318/v1/traces"],
  ])("is %s", (_name, tracing, url) => {
    expect(resolveTracing({ enabled: true, ...tracing })?.url).toBe(url);
  });

  it.each<[string, TracingConfig, string]>([
    ["HTTP by default", {}, "otlp-http"],
    ["gRPC at the port where receivers speak nothing else", { endpoint: "localhost:4317" }, "otlp-grpc"],
    ["gRPC for Jaeger there", { provider: "jaeger", endpoint: "https://j:4317" }, "otlp-grpc"],
    ["Zipkin's own wherever it is", { provider: "zipkin", endpoint: "localhost:4317" }, "zipkin"],
  ])("is spoken to by %s", (_name, tracing, protocol) => {
    expect(resolveTracing({ enabled: true, ...tracing })?.protocol).toBe(protocol);
  });

  it("is nowhere unless tracing is enabled", () => {
    expect(resolveTracing({})).toBeUndefined();
    expect(resolveTracing({ enabled: false, endpoint: "http://a" })).toBeUndefined();
    expect(resolveConfig({}).tracing).toBeUndefined();
  });
});

describe("a section tracing that would have no effect, or another than it says", () => {
  it.each<[string, TracingConfig, string]>([
    ["settings without the switch", { sampleRate: 0.5 }, "GCX_CONFIG_INVALID"],
    ["a path of a file for an endpoint", { enabled: true, endpoint: "/tmp/socket" }, "GCX_CONFIG_INVALID"],
    ["an endpoint that is no URL", { enabled: true, endpoint: "http://[" }, "GCX_CONFIG_INVALID"],
  ])("is refused: %s", (_name, tracing, code) => {
    const [name] = Object.keys(tracing).filter((each) => each !== "enabled" && each !== "provider");
    expect(() => resolveConfig({ tracing })).toThrow(expect.objectContaining({ code, field: `tracing.${name}` }));
  });

  it("is known by the fields that were given, for who brings a provider of their own", () => {
    const { tracing } = resolveConfig({ tracing: { enabled: true, sampleRate: 1, serviceName: undefined } });
    expect(tracing?.providerFields).toEqual(["sampleRate"]);
  });
});
