import type { Mutation } from "./mutation.ts";

const ROOM = "src/cli";
const DOCTOR = `${ROOM}/doctor`;
const GUARDED_TEST = "test/integration/cli-guarded-node.test.ts";
const TLS_TEST = "test/integration/cli-tls-node.test.ts";
const TERMINAL_TEST = "test/integration/cli-terminal.test.ts";
const TOP_TEST = "test/integration/cli-top.test.ts";
const WATCH_TEST = "test/integration/cli-watch.test.ts";
const DOCTOR_TEST = "test/integration/cli-doctor.test.ts";
const PEERS_TEST = "test/integration/cli-doctor-peers.test.ts";
const CHECKS_TEST = `${DOCTOR}/doctor-checks.test.ts`;
const TOKENS = "a command on a node with tokens";
const TLS = "a command on a node that speaks TLS";

/** What a command shows a node, and what it never shows anybody. */
const NODE_MUTATIONS: readonly Mutation[] = [
  {
    name: "no message of the command line repeats a token",
    file: `${ROOM}/parse-arguments.ts`,
    search: "const shown = spec.isSecret === true ? spec.value : token.value;",
    replacement: "const shown = token.value;",
    testFile: GUARDED_TEST,
    testName: `${TOKENS} refuses ["get","k","--token","-admin-token-0123456789="] without repeating it`,
  },
  {
    name: "the value of a misspelt option is not taken for a command and repeated",
    file: `${ROOM}/run.ts`,
    search: "if (unknown !== undefined && ",
    replacement: 'if (unknown === "" && ',
    testFile: GUARDED_TEST,
    testName: `${TOKENS} refuses ["--tokn","wrong-token-0123456789","get","k"] without repeating it`,
  },
  {
    name: "a token is not taken along to a configuration, which would ignore it",
    file: `${ROOM}/open-target.ts`,
    search: "  assertNoNodeOptions(args);",
    replacement: "",
    testFile: GUARDED_TEST,
    testName: `${TOKENS} refuses ["get","k","-c","c.json","--ca","ca"] without repeating it`,
  },
  {
    name: "an option of either kind is an answer to both variables of the token",
    file: `${ROOM}/node-credentials.ts`,
    search: "const from = hasOption ? { ...surroundings, env: {} } : surroundings;",
    replacement: "const from = surroundings;",
    testFile: GUARDED_TEST,
    testName: `${TOKENS} works with the token of an option rather than a variable`,
  },
  {
    name: "a node is met before the first write over TLS, so that a refused certificate is no unknown outcome",
    file: "src/server/node-client.ts",
    search: "if (!request.repeatable) await this.#meet(connection);",
    replacement: "",
    testFile: TLS_TEST,
    testName: `${TLS} says that there is a client's certificate of another authority, for reads, listings and writes alike`,
  },
  {
    name: "doctor tells who may read a token's file",
    file: `${DOCTOR}/check-files.ts`,
    search: 'if (mode === undefined || (mode & OTHERS_MASK) === 0) return ok(file, "only its owner may read it");',
    replacement: 'if (mode !== 0) return ok(file, "only its owner may read it");',
    testFile: GUARDED_TEST,
    testName: `${TOKENS} is told by doctor what is wrong with it`,
  },
  {
    name: "doctor tells that a token goes over the network unencrypted",
    file: `${DOCTOR}/check-node-access.ts`,
    search: "if (token !== undefined && tls === undefined && !isLoopbackName(written.host))",
    replacement: "if (token === undefined && tls !== undefined)",
    testFile: GUARDED_TEST,
    testName: `${TOKENS} is told by doctor what is wrong with it`,
  },
  {
    name: "doctor tells that a certificate is over",
    file: `${DOCTOR}/check-files.ts`,
    search: "if (leftMs < 0) return fail(file, ",
    replacement: "if (leftMs < 0) return ok(file, ",
    testFile: TLS_TEST,
    testName: `${TLS} shows its certificate to a node that wants one`,
  },
];

/** What a terminal must not get, and gets back. */
const TERMINAL_MUTATIONS: readonly Mutation[] = [
  {
    name: "bytes are not written to a terminal",
    file: `${ROOM}/commands/get.ts`,
    search: "if (!print.isTerminal) return print.raw(value);",
    replacement: 'if (print.visible("") === "") return print.raw(value);',
    testFile: TERMINAL_TEST,
    testName: "get on a terminal tells the size of bytes instead of printing them",
  },
  {
    name: "a terminal is not read in place of a pipe",
    file: `${ROOM}/read-stdin.ts`,
    search: "if (stdin.isTTY === true)",
    replacement: "if (stdin === undefined)",
    testFile: TERMINAL_TEST,
    testName: 'a stdin that is a terminal is not waited for by ["set","k","-"]',
  },
  {
    name: "control characters of a text do not reach a terminal",
    file: `${ROOM}/printer.ts`,
    search: 'isTTY ? escapeControls(text, "\\n\\t") : text',
    replacement: "text",
    testFile: TERMINAL_TEST,
    testName:
      "get on a terminal shows the control characters of a text, but keeps its lines and tabs; a pipe gets it as it is",
  },
  {
    name: "the screen of top is given back when it ends",
    file: `${ROOM}/commands/top.ts`,
    search: "    await screen.close();",
    replacement: "",
    testFile: TOP_TEST,
    testName: "gocachex top ends when it is interrupted, and when the keyboard is closed",
  },
  {
    name: "the keyboard is given back when top ends",
    file: `${ROOM}/commands/top.ts`,
    search: "    stopKeys();\n",
    replacement: "",
    testFile: TOP_TEST,
    testName: "gocachex top ends when it is interrupted, and when the keyboard is closed",
  },
  {
    name: "an interruption ends what lasts, also while a node hangs",
    file: `${ROOM}/interrupts.ts`,
    search: "void interrupts.first.then(() => ending.abort());",
    replacement: "",
    testFile: WATCH_TEST,
    testName: "--watch does not wait for a node that hangs once it is interrupted",
    hangs: true,
  },
];

