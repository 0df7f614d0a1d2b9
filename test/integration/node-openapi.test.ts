import { once } from "node:events";
import { readdirSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCache } from "../../src/create-cache.ts";
import {
  BackendError,
  BackendTimeoutError,
  BackendUnavailableError,
  CounterError,
  LockNotAcquiredError,
  SerializationError,
  UnsupportedOperationError,
} from "../../src/foundation/errors.ts";
import { type RunningNode, sendRaw, startTestNode } from "./node-harness.ts";
import { DOCUMENTED_OPERATIONS, documentFaults } from "./support/api-document.ts";

const TOKEN = "a-token-of-the-administrator";

/** A request that is carried out, but for the statuses that it is sent for. */
interface Sample {
  readonly path: string;
  readonly body?: unknown;
}

/** Any file of the built dashboard. */
const ASSET = readdirSync(new URL("../../dist/dashboard/assets/", import.meta.url))[0] as string;

/** A good request of each operation. */
const SAMPLES: Readonly<Record<string, Sample>> = {
  "GET /v1/keys/{key}": { path: "/v1/keys/there" },
  "GET /v1/keys/{key}/preview": { path: "/v1/keys/there/preview?limit=5" },
  "GET /v1/keys/{key}/entry": { path: "/v1/keys/there/entry" },
  "PUT /v1/keys/{key}": { path: "/v1/keys/put?ttl=1m&tags=a", body: { a: 1 } },
  "DELETE /v1/keys/{key}": { path: "/v1/keys/gone" },
  "POST /v1/keys/{key}/get-set": { path: "/v1/keys/there/get-set", body: "new" },
  "GET /v1/keys/{key}/exists": { path: "/v1/keys/there/exists" },
  "GET /v1/keys/{key}/ttl": { path: "/v1/keys/there/ttl" },
  "POST /v1/keys/{key}/expire": { path: "/v1/keys/there/expire", body: { ttl: "10m" } },
  "POST /v1/keys/{key}/increment": { path: "/v1/keys/count/increment", body: { delta: "9007199254740993" } },
  "GET /v1/keys": { path: "/v1/keys?prefix=t&limit=5" },
  "DELETE /v1/keys": { path: "/v1/keys?prefix=none" },
  "POST /v1/batch/get": { path: "/v1/batch/get", body: { keys: ["there", "bytes", "none"] } },
  "POST /v1/batch/set": {
    path: "/v1/batch/set",
    body: {
      entries: [
        { key: "b1", value: "AQI=", type: "bytes" },
        { key: "b2", value: 1 },
      ],
      ttl: 60_000,
      tags: ["t"],
    },
  },
  "POST /v1/batch/delete": { path: "/v1/batch/delete", body: { keys: ["b1", "none"] } },
  "POST /v1/transactions": {
    path: "/v1/transactions",
    body: { checks: [{ key: "none", version: 0 }], set: [{ key: "t1", value: 1, ttl: "1m" }], delete: ["none2"] },
  },
  "POST /v1/locks/{name}/acquire": { path: "/v1/locks/job/acquire", body: { ttl: 60_000 } },
  "POST /v1/locks/{name}/extend": { path: "/v1/locks/job/extend", body: { lease: "set by the test" } },
  "POST /v1/locks/{name}/release": { path: "/v1/locks/job/release", body: { lease: "none" } },
  "POST /v1/tags/invalidate": { path: "/v1/tags/invalidate", body: { tags: ["none"] } },
  "POST /v1/clear": { path: "/v1/clear?namespace=other", body: {} },
  "GET /v1/stats": { path: "/v1/stats" },
  "GET /v1/health": { path: "/v1/health" },
  "GET /v1/openapi.json": { path: "/v1/openapi.json" },
  "GET /healthz": { path: "/healthz" },
  "GET /readyz": { path: "/readyz" },
  "GET /": { path: "/" },
  "GET /assets/{file}": { path: `/assets/${ASSET}` },
  "GET /v1/live": { path: "/v1/live" },
  "GET /metrics": { path: "/metrics" },
};

let failure: Error | undefined;

/** An object whose calls fail as they are told to. */
function failingOf<Target extends object>(target: Target): Target {
  const proxy: Target = new Proxy(target, {
    get: (_target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function" || name === "close" || name === "stats")
        return typeof value === "function" ? value.bind(target) : value;
      if (name === "namespace") return () => proxy;
      if (name === "keys") return () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(failure) }) });
      if (failure !== undefined) return () => Promise.reject(failure);
      if (name === "lock")
        return async (...given: unknown[]) => failingOf((await value.apply(target, given)) as object);
      return value.bind(target);
    },
  });
  return proxy;
}

const metrics = async () => ({ contentType: "text/plain; version=0.0.4; charset=utf-8", body: "# nothing yet\n" });

