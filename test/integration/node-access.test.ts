import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Certificates, makeCertificates } from "../../scripts/servers/make-certificates.ts";
import { createCache } from "../../src/create-cache.ts";
import { loadAccessFile } from "../../src/server/access/load-access-file.ts";
import { startNode } from "../../src/server/node.ts";
import { problemIn, type RunningNode, startTestNode } from "./node-harness.ts";
import { rawRequest } from "./node-raw-request.ts";

const TOKENS = {
  read: "read-token-0123456789",
  write: "write-token-0123456789",
  admin: "admin-token-0123456789",
} as const;
const ACCESS = {
  tokens: Object.entries(TOKENS).map(([role, token]) => ({ role: role as keyof typeof TOKENS, token })),
};
const JSON_TYPE = { "Content-Type": "application/json" };

function as(role: keyof typeof TOKENS): Record<string, string> {
  return { Authorization: `Bearer ${TOKENS[role]}` };
}

describe("a node with tokens", () => {
  let node: RunningNode;
  beforeEach(async () => {
    node = await startTestNode({ access: ACCESS, app: (_request, response) => response.end("app") });
    await node.cache.set("secret-key", "secret-value");
  });
  afterEach(async () => {
    await node[Symbol.asyncDispose]();
  });

  it.each([
    ["GET", "/v1/keys/secret-key"],
    ["GET", "/v1/keys"],
    ["GET", "/v1/openapi.json"],
    ["GET", "/v1/nowhere"],
    ["GET", "/app/"],
    ["PUT", "/v1/keys/a"],
    ["POST", "/v1/clear"],
  ])("answers %s %s with 401 and nothing else without one", async (method, path) => {
    const answer = await node.ask(path, { method, ...(method === "GET" ? {} : { headers: JSON_TYPE, body: "{}" }) });
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="gocachex"']);
    const body = await answer.text();
    expect(JSON.parse(body)).toMatchObject({ status: 401, code: "GCX_NODE_REQUEST" });
    expect(body).not.toContain("secret");
    expect(await node.cache.exists("secret-key")).toBe(true);
  });

  it("answers probes and pages without one, with a word", async () => {
    expect(await (await node.ask("/healthz")).text()).toBe("ok");
    expect(await (await node.ask("/readyz")).text()).toBe("up");
    expect((await node.ask("/")).status).toBe(200);
  });

  it.each([
    ["read", "GET", "/v1/keys/secret-key", 200],
    ["read", "POST", "/v1/batch/get", 200],
    ["read", "PUT", "/v1/keys/a", 403],
    ["read", "DELETE", "/v1/keys/secret-key", 403],
    ["read", "POST", "/v1/batch/delete", 403],
    ["read", "POST", "/v1/locks/a/acquire", 403],
    ["read", "POST", "/v1/tags/invalidate", 403],
    ["write", "PUT", "/v1/keys/a", 200],
    ["write", "GET", "/v1/keys/secret-key", 200],
    ["write", "POST", "/v1/clear", 403],
    ["write", "DELETE", "/v1/keys?prefix=s", 403],
    ["admin", "DELETE", "/v1/keys?prefix=s", 200],
    ["admin", "POST", "/v1/clear", 200],
  ] as const)("lets the role %s %s %s: %i", async (role, method, path, status) => {
    const bodies: Readonly<Record<string, string>> = {
      "/v1/batch/get": '{"keys":["a"]}',
      "/v1/batch/delete": '{"keys":["secret-key"]}',
    };
    const hasBody = method === "POST" || method === "PUT";
    const answer = await node.ask(path, {
      method,
      headers: { ...as(role), ...(hasBody ? JSON_TYPE : {}) },
      ...(hasBody ? { body: bodies[path] ?? "{}" } : {}),
    });
    expect(answer.status).toBe(status);
    if (status === 403) {
      expect((await problemIn(answer)).detail).not.toContain("secret");
      expect(await node.cache.exists("secret-key")).toBe(true);
    }
  });

  it.each([
    "Bearer wrong-token-0123456789",
    `Basic ${Buffer.from(`x:${TOKENS.admin}`).toString("base64")}`,
    "Bearer ",
    `Bearer ${TOKENS.read}x`,
    `Bearer ${TOKENS.read.slice(0, -1)}`,
    TOKENS.read,
  ])("refuses %j", async (authorization) => {
    const answer = await node.ask("/v1/stats", { headers: { Authorization: authorization } });
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="gocachex", error="invalid_token"',
    ]);
  });

  it("takes no token out of the address", async () => {
    for (const query of [`token=${TOKENS.admin}`, `access_token=${TOKENS.admin}`])
      expect((await node.ask(`/v1/stats?${query}`)).status).toBe(401);
  });

  it("asks nobody by whose name he comes, for no page of somebody else has a token", async () => {
    const answer = await rawRequest(node.node, "GET", "/v1/stats", { ...as("read"), Host: "cache.example" });
    expect(answer.status).toBe(200);
    const rebound = await rawRequest(node.node, "GET", "/v1/stats", { Host: "evil.example" });
    expect(rebound.status).toBe(401);
    const page = { ...as("admin"), ...JSON_TYPE, Host: "cache.example" };
    const own = await rawRequest(node.node, "POST", "/v1/clear", { ...page, Origin: "https://cache.example" }, "{}");
    const others = await rawRequest(node.node, "POST", "/v1/clear", { ...page, Origin: "https://evil.example" }, "{}");
    expect([own.status, others.status]).toEqual([200, 403]);
  });

  it("opens the application to readers, or to everybody where that is asked for", async () => {
    expect(await (await node.ask("/app/", { headers: as("read") })).text()).toBe("app");
    await using open = await startTestNode({
      access: { ...ACCESS, appRole: "open" },
      app: (_request, response) => response.end("app"),
    });
    expect(await (await open.ask("/app/")).text()).toBe("app");
    expect((await open.ask("/v1/stats")).status).toBe(401);
  });

  it("looks at no token of an address that has sent too many wrong ones, and says how long", async () => {
    const guess = (): Promise<Response> => node.ask("/v1/stats", { headers: { Authorization: "Bearer wrong" } });
    const statuses = await Promise.all(Array.from({ length: 25 }, async () => (await guess()).status));
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(22);
    const right = await node.ask("/v1/stats", { headers: as("admin") });
    expect([right.status, Number(right.headers.get("retry-after"))]).toEqual([429, expect.toBeOneOf([1, 2, 3])]);
    expect((await node.ask("/healthz")).status).toBe(200);
  });
});

