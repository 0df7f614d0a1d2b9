import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSocket, problemIn, type RunningNode, sendRaw, startTestNode } from "./node-harness.ts";
import { rawRequest } from "./node-raw-request.ts";

let node: RunningNode;
beforeEach(async () => {
  node = await startTestNode({ maxBodyBytes: 1_000 });
});
afterEach(async () => {
  // Whatever was done to it, the node serves afterwards, and nothing of it was a defect.
  expect((await node.ask("/healthz")).status).toBe(200);
  expect(node.errors).toEqual([]);
  await node[Symbol.asyncDispose]();
});

const JSON_TYPE = { "Content-Type": "application/json" };

describe("bodies", () => {
  it.each(["", "{", "{'a':1}", "nope", "1 2", "\u0000"])("answers 400 to the malformed JSON %j", async (body) => {
    expect((await rawRequest(node.node, "PUT", "/v1/keys/a", JSON_TYPE, body)).status).toBe(400);
  });

  it("answers 400 to JSON that is not UTF-8", async () => {
    const answer = await node.ask("/v1/keys/a", {
      method: "PUT",
      headers: JSON_TYPE,
      body: Uint8Array.of(0x22, 0xff, 0x22),
    });
    expect(answer.status).toBe(400);
  });

  it("refuses JSON that is nested too deeply instead of overflowing the stack", async () => {
    await using roomy = await startTestNode();
    const body = "[".repeat(500_000) + "]".repeat(500_000);
    const answer = await roomy.ask("/v1/keys/a", { method: "PUT", headers: JSON_TYPE, body });
    expect([answer.status, (await problemIn(answer)).code]).toEqual([422, "GCX_SERIALIZATION_VALUE"]);
    await roomy.put("/v1/keys/a", JSON.parse("[".repeat(400) + "]".repeat(400)));
    expect((await roomy.ask("/v1/keys/a")).status).toBe(200);
  });

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "",
    "application/json; charset=latin1",
  ])("answers 415 to the content type %j", async (type) => {
    const headers = type === "" ? {} : { "Content-Type": type };
    for (const [method, path] of [
      ["PUT", "/v1/keys/a"],
      ["POST", "/v1/clear"],
      ["POST", "/v1/keys/a/increment"],
    ] as const) {
      expect((await rawRequest(node.node, method, path, headers as Record<string, string>, "{}")).status).toBe(415);
    }
    expect((await rawRequest(node.node, "POST", "/v1/tags/invalidate", headers as Record<string, string>)).status).toBe(
      415,
    );
    expect(await node.cache.exists("a")).toBe(false);
  });

  it.each(["/v1/keys/a/increment", "/v1/clear"])(
    "says to send the content type also when POST %s has no body, as a form of another site could",
    async (path) => {
      const bare = await node.ask(path, { method: "POST" });
      expect([bare.status, (await problemIn(bare)).detail]).toEqual([
        415,
        expect.stringContaining("Content-Type: application/json, also without a body"),
      ]);
      expect(await node.cache.exists("a")).toBe(false);
      expect((await node.ask(path, { method: "POST", headers: JSON_TYPE })).status).toBe(200);
    },
  );

  it("answers 415 to compressed bodies", async () => {
    expect(
      (await rawRequest(node.node, "PUT", "/v1/keys/a", { ...JSON_TYPE, "Content-Encoding": "gzip" }, "1")).status,
    ).toBe(415);
  });

  it("takes a body of exactly the limit and answers 413 to one byte more, with or without a length", async () => {
    const put = (length: number): Promise<Response> => node.put("/v1/keys/a", "x".repeat(length - 2));
    expect((await put(1_000)).status).toBe(200);
    expect((await put(1_001)).status).toBe(413);
    const stream = new ReadableStream({
      start(controller) {
        for (let count = 0; count < 50; count += 1) controller.enqueue(new Uint8Array(100_000));
        controller.close();
      },
    });
    const init = {
      method: "PUT",
      headers: { "Content-Type": "application/octet-stream" },
      body: stream,
      duplex: "half",
    };
    expect((await node.ask("/v1/keys/a", init as RequestInit)).status).toBe(413);
    expect(await node.cache.get("a")).toHaveLength(998);
  });

  it("answers 413 at once when the declared length is absurd", async () => {
    const answer = await sendRaw(
      node.node,
      "PUT /v1/keys/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("writes nothing when the sender breaks off", async () => {
    const socket = await openSocket(node.node);
    socket.write(
      "PUT /v1/keys/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n12",
    );
    socket.destroy();
    await node.ask("/healthz");
    expect(await node.cache.exists("a")).toBe(false);
  });
});