let leaseThatFails: string;
let plain: RunningNode;
let guarded: RunningNode;
let locked: RunningNode;
let failing: RunningNode;
let narrow: RunningNode;
let closed: RunningNode;
beforeAll(async () => {
  const access = { tokens: [{ token: TOKEN, role: "admin" }] } as const;
  [plain, guarded, locked, failing, narrow, closed] = await Promise.all([
    startTestNode({ metrics }),
    startTestNode({ access }),
    startTestNode({ access }),
    startTestNode({ cache: failingOf(createCache()) }),
    startTestNode({ maxBodyBytes: 10, headersTimeoutMs: 300, requestTimeoutMs: 300 }),
    startTestNode(),
  ]);
  await plain.cache.set("there", { some: "value" }, "5m");
  await plain.cache.set("bytes", Buffer.from([1, 2]));
  await closed.cache.close();
  const acquired = await failing.post("/v1/locks/job/acquire", { ttl: "1m" });
  leaseThatFails = ((await acquired.json()) as { lease: string }).lease;
});
afterAll(async () => {
  await Promise.all([plain, guarded, locked, failing, narrow, closed].map((node) => node[Symbol.asyncDispose]()));
});

/** Sends wrong tokens until no token of this address is looked at any more; it would be again a few seconds later. */
async function lockOut(node: RunningNode): Promise<void> {
  const guess = { headers: { Authorization: "Bearer this-is-a-wrong-token" } };
  while ((await node.ask("/v1/stats", guess)).status !== 429);
}

/** Sends a sample and checks the answer against the document. @returns its status */
async function send(
  node: RunningNode,
  operation: string,
  changes: { readonly headers?: Record<string, string>; readonly query?: string; readonly body?: string } = {},
): Promise<number> {
  const method = operation.split(" ")[0] as string;
  const { path, body } = SAMPLES[operation] as Sample;
  const sent = changes.body ?? (body === undefined ? undefined : JSON.stringify(body));
  const headers = { ...(sent === undefined ? {} : { "Content-Type": "application/json" }), ...changes.headers };
  const target = changes.query === undefined ? path : `${path}${path.includes("?") ? "&" : "?"}${changes.query}`;
  const call = httpRequest({ host: node.node.host, port: node.node.port, method, path: target, headers, agent: false });
  call.end(sent);
  const [response] = (await once(call, "response")) as [IncomingMessage];
  const answer = {
    method,
    path: target,
    requestBody: sent,
    status: response.statusCode as number,
    header: (name: string) => (response.headers[name.toLowerCase()] as string | undefined) ?? null,
    body: await text(response),
  };
  expect(documentFaults(answer)).toEqual([]);
  return answer.status;
}

async function sendFailing(operation: string, error: Error): Promise<number> {
  failure = error;
  try {
    // Only a lease that is held reaches the store.
    const isOfLease = /extend|release/.test(operation);
    return await send(failing, operation, isOfLease ? { body: JSON.stringify({ lease: leaseThatFails }) } : {});
  } finally {
    failure = undefined;
  }
}

/** Holds the only place among the running requests of a node. */
async function sendWhileBusy(operation: string): Promise<number> {
  await using busy = await startTestNode({ maxRunningRequests: 1, metrics });
  await busy.cache.lock("taken", { ttl: "1m" });
  const leave = new AbortController();
  const held = busy.ask("/v1/locks/taken/acquire", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ttl: "1m", wait: "1m" }),
    signal: leave.signal,
  });
  held.catch(() => undefined);
  await expect.poll(async () => (await busy.ask("/v1/stats")).status).toBe(503);
  const status = await send(busy, operation);
  leave.abort();
  return status;
}