describe("listening for other machines", () => {
  const cache = createCache();
  afterAll(() => cache.close());

  it("needs tokens, or client certificates", async () => {
    await expect(startNode({ cache, host: "0.0.0.0", port: 0 })).rejects.toMatchObject({ code: "GCX_NODE_LISTEN" });
    await using node = await startNode({ cache, host: "0.0.0.0", port: 0, access: ACCESS });
    expect(node.url).toBe(`http://127.0.0.1:${node.port}`);
    expect((await fetch(`${node.url}/v1/stats`, { headers: as("read") })).status).toBe(200);
  });

  it.each([
    [{ access: { tokens: [] } }, "access.tokens"],
    [{ access: { tokens: [{ token: "short", role: "read" }] } }, "access.tokens[0].token"],
    [{ access: { tokens: [{ token: "has a space in the middle", role: "read" }] } }, "access.tokens[0].token"],
    [{ access: { tokens: [{ token: TOKENS.read, role: "root" }] } }, "access.tokens[0].role"],
    [{ access: { tokens: [ACCESS.tokens[0], ACCESS.tokens[0]] } }, "access.tokens"],
    [{ access: { ...ACCESS, appRole: "nobody" } }, "access.appRole"],
    [{ tls: { certFile: "a", keyFile: "" } }, "tls.keyFile"],
    [{ tls: { certFile: "a", keyFile: "b", requireClientCert: true } }, "tls.caFile"],
    [{ tls: { certFile: "a", keyFile: "b", caFile: "c" } }, "tls.caFile"],
    [{ tls: { certFile: "a", keyFile: "b", clientRole: "read" } }, "tls.clientRole"],
  ])("refuses %j", async (options, name) => {
    const error = await startNode({ cache, port: 0, ...(options as object) }).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: "GCX_ARGUMENT_OPTION", argument: name });
    expect((error as Error).message).not.toContain("in the middle");
  });
});