describe("request targets", () => {
  it.each(["/v1/keys/%", "/v1/keys/%zz", "/v1/keys/%ff", "/v1/keys?prefix=%e0%a4", "/v1/stats?namespace=%"])(
    "answers 400 to the malformed percent-encoding %s",
    async (path) => {
      const answer = await rawRequest(node.node, "GET", path);
      expect([answer.status, (JSON.parse(answer.body) as { code: string }).code]).toEqual([400, "GCX_NODE_REQUEST"]);
    },
  );

  it.each(["http://evil.example/v1/stats", "*", "v1/stats"])("answers 400 to the target %s", async (target) => {
    expect(await sendRaw(node.node, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 400 /,
    );
  });

  it("answers with the key's own error to a key above 64 KiB and to an empty one", async () => {
    const long = await rawRequest(node.node, "GET", `/v1/keys/${"k".repeat(65_537)}`);
    expect([long.status, (JSON.parse(long.body) as { code: string }).code]).toEqual([400, "GCX_ARGUMENT_KEY"]);
    const empty = await rawRequest(node.node, "GET", "/v1/keys/");
    expect([empty.status, (JSON.parse(empty.body) as { code: string }).code]).toEqual([400, "GCX_ARGUMENT_KEY"]);
  });

  it.each([
    "?ttl=-1s",
    "?ttl=abc",
    "?ttl=1m&ttl=2m",
    "?tags=,",
    `?namespace=${"n".repeat(1_025)}`,
    "?ttl=99999999999999999",
  ])("answers 400 to PUT%s", async (query) => {
    expect((await rawRequest(node.node, "PUT", `/v1/keys/a${query}`, JSON_TYPE, "1")).status).toBe(400);
  });
});

describe("bytes that are no request", () => {
  it.each([
    ["garbage", "\u0000\u0001\u00ffgarbage\r\n\r\n", 400],
    ["TLS", "\u0016\u0003\u0001\u0002\u0000\u0001", 400],
    ["a request without Host", "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
    ["two Hosts", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nhost: evil.example\r\nConnection: close\r\n\r\n", 400],
    [
      "the same Host twice, for the application",
      "GET /app/ HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n",
      400,
    ],
    [
      "both lengths",
      "PUT /v1/keys/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["headers beyond the limit", `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(300_000)}\r\n\r\n`, 431],
  ])("answers %s with a problem", async (_name, bytes, status) => {
    const answer = await sendRaw(node.node, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain("application/problem+json");
  });

  it.each([
    ["its headers", { headersTimeoutMs: 300, requestTimeoutMs: 30_000 }, "GET / HTTP/1.1\r\nHost: loc"],
    [
      "its body",
      { headersTimeoutMs: 300, requestTimeoutMs: 300 },
      "PUT /v1/keys/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n1",
    ],
  ])("cuts a client that is slow with %s", { timeout: 8_000 }, async (_name, timeouts, bytes) => {
    await using impatient = await startTestNode(timeouts);
    expect(await sendRaw(impatient.node, bytes)).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe("other machines' pages", () => {
  it.each(["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:7411", "10.0.0.1", "0.0.0.0", "[::2]:80"])(
    "refuses the host %s",
    async (host) => {
      for (const path of ["/v1/stats", "/", "/app/", "/healthz"]) {
        expect((await rawRequest(node.node, "GET", path, { Host: host })).status).toBe(403);
      }
    },
  );

  it.each(["localhost", "LOCALHOST:1", "127.0.0.1:7411", "127.9.8.7", "[::1]:7411"])(
    "answers to the host %s",
    async (host) => {
      expect((await rawRequest(node.node, "GET", "/v1/stats", { Host: host })).status).toBe(200);
    },
  );

  it("refuses changes from pages of other origins", async () => {
    for (const origin of ["https://evil.example", "null", "http://localhost.evil.example"]) {
      const answer = await rawRequest(node.node, "PUT", "/v1/keys/a", { ...JSON_TYPE, Origin: origin }, "1");
      expect(answer.status).toBe(403);
    }
    expect(await node.cache.exists("a")).toBe(false);
    expect(
      (await rawRequest(node.node, "PUT", "/v1/keys/a", { ...JSON_TYPE, Origin: "http://localhost:3000" }, "1")).status,
    ).toBe(200);
  });
});
