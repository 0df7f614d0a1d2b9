import type { Mutation } from "./mutation.ts";

const ROOM = "src/server/grpc";
const CODEC_TEST = `${ROOM}/message-codec.test.ts`;
const PROBLEM_TEST = `${ROOM}/grpc-problem.test.ts`;
const METHODS_TEST = "test/integration/grpc-api.test.ts";
const ACCESS_TEST = "test/integration/grpc-api-access.test.ts";
const LIFECYCLE_TEST = "test/integration/grpc-api-lifecycle.test.ts";
const HOSTILE_TEST = "test/integration/grpc-api-hostile.test.ts";
const STALLED =
  "a caller that reads nothing of a listing has no more keys drawn for it than both ends hold, and is cut after stallTimeoutMs";

const MESSAGE_MUTATIONS: readonly Mutation[] = [
  {
    name: "gRPC API: text that is not UTF-8 is refused",
    file: `${ROOM}/message-codec.ts`,
    search: 'if (text.includes("\\ufffd") && !isUtf8(bytes)) throw new MalformedFrameError("a text is not UTF-8");',
    replacement: "",
    testFile: CODEC_TEST,
    testName: "a message is refused with a text that is not UTF-8",
  },
  {
    name: "gRPC API: a value keeps no request in memory",
    file: `${ROOM}/message-codec.ts`,
    search: "Buffer.from(bytes);",
    replacement: "bytes;",
    testFile: CODEC_TEST,
    testName: "a message keeps no bytes of what it was read from: values outlive requests",
  },
  {
    name: "gRPC API: JSON is not nested without a bound",
    file: `${ROOM}/value-message.ts`,
    search: "assertJsonDepth(value);",
    replacement: "",
    testFile: HOSTILE_TEST,
    testName:
      "a malformed call is answered with its status, and the next one is served: values that are not what their kind says",
  },
  {
    name: "gRPC API: the message of a defect stays in the node",
    file: `${ROOM}/grpc-problem.ts`,
    search: 'const details = "The node failed to answer. Its warnings on stderr have the cause.";',
    replacement: "const details = String(error);",
    testFile: PROBLEM_TEST,
    testName: "how an error is answered over gRPC never with the message of a defect",
  },
  {
    name: "gRPC API: a forgotten prefix does not end everything",
    file: `${ROOM}/methods/node-methods.ts`,
    search: 'if (prefix === "") {',
    replacement: "if (prefix.length < 0) {",
    testFile: METHODS_TEST,
    testName: "a client that is written from cache.proto alone ends the entries of tags and of a prefix",
  },
];

const ACCESS_MUTATIONS: readonly Mutation[] = [
  {
    name: "gRPC API: the role of a caller is looked at",
    file: `${ROOM}/call-runner.ts`,
    search: "authorize(call, role);",
    replacement: "",
    testFile: ACCESS_TEST,
    testName: "an API with tokens lets each role do what it may, and refuses what it may not",
  },
  {
    name: "gRPC API: wrong tokens are counted",
    file: `${ROOM}/grpc-access.ts`,
    search: "limiter.fail(address);",
    replacement: "",
    testFile: ACCESS_TEST,
    testName: "an API with tokens stops looking at tokens of an address that has sent too many wrong ones",
  },
  {
    name: "gRPC API: reflection needs a token",
    file: `${ROOM}/reflection-service.ts`,
    search: 'authorize(call, "read");',
    replacement: "",
    testFile: LIFECYCLE_TEST,
    testName: "reflection needs a token where the API does",
  },
];