describe("a node with certificates", () => {
  let certificates: Certificates;
  beforeAll(() => {
    certificates = makeCertificates();
  });
  afterAll(() => certificates.remove());

  interface Client {
    readonly cert?: Buffer;
    readonly key?: Buffer;
  }

  async function ask(port: number, path: string, method: string, client: Client, ca: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = method === "GET" ? {} : JSON_TYPE;
      const call = httpsRequest({ host: "127.0.0.1", port, path, method, ca, agent: false, headers, ...client });
      call.once("error", reject);
      call.once("response", (response) => {
        text(response).then(() => resolve(response.statusCode as number), reject);
      });
      call.end(method === "GET" ? undefined : "{}");
    });
  }

  async function files(): Promise<Record<"ca" | "cert" | "key" | "strangerCert" | "strangerKey", Buffer>> {
    const { readFile } = await import("node:fs/promises");
    const [ca, cert, key, strangerCert, strangerKey] = await Promise.all(
      [
        certificates.caFile,
        certificates.clientCertFile,
        certificates.clientKeyFile,
        certificates.strangerCertFile,
        certificates.strangerKeyFile,
      ].map((file) => readFile(file)),
    );
    return { ca, cert, key, strangerCert, strangerKey } as Record<
      "ca" | "cert" | "key" | "strangerCert" | "strangerKey",
      Buffer
    >;
  }

  it("speaks HTTPS, and knows callers by the certificates that its authority signed", async () => {
    const { ca, cert, key, strangerCert, strangerKey } = await files();
    await using node = await startTestNode({
      host: "0.0.0.0",
      tls: {
        certFile: certificates.serverCertFile,
        keyFile: certificates.serverKeyFile,
        caFile: certificates.caFile,
        requireClientCert: true,
        clientRole: "write",
      },
    });
    const { port } = node.node;
    expect(node.url).toBe(`https://127.0.0.1:${port}`);
    expect(await ask(port, "/v1/stats", "GET", { cert, key }, ca)).toBe(200);
    expect(await ask(port, "/v1/keys/a", "PUT", { cert, key }, ca)).toBe(200);
    expect(await ask(port, "/v1/clear", "POST", { cert, key }, ca)).toBe(403);
    await expect(ask(port, "/healthz", "GET", {}, ca)).rejects.toThrow();
    await expect(ask(port, "/v1/stats", "GET", { cert: strangerCert, key: strangerKey }, ca)).rejects.toThrow();
    // And after all that it goes on.
    expect(await ask(port, "/healthz", "GET", { cert, key }, ca)).toBe(200);
  });

  it("closes idle encrypted connections for new ones too", async () => {
    const { ca } = await files();
    await using node = await startTestNode({
      maxConnectionCount: 4,
      tls: { certFile: certificates.serverCertFile, keyFile: certificates.serverKeyFile },
    });
    const { connect } = await import("node:tls");
    const idle = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const socket = connect({ host: "127.0.0.1", port: node.node.port, ca });
        socket.on("error", () => undefined);
        await new Promise((resolve) => socket.once("secureConnect", resolve).once("close", resolve));
        return socket;
      }),
    );
    expect(await ask(node.node.port, "/healthz", "GET", {}, ca)).toBe(200);
    for (const socket of idle) socket.destroy();
  });

  it("names the file that it cannot read", async () => {
    const tls = { certFile: "/nowhere/node.crt", keyFile: certificates.serverKeyFile };
    await expect(startTestNode({ tls })).rejects.toMatchObject({
      code: "GCX_NODE_LISTEN",
      message: 'The file of tls.certFile, "/nowhere/node.crt", does not exist.',
    });
  });
});

describe("an access file", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "gocachex-access-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  async function load(document: unknown, env: Record<string, string> = {}): ReturnType<typeof loadAccessFile> {
    await writeFile(join(directory, "access.json"), JSON.stringify(document));
    return loadAccessFile("access.json", { env, directory });
  }

  it("takes tokens out of itself, of other files and of the environment", async () => {
    await writeFile(join(directory, "token"), `${TOKENS.write}\n`);
    const tls = { certFile: "c", keyFile: "k" };
    const document = {
      tokens: [
        { role: "read", token: TOKENS.read },
        { role: "write", tokenFile: "token" },
        { role: "admin", tokenEnv: "ADMIN" },
      ],
      appRole: "open",
      tls,
    };
    expect(await load(document, { ADMIN: TOKENS.admin })).toEqual({
      access: { ...ACCESS, appRole: "open" },
      tls: { certFile: join(directory, "c"), keyFile: join(directory, "k") },
    });
  });

  it.each([
    [{}, "tokens"],
    [{ token: TOKENS.read }, "token"],
    [{ tokens: {} }, "tokens"],
    [{ tokens: ["x"] }, "tokens[0]"],
    [{ tokens: [{ role: "read" }] }, "tokens[0]"],
    [{ tokens: [{ role: "read", token: TOKENS.read, tokenEnv: "A" }] }, "tokens[0]"],
    [{ tokens: [{ role: "read", token: 5 }] }, "tokens[0].token"],
    [{ tokens: [{ role: "read", secret: TOKENS.read }] }, "tokens[0].secret"],
    [{ tokens: [{ role: "read", tokenEnv: "NOT_SET" }] }, "tokens[0].tokenEnv"],
    [{ tokens: [{ role: "read", tokenFile: "/nowhere/token" }] }, "tokens[0].tokenFile"],
    [{ tls: { cert: "a" } }, "tls.cert"],
    [{ tls: { certFile: "a", keyFile: "b" }, appRole: "open" }, "appRole"],
  ])("refuses %j and names the field, not the secret", async (document, field) => {
    const error = await load(document).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ field });
    expect((error as Error).message).not.toContain(TOKENS.read);
  });
});
