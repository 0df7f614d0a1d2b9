import type { Mutation } from "./mutation.ts";

const ROOM = "src/server";
const ACCESS_TEST = "test/integration/node-access.test.ts";
const LIMITS_TEST = "test/integration/node-limits.test.ts";
const OPERATIONS_TEST = "test/integration/node-operations.test.ts";
const KEYS_TEST = "test/integration/node-keys.test.ts";
const LEAVING_TEST = "test/integration/node-leaving-clients.test.ts";
const SLOW_TEST = "test/integration/node-slow-readers.test.ts";
const TOKENS = "a node with tokens";

/** Who may use a node over HTTP, and how much of it. */
export const NODE_MUTATIONS: readonly Mutation[] = [
  {
    name: "the node asks for a token before it says what is not there",
    file: `${ROOM}/request-handler.ts`,
    search: 'access.authorize(request, found instanceof HttpProblem ? "read" : found.route.role);',
    replacement: "if (!(found instanceof HttpProblem)) access.authorize(request, found.route.role);",
    testFile: ACCESS_TEST,
    testName: `${TOKENS} answers GET /v1/nowhere with 401 and nothing else without one`,
  },
  {
    name: "a role of the node does not do what a higher one is needed for",
    file: `${ROOM}/role.ts`,
    search: "ROLES.indexOf(role) >= ROLES.indexOf(needed)",
    replacement: "ROLES.indexOf(role) >= 0",
    testFile: ACCESS_TEST,
    testName: `${TOKENS} lets the role read DELETE /v1/keys/secret-key: 403`,
  },
  {
    name: "the node looks at no token of an address that has sent too many wrong ones",
    file: `${ROOM}/access/access-control.ts`,
    search: "limiter.fail(address);",
    replacement: "",
    testFile: ACCESS_TEST,
    testName: `${TOKENS} looks at no token of an address that has sent too many wrong ones, and says how long`,
  },
  {
    name: "a node without access control listens on loopback only",
    file: `${ROOM}/node-options.ts`,
    search: 'if (isGuarded && host !== "")',
    replacement: 'if (host !== "")',
    testFile: ACCESS_TEST,
    testName: "listening for other machines needs tokens, or client certificates",
  },
  {
    name: "a body that is still coming in holds no place of the node",
    file: `${ROOM}/request-handler.ts`,
    search: 'if (route.body === undefined && route.role !== "open")',
    replacement: 'if (route.role !== "open")',
    testFile: LIMITS_TEST,
    testName: "a node with more to do than it may lets slow senders hold no place, and bounds what their bodies take",
    hangs: true,
  },
  {
    name: "room that bodies took is given back to others",
    file: `${ROOM}/request-body.ts`,
    search: "uploads.release(takenBytes);",
    replacement: "",
    testFile: LIMITS_TEST,
    testName: "a node with more to do than it may lets slow senders hold no place, and bounds what their bodies take",
  },
  {
    name: "an idle connection of the node is closed for a new one",
    file: `${ROOM}/connections.ts`,
    search: "if (this.#open.size >= this.#maxCount && !this.#makeRoom()) {",
    replacement: "if (this.#open.size >= this.#maxCount) {",
    testFile: LIMITS_TEST,
    testName: "idle connections keep nobody out: the one that has been idle longest is closed for a new one",
    hangs: true,
  },
  {
    name: "a health check that hangs is not asked a second time",
    file: `${ROOM}/health-probe.ts`,
    search: "this.#running ??= this.#ask();",
    replacement: "this.#running = this.#ask();",
    testFile: LIMITS_TEST,
    testName: "health of a cache that hangs is asked about once, answered in time, and believed again when it answers",
  },
  {
    name: "a client that reads nothing is cut",
    file: `${ROOM}/http-server.ts`,
    search: "if (socket.writableLength > 0 || connections.isIdle(socket))",
    replacement: "if (connections.isIdle(socket))",
    testFile: LIMITS_TEST,
    testName: "large values are not waited for where the client reads nothing",
    hangs: true,
  },
  {
    name: "a lease of the node opens its own lock only",
    file: `${ROOM}/held-leases.ts`,
    search: "return held?.place === place ? held.lock : undefined;",
    replacement: "return held?.lock;",
    testFile: OPERATIONS_TEST,
    testName: "locks over HTTP cannot be touched with the lease of another one",
  },
  {
    name: "a key is deleted in the named version only",
    file: `${ROOM}/routes/key-routes.ts`,
    search: "if (version === precondition.version) tx.delete(key);",
    replacement: "tx.delete(key);",
    testFile: OPERATIONS_TEST,
    testName: "single keys are deleted only in the version that was named",
  },
  {
    name: "closing the node does not cut an answer that is still on its way",
    file: `${ROOM}/http-server.ts`,
    search: "server.closeIdleConnections = () => connections.closeIdle();",
    replacement: "",
    testFile: LIMITS_TEST,
    testName: "large values arrive whole also when the node is closed meanwhile",
  },
  {
    name: "the node takes back the places of requests whose turn to be answered never came",
    file: `${ROOM}/connections.ts`,
    search: 'response.emit("close");',
    replacement: "",
    testFile: LEAVING_TEST,
    testName:
      "a client that leaves before the answers to several requests takes no place of the node any more, for those whose turn had not come either",
    hangs: true,
  },
  {
    name: "a lock of the node that its client was not told of is given back",
    file: `${ROOM}/routes/lock-routes.ts`,
    search: "if (!wasSent(response)) lock.release()",
    replacement: "if (wasSent(response)) lock.release()",
    testFile: LEAVING_TEST,
    testName: "a client that leaves before the answers to several requests keeps no lock that it was not told of",
    hangs: true,
  },
  {
    name: "a lock of the node whose client left in the moment of the grant is given back",
    file: `${ROOM}/routes/lock-routes.ts`,
    search: "if (signal.aborted) {",
    replacement: "if (signal.aborted && lock === undefined) {",
    testFile: LEAVING_TEST,
    testName: "a client that leaves in the moment in which a lock is given to it does not keep it",
    hangs: true,
  },
  {
    name: "a lock of the node is given back when its answer could not be written",
    file: `${ROOM}/was-sent.ts`,
    search: " && !response.req.socket.errored",
    replacement: "",
    testFile: LEAVING_TEST,
    testName:
      "a client that leaves in the moment in which a lock is given to it does not keep it when the node learns that it has left by the answer only",
    hangs: true,
  },
  {
    name: "the node writes with If-Match over the named version only",
    file: `${ROOM}/routes/key-routes.ts`,
    search: "await cache.compareAndSet(key, precondition.version, value, options);",
    replacement: "{ ok: true, ...(await cache.set(key, value, options)) };",
    testFile: KEYS_TEST,
    testName: "conditional requests writes with If-Match only over the named version",
  },
  {
    name: "the node reads no listing further than its client does",
    file: `${ROOM}/stream-body.ts`,
    search: "if (response.write(piece)) return;",
    replacement: "response.write(piece);\n  return;",
    testFile: SLOW_TEST,
    testName:
      "a listing that the client does not read is read no further than the connection takes, and ended after the node's stallTimeoutMs",
  },
];