/** Announces a body of which nothing comes. */
async function sendSlowly(operation: string): Promise<number> {
  const [method] = operation.split(" ");
  const { path } = SAMPLES[operation] as Sample;
  const answer = await sendRaw(
    narrow.node,
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n1`,
  );
  return Number(answer.slice(9, 12));
}

/** How every status is reached; those of single operations below. */
const REACH: Readonly<Record<number, (operation: string) => Promise<number>>> = {
  200: (operation) => send(plain, operation),
  400: (operation) => send(plain, operation, { query: "nonsense=1" }),
  401: (operation) => send(guarded, operation),
  403: (operation) => send(plain, operation, { headers: { Host: "evil.example" } }),
  408: sendSlowly,
  409: (operation) => sendFailing(operation, lockOrCounterError(operation)),
  413: (operation) => send(narrow, operation, { body: `"${"x".repeat(20)}"` }),
  415: (operation) => send(plain, operation, { headers: { "Content-Type": "text/plain" } }),
  422: (operation) => sendFailing(operation, new SerializationError("$", "It contains itself.")),
  429: async (operation) => {
    await lockOut(locked);
    return send(locked, operation, { headers: { Authorization: `Bearer ${TOKEN}` } });
  },
  500: (operation) => sendFailing(operation, new Error("a defect")),
  501: (operation) => sendFailing(operation, new UnsupportedOperationError("it", "The store cannot.")),
  502: (operation) => sendFailing(operation, new BackendError("GCX_BACKEND_FAILED", "store", "it", "Failed.")),
  503: (operation) => sendFailing(operation, new BackendUnavailableError("store", "it", "Down.")),
  504: (operation) => sendFailing(operation, new BackendTimeoutError("store", "it", 10)),
};

function lockOrCounterError(operation: string): Error {
  if (operation.includes("locks")) return new LockNotAcquiredError(0);
  return new CounterError("GCX_COUNTER_TYPE", "No counter.");
}

const ETAG_OF_NONE = '"999999"';
const SPECIAL: Readonly<Record<string, () => Promise<number>>> = {
  "GET /v1/keys/{key} 304": () => send(plain, "GET /v1/keys/{key}", { headers: { "If-None-Match": "*" } }),
  "GET /v1/keys/{key} 404": () => send(narrow, "GET /v1/keys/{key}"),
  "GET /v1/keys/{key}/entry 404": () => send(narrow, "GET /v1/keys/{key}/entry"),
  "GET /v1/keys/{key}/ttl 404": () => send(narrow, "GET /v1/keys/{key}/ttl"),
  "PUT /v1/keys/{key} 412": () => send(plain, "PUT /v1/keys/{key}", { headers: { "If-Match": ETAG_OF_NONE } }),
  "DELETE /v1/keys/{key} 412": () => send(plain, "DELETE /v1/keys/{key}", { headers: { "If-Match": ETAG_OF_NONE } }),
  "POST /v1/keys/{key}/get-set 204": () => send(guarded, "POST /v1/keys/{key}/get-set", { headers: asAdmin() }),
  "POST /v1/transactions 412": () =>
    send(plain, "POST /v1/transactions", {
      body: JSON.stringify({ checks: [{ key: "none", version: 7 }], delete: ["x"] }),
    }),
  "POST /v1/locks/{name}/extend 200": async () => {
    const acquired = await plain.post("/v1/locks/job2/acquire", { ttl: "1m" });
    const { lease } = (await acquired.json()) as { lease: string };
    return (await plain.post("/v1/locks/job2/extend", { lease })).status;
  },
  "POST /v1/locks/{name}/extend 409": () => send(plain, "POST /v1/locks/{name}/extend"),
  "GET /readyz 503": () => send(closed, "GET /readyz"),
  "GET /v1/health 503": () => send(closed, "GET /v1/health"),
  "GET /v1/keys/{key}/preview 404": () => send(narrow, "GET /v1/keys/{key}/preview"),
  "GET / 304": async () => send(plain, "GET /", { headers: { "If-None-Match": await tagOf("/") } }),
  "GET /assets/{file} 304": async () => {
    const headers = { "If-None-Match": await tagOf(`/assets/${ASSET}`) };
    return send(plain, "GET /assets/{file}", { headers });
  },
  "GET /assets/{file} 404": async () => (await plain.ask("/assets/none.js")).status,
  "GET /v1/live 503": () => sendWhileBusy("GET /v1/live"),
  "GET /metrics 501": () => send(narrow, "GET /metrics"),
  "GET /metrics 503": () => sendWhileBusy("GET /metrics"),
  "GET /v1/stats 503": () => sendWhileBusy("GET /v1/stats"),
  "GET /v1/openapi.json 503": () => sendWhileBusy("GET /v1/openapi.json"),
};
async function tagOf(path: string): Promise<string> {
  return (await plain.ask(path)).headers.get("etag") as string;
}

function asAdmin(): Record<string, string> {
  return { Authorization: `Bearer ${TOKEN}` };
}

const DOCUMENTED = [...DOCUMENTED_OPERATIONS].flatMap(([operation, { responses }]) =>
  Object.keys(responses).map((status) => [operation, Number(status)] as const),
);

describe("the OpenAPI document", () => {
  it("is served, and says of every operation how it is tried here", async () => {
    const document = (await (await plain.ask("/v1/openapi.json")).json()) as { openapi: string; paths: object };
    expect(document.openapi).toBe("3.1.0");
    expect([...DOCUMENTED_OPERATIONS.keys()].sort()).toEqual(Object.keys(SAMPLES).sort());
  });

  it("names every operation once", () => {
    const names = [...DOCUMENTED_OPERATIONS.values()].map(
      (operation) => (operation as { operationId?: string }).operationId,
    );
    expect(new Set(names).size).toBe(names.length);
  });

  const reachIt = async (operation: string, status: number): Promise<void> => {
    const reach = SPECIAL[`${operation} ${status}`] ?? (() => REACH[status]?.(operation) ?? Promise.resolve(0));
    expect(await reach()).toBe(status);
  };
  it.each(DOCUMENTED.filter(([, status]) => status !== 408))("%s answers %i as it says", reachIt);
  // Each waits for the node, which looks once a second for bodies that are too slow.
  it.concurrent.each(DOCUMENTED.filter(([, status]) => status === 408))("%s answers %i as it says", reachIt);
});
