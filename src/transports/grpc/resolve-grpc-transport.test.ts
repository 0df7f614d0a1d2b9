import { describe, expect, it } from "vitest";
import { ConfigError } from "../../foundation/errors.ts";
import { resolveGrpcTransport } from "./resolve-grpc-transport.ts";

const files = { certFile: "node.crt", keyFile: "node.key" };

describe("options of the gRPC transport", () => {
  it("have defaults, and another id for each life", () => {
    const settings = resolveGrpcTransport({});
    expect(settings).toMatchObject({ host: "127.0.0.1", port: 50_051, heartbeatMs: 1_000, tls: undefined });
    expect(resolveGrpcTransport({}).nodeId).not.toBe(settings.nodeId);
  });

  it.each(["0.0.0.0", "::", "10.1.2.3", "node.example"])(
    "let nobody in unseen: %s needs a token, or tls with caFile",
    (host) => {
      expect(() => resolveGrpcTransport({ host })).toThrow(ConfigError);
      expect(() => resolveGrpcTransport({ host, tls: files })).toThrow(/public authority/);
      expect(resolveGrpcTransport({ host, token: "t" }).host).toBe(host);
      expect(resolveGrpcTransport({ host, tls: { ...files, caFile: "ca.crt" } }).host).toBe(host);
    },
  );

  it.each([
    [{ port: 65_536 }, "grpc.port"],
    [{ heartbeatMs: 0 }, "grpc.heartbeatMs"],
    [{ peers: ["nowhere"] }, "grpc.peers"],
    [{ discovery: "name:1" }, "grpc.discovery"],
    [{ token: "" }, "grpc.token"],
    [{ tls: { certFile: "a", keyFile: "" } }, "grpc.tls"],
    [{ reconnect: { minMs: 10, maxMs: 5 } }, "grpc.reconnect"],
    [{ maxMessageBytes: 65_536, batchBytes: 65_537 }, "grpc.maxMessageBytes"],
    [{ nodeId: "" }, "grpc.nodeId"],
  ])("out of range are refused by name: %o", (options, field) => {
    expect(() => resolveGrpcTransport(options)).toThrow(expect.objectContaining({ code: "GCX_CONFIG_INVALID", field }));
  });

  it("take the port of a name without one from this node", () => {
    expect(resolveGrpcTransport({ port: 7_000, discovery: "dns:n.svc" }).discovery).toEqual({
      name: "n.svc",
      port: 7_000,
    });
    expect(resolveGrpcTransport({ port: 0, discovery: "dns:n.svc" }).discovery?.port).toBe(50_051);
  });
});