/** Each check of doctor alone. */
const DOCTOR_MUTATIONS: readonly Mutation[] = [
  {
    name: "doctor tells that a configuration is wrong",
    file: `${ROOM}/commands/doctor.ts`,
    search: 'configFinding = failWith("configuration", error, "configuration");',
    replacement: 'configFinding = ok("configuration", "");',
    testFile: DOCTOR_TEST,
    testName: "gocachex doctor ends with 3 when the configuration is wrong",
  },
  {
    name: "doctor tells that Node.js is too old",
    file: `${DOCTOR}/check-runtime.ts`,
    search: "return isVersionInRange(node, range)",
    replacement: 'return range !== ""',
    testFile: CHECKS_TEST,
    testName:
      "versions that are too old or too new are told with what to install: a failure where the package is wanted",
  },
  {
    name: "doctor tells that a package is of a version that does not work",
    file: `${DOCTOR}/check-runtime.ts`,
    search: "if (isVersionInRange(version, range)) return ok(name, version);",
    replacement: 'if (range !== "") return ok(name, version);',
    testFile: CHECKS_TEST,
    testName:
      "versions that are too old or too new are told with what to install: a failure where the package is wanted",
  },
  {
    name: "doctor tells that a store cannot be reached",
    file: `${DOCTOR}/check-stores.ts`,
    search: 'return [failWith(name, error, "connection")];',
    replacement: "return error === undefined ? [failWith(name, error)] : [];",
    testFile: DOCTOR_TEST,
    testName: "gocachex doctor ends with 4 when a store cannot be reached, and goes on with the rest",
  },
  {
    name: "doctor tells that a full Redis refuses writes",
    file: `${DOCTOR}/check-stores.ts`,
    search: "...report.warnings.map((message) => warn(subject, message))",
    replacement: "",
    testFile: DOCTOR_TEST,
    testName: "gocachex doctor tells a Redis that refuses writes when it is full, its clock and its persistence",
  },
  {
    name: "doctor asks a Redis for its clock",
    file: `${DOCTOR}/check-redis.ts`,
    search: "    ask(() => checkClock(subject, node)),\n",
    replacement: "",
    testFile: DOCTOR_TEST,
    testName: "gocachex doctor tells a Redis whose clock is behind",
  },
  {
    name: "a clock that differs is told of",
    file: `${DOCTOR}/check-redis.ts`,
    search: "Math.abs(skewMs) <= MAX_CLOCK_SKEW_MS",
    replacement: "Math.abs(skewMs) <= Number.MAX_VALUE",
    testFile: CHECKS_TEST,
    testName: "a clock agrees when it read a time between question and answer, or nearly",
  },
  {
    name: "a cluster without an owner for every slot is told of",
    file: `${DOCTOR}/check-redis.ts`,
    search: 'if (state === "ok" && assigned === 16_384 && failing === 0)',
    replacement: 'if (state === "ok")',
    testFile: CHECKS_TEST,
    testName: "a Redis of a cluster fails without an owner for every slot",
  },
  {
    name: "saves that fail are told of",
    file: `${DOCTOR}/check-redis.ts`,
    search: "if (failed.length > 0)",
    replacement: "if (failed.length > 9)",
    testFile: CHECKS_TEST,
    testName: "a Redis tells whether it keeps what it has, and which of its saves fail",
  },
  {
    name: "doctor is not content with a port that takes connections",
    file: `${DOCTOR}/check-peers.ts`,
    search: "await visitNode({ ...settings, dialTimeoutMs }, address, serverName);",
    replacement: "if (serverName !== undefined) await visitNode({ ...settings, dialTimeoutMs }, address, serverName);",
    testFile: PEERS_TEST,
    testName: "doctor on the peers of a cache says that a peer refuses, which is no matter of the network: exit code 3",
  },
  {
    name: "a peer that does not answer is given up in time",
    file: `${DOCTOR}/check-peers.ts`,
    search: "Math.min(settings.dialTimeoutMs, VISIT_TIMEOUT_MS)",
    replacement: "Math.max(settings.dialTimeoutMs, VISIT_TIMEOUT_MS)",
    testFile: PEERS_TEST,
    testName:
      "doctor on the peers of a cache is not content with a port that takes connections: not of a program that says nothing, nor of another gRPC service",
    hangs: true,
  },
  {
    name: "no link comes of a visit",
    file: "src/transports/grpc/accept-link.ts",
    search: "if (hello.nodeId === own.nodeId || hello.isVisit === true)",
    replacement: "if (hello.nodeId === own.nodeId)",
    testFile: "test/integration/grpc-transport-security.test.ts",
    testName: "a visit is answered like a dial, and leaves nothing behind: no link, no peer, no word",
  },
  {
    name: "doctor tells another program from a node at the node's port",
    file: `${DOCTOR}/check-ports.ts`,
    search: "    await client.stats();\n",
    replacement: "",
    testFile: DOCTOR_TEST,
    testName: "gocachex doctor knows whether the port is free, a node's, or another program's",
  },
];

/** The command line's safeguards. */
export const CLI_MUTATIONS: readonly Mutation[] = [...NODE_MUTATIONS, ...TERMINAL_MUTATIONS, ...DOCTOR_MUTATIONS];
