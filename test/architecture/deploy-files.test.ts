import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { loadConfig } from "../../src/config/load-config.ts";
import { resolveConfig } from "../../src/config/resolve-config.ts";
import { parseConfigText } from "./parse-config-text.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (name: string): string => readFileSync(`${root}deploy/${name}`, "utf8");
const packages = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
};

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: what is read out of it is compared with values
  readonly spec: any;
}

const manifests = parseAllDocuments(read("kubernetes/gocachex.yaml")).map((document) => {
  expect(document.errors).toEqual([]);
  return document.toJS({ maxAliasCount: 0 }) as Manifest;
});
const find = (kind: string, name = "gocachex"): Manifest =>
  manifests.find((each) => each.kind === kind && each.metadata.name === name) as Manifest;

/** Options that a command line gives `serve`. */
const optionsOf = (args: readonly string[]): readonly string[] => args.filter((each) => each.startsWith("--"));
const servedOptions = execFileSync(process.execPath, [`${root}dist/cli.mjs`, "help", "serve"], { encoding: "utf8" });

describe("the manifests for Kubernetes", () => {
  it("configure nodes as they can be: the configuration and the access file are accepted", async () => {
    const { data } = find("ConfigMap");
    const [secret] = find("Deployment").spec.template.spec.containers[0].env;
    expect(secret.name).toBe("GOCACHEX_GRPC_TOKEN");
    const config = await parseConfigText(data["cache.json"] as string, { GOCACHEX_GRPC_TOKEN: "x".repeat(32) });
    expect(resolveConfig(config).distributed?.settings).toMatchObject({
      host: "0.0.0.0",
      port: 50_051,
      discovery: "dns:gocachex-peers:50051",
      token: "x".repeat(32),
    });
    const { tokens } = JSON.parse(data["access.json"] as string) as { tokens: { role: string; tokenFile: string }[] };
    expect(tokens.map(({ role, tokenFile }) => `${role} ${tokenFile}`)).toEqual([
      "read /run/secrets/gocachex/read",
      "admin /run/secrets/gocachex/admin",
    ]);
  });

  it("fit together: ports, probes, names and volumes", () => {
    const { spec } = find("Deployment");
    const [container] = spec.template.spec.containers;
    const ports = new Map<string, number>(
      container.ports.map((port: { name: string; containerPort: number }) => [port.name, port.containerPort]),
    );
    for (const service of [find("Service"), find("Service", "gocachex-peers")]) {
      expect(service.spec.selector).toEqual(spec.template.metadata.labels);
      for (const port of service.spec.ports) expect(ports.get(port.targetPort)).toBe(port.port);
    }
    expect(find("Service", "gocachex-peers").spec.clusterIP).toBe("None");
    expect(container.livenessProbe.httpGet).toEqual({ path: "/healthz", port: "http" });
    expect(container.readinessProbe.httpGet).toEqual({ path: "/readyz", port: "http" });
    const volumes = spec.template.spec.volumes.map(({ name }: { name: string }) => name);
    expect(container.volumeMounts.map(({ name }: { name: string }) => name)).toEqual(volumes);
    expect(container.image).toBe(`gocachex:${packages.version}`);
    expect(find("PodDisruptionBudget").spec.selector).toEqual(spec.selector);
    for (const option of optionsOf(container.args)) expect(servedOptions).toContain(option);
    const at = (option: string): string => container.args[container.args.indexOf(option) + 1];
    expect([at("--port"), at("--grpc-port")]).toEqual([String(ports.get("http")), String(ports.get("grpc"))]);
  });

  it("give nodes no more rights than they need", () => {
    const { spec } = find("Deployment").spec.template;
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(spec.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });
});

describe("the files for Docker", () => {
  const lines = read("docker/Dockerfile").split("\n");
  const compose = parse(read("docker/docker-compose.yml"), { merge: true }) as {
    readonly services: Readonly<Record<string, Record<string, unknown>>>;
  };

  it("install optional packages in the versions that the package takes, and run as somebody without rights", () => {
    const install = lines.slice(lines.findIndex((line) => line.includes("npm install"))).join(" ");
    const named = [...install.matchAll(/(?<= )(@?[\w/-]+)@(\d+)(?= )/g)].map(([, name, major]) => [name, major]);
    expect(named.length).toBeGreaterThan(5);
    for (const [name = "", major] of named)
      expect(packages.peerDependencies[name]).toMatch(new RegExp(`^\\^${major}\\.`));
    expect(lines).toContain("USER node");
    const command = JSON.parse((lines.find((line) => line.startsWith("CMD")) as string).slice(4)) as string[];
    for (const option of optionsOf(command)) expect(servedOptions).toContain(option);
  });

  it("configure nodes as they can be", async () => {
    expect(resolveConfig(await loadConfig({ file: `${root}deploy/docker/cache.json`, env: false })).tiers.length).toBe(
      2,
    );
    const variables = JSON.parse(read("docker/access.json")).tokens.map(
      ({ tokenEnv }: { tokenEnv: string }) => tokenEnv,
    );
    for (const name of ["node-1", "node-2"]) {
      expect(Object.keys(compose.services[name]?.["environment"] as object)).toEqual(variables);
    }
  });

  it("publish ports on loopback only, and mount files that exist", () => {
    for (const { ports = [], volumes = [] } of Object.values(compose.services) as {
      ports?: string[];
      volumes?: string[];
    }[]) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
      for (const volume of volumes) expect(() => read(`docker/${volume.split(":")[0]}`)).not.toThrow();
    }
  });
});
