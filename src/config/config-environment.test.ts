import { describe, expect, it } from "vitest";
import { ConfigError } from "../foundation/errors.ts";
import { listEnvironmentVariables } from "./environment-variables.ts";
import { loadConfig } from "./load-config.ts";

async function refusal(env: Record<string, string>): Promise<ConfigError> {
  const error: unknown = await loadConfig({ env }).then(
    () => new Error("accepted"),
    (reason: unknown) => reason,
  );
  if (error instanceof ConfigError) return error;
  throw error;
}

describe("environment variables", () => {
  it("are named without two meanings, and never like a reserved one", () => {
    const names = listEnvironmentVariables().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("GOCACHEX_REDIS_CLUSTER_MAX_REDIRECTS");
    expect(names).toContain("GOCACHEX_L1_MEMORY_MAX_KEYS");
    expect(names.filter((name) => /^GOCACHEX_(CONFIG|NODE|TRACES|TEST_|BENCH_|SERVICE_|PORT)/.test(name))).toEqual([]);
  });

  it.each([
    ["GOCACHEX_MEMORY_MAX_SIZE", "64MB", { memory: { maxSize: "64MB" } }],
    ["GOCACHEX_MEMORY_MAX_SIZE", "65536", { memory: { maxSize: "65536" } }],
    ["GOCACHEX_MEMORY_MAX_KEYS", " 10 ", { memory: { maxKeys: 10 } }],
    ["GOCACHEX_MEMORY_MAX_KEYS", "off", { memory: { maxKeys: false } }],
    ["GOCACHEX_DEFAULT_TTL", "90000", { defaultTtl: 90_000 }],
    ["GOCACHEX_DEFAULT_TTL", "1m30s", { defaultTtl: "1m30s" }],
    ["GOCACHEX_DEFAULT_TTL", "false", { defaultTtl: false }],
    ["GOCACHEX_MEMORY_COPY", "No", { memory: { copy: false } }],
    ["GOCACHEX_MEMORY_COPY", "1", { memory: { copy: true } }],
    ["GOCACHEX_MEMORY_COPY", "freeze", { memory: { copy: "freeze" } }],
    ["GOCACHEX_MEMORY_MAX_SIZE", "off", { memory: { maxSize: false } }],
    ["GOCACHEX_ENCRYPTION_KEYS", "", {}],
    [
      "GOCACHEX_TIERS",
      '[{"backend": "memory", "memory": {"default_ttl": 60000000000}}, {"backend": "redis"}]',
      { tiers: [{ backend: "memory", memory: { defaultTtl: 60_000 } }, { backend: "redis" }] },
    ],
  ])("%s=%s is read", async (name, text, config) => {
    expect(await loadConfig({ env: { [name]: text } })).toEqual(config);
  });

  it("read shares as numbers", async () => {
    const env = { GOCACHEX_TRACING_ENABLED: "true", GOCACHEX_TRACING_SAMPLE_RATE: "0.5" };
    expect(await loadConfig({ env })).toEqual({ tracing: { enabled: true, sampleRate: 0.5 } });
  });

  it.each([
    ["a=1, b=x=y", { a: "1", b: "x=y" }],
    ['{"a": "1,2"}', { a: "1,2" }],
  ])("read labels from %s", async (text, labels) => {
    const env = { GOCACHEX_PROMETHEUS_ENABLED: "true", GOCACHEX_PROMETHEUS_LABELS: text };
    expect(await loadConfig({ env })).toEqual({ prometheus: { enabled: true, labels } });
  });

  it("read lists with and without spaces", async () => {
    const env = { GOCACHEX_BACKEND: "redis", GOCACHEX_REDIS_ADDRESSES: "a:1, b:2,", GOCACHEX_REDIS_PASSWORD: " p " };
    expect(await loadConfig({ env })).toEqual({
      backend: "redis",
      redis: { addresses: ["a:1", "b:2"], password: " p " },
    });
  });

  it.each([
    ["GOCACHEX_MEMORY_MAX_KEYS", "many", "memory.maxKeys", /"many"/],
    ["GOCACHEX_MEMORY_MAX_KEYS", "0", "memory.maxKeys", /from 1 to/],
    ["GOCACHEX_MEMORY_COPY", "maybe", "memory.copy", /true, false or "freeze"; it is "maybe"/],
    ["GOCACHEX_DEADLINES_READ", "1 parsec", "deadlines.read", /"1ms" to "10m"/],
    ["GOCACHEX_MEMORY_EVICTION_POLICY", "lur", "memory.evictionPolicy", /Did you mean "lru"/],
    ["GOCACHEX_PROMETHEUS_LABELS", "novalue", "prometheus.labels", /object whose values are texts/],
    ["GOCACHEX_TIERS", "memory,redis", "tiers", /list of up to 4 objects/],
    ["GOCACHEX_TIERS", '[{"backend": 5}]', "tiers[0].backend", /GOCACHEX_TIERS\[0\]\.backend/],
    ["GOCACHEX_REDIS_ADDRESSES", "nowhere", "redis.addresses[0]", /localhost:6379/],
  ])("%s=%s is refused by its name", async (name, text, field, message) => {
    const error = await refusal({ [name]: text });
    expect(error).toMatchObject({ code: "GCX_CONFIG_ENVIRONMENT", field });
    expect(error.message).toContain(name);
    expect(error.message).toMatch(message);
  });

  it("never show a credential", async () => {
    const error = await refusal({ GOCACHEX_REDIS_URL: "hunter2", GOCACHEX_TRACING_HEADERS: "hunter2" });
    expect(error.message).not.toContain("hunter2");
    expect(error.message).toContain("GOCACHEX_TRACING_HEADERS");
  });

  it.each([
    ["GOCACHEX_MEMORY_MAXSIZE", "GOCACHEX_MEMORY_MAX_SIZE"],
    ["GOCACHEX_BACKENDS", "GOCACHEX_BACKEND"],
    ["GOCACHEX_REDIS_CLIENT", "GOCACHEX_REDIS_"],
  ])("%s is unknown, and the nearest is suggested", async (name, nearest) => {
    const error = await refusal({ [name]: "x" });
    expect(error.code).toBe("GCX_CONFIG_ENVIRONMENT");
    expect(error.message).toContain(`Did you mean ${nearest}`);
  });

  it.each(["GOCACHEX_ZZZZZZZZ", "GOCACHEX_BACKENDS"])(
    "%s is unknown, and the message says where all are",
    async (name) => {
      const { message } = await refusal({ [name]: "x" });
      expect(message).toContain("docs/reference/config.md lists all");
    },
  );

  it("of tools and of Kubernetes are left alone", async () => {
    const env = {
      GOCACHEX_NODE: "127.0.0.1:7070",
      GOCACHEX_NODE_TOKEN: "a-token-of-a-node",
      GOCACHEX_NODE_TOKEN_FILE: "/run/secrets/token",
      GOCACHEX_NODE_CA_FILE: "ca.crt",
      GOCACHEX_NODE_CERT_FILE: "client.crt",
      GOCACHEX_NODE_KEY_FILE: "client.key",
      GOCACHEX_TRACES: "/traces",
      GOCACHEX_TEST_REDIS: "127.0.0.1:6379",
      GOCACHEX_BENCH_SECONDS: "5",
      GOCACHEX_SERVICE_HOST: "10.0.0.1",
      GOCACHEX_SERVICE_PORT: "80",
      GOCACHEX_SERVICE_PORT_HTTP: "80",
      GOCACHEX_PORT: "tcp://10.0.0.1:80",
      GOCACHEX_PORT_80_TCP_ADDR: "10.0.0.1",
      GOCACHEX_GRPC_SERVICE_HOST: "10.0.0.2",
      GOCACHEX_GRPC_PORT: "tcp://10.0.0.2:50051",
      GOCACHEX_GRPC_PORT_50051_TCP: "tcp://10.0.0.2:50051",
    };
    expect(await loadConfig({ env })).toEqual({});
  });
});
