import type { Mutation } from "./mutation.ts";

const LINK = "src/tiers/middle-link.ts";
const LINK_TEST = "src/tiers/middle-link.test.ts";
const LINK_SUITE = "a link to a store that may be away";
const LAYOUT = "src/tiers/middle-layout.ts";
const LAYOUT_TEST = "src/tiers/middle-layout.test.ts";
const WRITES = "src/tiers/middle-writes.ts";
const WRITES_TEST = "src/tiers/middle-writes.test.ts";
const LOG = "src/coherence/change-log.ts";
const LOG_TEST = "src/coherence/change-log.test.ts";
const PROOFS = "src/coherence/stored-proofs.ts";
const PROOFS_TEST = "src/coherence/stored-proofs.test.ts";

/** The safeguards of middle tiers that no schedule shows alone; the others are in `test/simulation/safeguards-middle.ts`. */
export const MIDDLE_MUTATIONS: readonly Mutation[] = [
  {
    name: "a copy of a stored one is as old as its proof",
    file: "src/coherence/stored-copies.ts",
    search: "      readAtMs,\n",
    replacement: "      readAtMs: this.#nowMs(),\n",
    testFile: "src/coherence/stored-copies.test.ts",
    testName:
      "a copy that lies outside the process becomes one here that is as old as its proof, and has every change up to where its shard is",
  },
  {
    name: "a stored copy of another life is not proven",
    file: PROOFS,
    search: " || epoch !== table.epochOf(shard)",
    replacement: "",
    testFile: PROOFS_TEST,
    testName: "a copy that lies elsewhere is not proven when it is of another life",
  },
  {
    name: "a version that another key was given is not proven",
    file: PROOFS,
    search: " || !log.mayHaveGiven(version, key)",
    replacement: "",
    testFile: PROOFS_TEST,
    testName: "a copy that lies elsewhere is not proven when it has a version that another key was given",
  },
  {
    name: "a head that is not on the chain is not proven",
    file: LOG,
    search: "if (head !== this.#floor && (at === 0 || this.#versionAt(at - 1) !== head)) return false;",
    replacement: "",
    testFile: LOG_TEST,
    testName:
      "a log of changes says nothing of a head that is not of the chain: below the floor, between two links, or ahead",
  },
  {
    name: "bytes of another key are no copy",
    file: LAYOUT,
    search: "hashString(key) | 0",
    replacement: "hashString(key) & 0",
    testFile: LAYOUT_TEST,
    testName: "a copy as bytes is none of another key",
  },
  {
    name: "damaged bytes are no copy",
    file: LAYOUT,
    search: "if (bytes.readInt32BE(2) !== checkOf(key, bytes)) return undefined;",
    replacement: "",
    testFile: LAYOUT_TEST,
    testName: "a copy as bytes is none when any of its bytes is another, or some are missing",
  },
  {
    name: "a middle tier is given up on in time",
    file: LINK,
    search: "{ signal, timeoutMs, onTimeout, scheduler }",
    replacement: "{ signal, timeoutMs: 10 * timeoutMs, onTimeout, scheduler }",
    testFile: LINK_TEST,
    testName: `${LINK_SUITE} gives up on a call after its time, tells the store so, and rejects never`,
    hangs: true,
  },
  {
    name: "a middle tier that does not answer is not asked for a while",
    file: LINK,
    search: "this.#breaker.failed(pass);",
    replacement: "this.#breaker.succeeded(pass);",
    testFile: LINK_TEST,
    testName: `${LINK_SUITE} asks nothing for a while after some failures, and tells of it`,
  },
  {
    name: "a middle tier is not blamed for a caller who left",
    file: LINK,
    search: "if (signal?.aborted === true) this.#breaker.abandoned(pass);\n      else this.#note",
    replacement: "this.#note",
    testFile: LINK_TEST,
    testName: `${LINK_SUITE} holds nothing against a store whose caller left`,
  },
  {
    name: "a middle tier is connected again",
    file: LINK,
    search: "this.#retry = scheduler.after(pauseMs, () => this.#connect());",
    replacement: "",
    testFile: LINK_TEST,
    testName: `${LINK_SUITE} asks nothing before it is connected, and connects in the background, again and again`,
  },
  {
    name: "what waits for a middle tier is bounded by bytes",
    file: WRITES,
    search: "(addedBytes > 0 && this.#waitingBytes + addedBytes > maxBytes)",
    replacement: "false",
    testFile: WRITES_TEST,
    testName:
      "writes in the background leave out what finds no room, by count and by bytes, and take others again when there is some",
  },
  {
    name: "writes for a middle tier leave one batch at a time",
    file: WRITES,
    search: "this.#running ??= this.#run();",
    replacement: "this.#running = this.#run();",
    testFile: WRITES_TEST,
    testName:
      "writes in the background leave together at the end of the step, one batch at a time, of each key the last one",
  },
];