const CALL_MUTATIONS: readonly Mutation[] = [
  {
    name: "gRPC API: a cancelled call ends in the cache",
    file: `${ROOM}/call-context.ts`,
    search: 'else this.#call.on("cancelled", leave);',
    replacement: "",
    testFile: LIFECYCLE_TEST,
    testName: "a call whose caller does not wait for ever ends when it is cancelled, here and in the cache",
    hangs: true,
  },
  {
    name: "gRPC API: calls at a time have a bound",
    file: `${ROOM}/call-runner.ts`,
    search: "if (this.#runningCount >= maxRunningCallCount) {",
    replacement: "if (this.#runningCount < 0) {",
    testFile: LIFECYCLE_TEST,
    testName: "an API that is closed cuts what does not end in time",
    hangs: true,
  },
  {
    name: "gRPC API: a lock is given back whose caller left in the moment of the grant",
    file: `${ROOM}/methods/lock-methods.ts`,
    search: "if (context.isLeft) await lock.release();",
    replacement: "",
    testFile: LIFECYCLE_TEST,
    testName: "a caller that leaves in the moment in which a lock is given to it does not keep it",
    hangs: true,
  },
  {
    name: "gRPC API: no more keys are asked for than a caller reads",
    file: `${ROOM}/call-runner.ts`,
    search: "if (!call.write(bytes)) await waitForReader(call, stallTimeoutMs);",
    replacement: "call.write(bytes);",
    testFile: HOSTILE_TEST,
    testName: STALLED,
  },
  {
    name: "gRPC API: a listing that nobody reads is ended",
    file: "src/server/drained.ts",
    search: 'end("stalled")',
    replacement: "undefined",
    testFile: HOSTILE_TEST,
    testName: STALLED,
    hangs: true,
  },
  {
    name: "gRPC API: who watches health is ended before the server closes",
    file: `${ROOM}/health-service.ts`,
    search: "for (const call of this.#watchers) call.end();",
    replacement: "",
    testFile: LIFECYCLE_TEST,
    testName: "the health of an API says before everything else that the API closes, and ends who watches",
    hangs: true,
  },
  {
    name: "gRPC API: what runs too long is cut",
    file: `${ROOM}/grpc-api.ts`,
    search: "const timer = setTimeout(resolve, closeTimeoutMs);",
    replacement: "const timer = undefined;",
    testFile: LIFECYCLE_TEST,
    testName: "an API that is closed cuts what does not end in time",
    hangs: true,
  },
];

const CONNECTION_MUTATIONS: readonly Mutation[] = [
  {
    name: "gRPC API: silent connections are closed",
    file: `${ROOM}/grpc-socket-server.ts`,
    search: "if (socket.bytesRead < PREFACE_BYTES) socket.destroy();",
    replacement: "",
    testFile: HOSTILE_TEST,
    testName: "connections that are no clients are closed when they stay silent, and when they speak something else",
    hangs: true,
  },
  {
    name: "gRPC API: connections at a time have a bound",
    file: `${ROOM}/grpc-socket-server.ts`,
    search: "server.maxConnections = maxConnectionCount;",
    replacement: "",
    testFile: LIFECYCLE_TEST,
    testName: "limits of an API drop connections beyond the most",
  },
  {
    name: "gRPC API: messages have a bound",
    file: `${ROOM}/grpc-api.ts`,
    search: '"grpc.max_receive_message_length": options.maxMessageBytes,',
    replacement: "",
    testFile: LIFECYCLE_TEST,
    testName: "limits of an API refuse messages that are too large, in both directions, and serve on",
  },
  {
    name: "gRPC API: deaf connections are closed",
    file: `${ROOM}/grpc-api.ts`,
    search: '"grpc.keepalive_time_ms": options.keepaliveMs,',
    replacement: "",
    testFile: HOSTILE_TEST,
    testName: "connections that are no clients are closed when they answer no pings",
    hangs: true,
  },
];

/** Safeguards of the gRPC API of a node. */
export const GRPC_API_MUTATIONS: readonly Mutation[] = [
  ...MESSAGE_MUTATIONS,
  ...ACCESS_MUTATIONS,
  ...CALL_MUTATIONS,
  ...CONNECTION_MUTATIONS,
];
