import type { Edit, Safeguard } from "./safeguards.ts";

const LOG = "src/coherence/change-log.ts";
const PROOFS = "src/coherence/stored-proofs.ts";
const NODE = "src/coherence/coherence-node.ts";
const TABLE = "src/coherence/freshness-table.ts";
const CHAIN = "src/coherence/shard-chain.ts";
const READER = "src/tiers/middle-reader.ts";

/** A head that is not of the chain is that of data that was lost. */
const ON_CHAIN: Edit = {
  file: LOG,
  search: "if (head !== this.#floor && (at === 0 || this.#versionAt(at - 1) !== head)) return false;",
  replacement: "",
};

/** A version on the chain was given to one key. */
const OWN_VERSION: Edit = { file: PROOFS, search: " || !log.mayHaveGiven(version, key)", replacement: "" };

const OTHER_EPOCH: Edit = { file: PROOFS, search: " || epoch !== table.epochOf(shard)", replacement: "" };

/** All that keeps a copy in a middle tier from being served when it is older than promised. */
export const MIDDLE_SAFEGUARDS: readonly Safeguard[] = [
  {
    name: "changes of the key since a stored copy's head are looked for",
    file: LOG,
    search: "if (hashes.includes(this.#hashAt(place))) return false;",
    replacement: "if (hashes.length > 9) return false;",
  },
  {
    ...ON_CHAIN,
    name: "a stored copy of lost data is not proven",
    also: [OWN_VERSION, OTHER_EPOCH],
  },
  {
    name: "the floor of the log rises when its oldest link goes",
    file: LOG,
    search: "this.#floor = this.#versionAt(0);",
    replacement: "",
  },
  {
    name: "a change that may have concerned anything begins the log anew",
    file: LOG,
    search: "if (names === undefined || this.#floor === NOTHING_KNOWN) {",
    replacement: "if (names === undefined && this.#floor !== NOTHING_KNOWN) return;\n    if (names === undefined) {",
  },
  {
    name: "the log begins anew where the chain does",
    file: CHAIN,
    search: "this.log?.restart(head);",
    replacement: "if (this.log?.ageRatioOf(0) === 0) this.log.restart(head);",
  },
  {
    name: "the proof of a stored copy lapses",
    file: TABLE,
    search: "return nowMs <= (this.#provenUntilMs[shard] as number) ? (this.#freshAtMs[shard] as number) : undefined;",
    replacement: "return nowMs > 0 ? (this.#freshAtMs[shard] as number) : undefined;",
  },
  {
    name: "invalidations of tags since a stored copy's are looked for",
    file: PROOFS,
    search:
      "if (tagsAtMs === undefined || table.logOf(table.shardCount)?.isUnchanged(tagHead, tags) !== true) return undefined;",
    replacement: "if (tagsAtMs === undefined) return undefined;",
  },
  {
    name: "own invalidations of tags count before the store tells of them",
    file: PROOFS,
    search: "if (!tags.every((tag) => this.#tags.allows(tag, tagHead, tagsAtMs))) return undefined;",
    replacement: "",
  },
  {
    name: "own changes, and what others told out of order, count before the store tells of them",
    file: PROOFS,
    search: "return this.#keys.allows(key, head, shardAtMs) ? shardAtMs : undefined;",
    replacement: "return shardAtMs;",
  },
  {
    name: "an absence that was seen counts until the clock of tags is proven after it, too",
    file: PROOFS,
    search: "return this.#keys.allows(key, head, provenAtMs) ? provenAtMs : undefined;",
    replacement: "return this.#keys.allows(key, head, shardAtMs) ? provenAtMs : undefined;",
  },
  {
    name: "what an answer has shown counts before the store tells of it",
    file: NODE,
    search: "this.#noteStored(key, version > 0 ? version : stamp && stamp.head + 1);",
    replacement: "",
  },
  {
    name: "a change that is told out of order is noted for stored copies",
    file: NODE,
    search:
      "this.#apply(this.#parts.shardOf(key), previousHead, version, [key]);\n      this.#noteStored(key, version);",
    replacement: "this.#apply(this.#parts.shardOf(key), previousHead, version, [key]);",
  },
  {
    name: "own clears count before the store tells of them",
    file: NODE,
    search: "this.#endNamespace(path);\n    this.#proofs?.noteAll(this.nowMs());\n  }",
    replacement: "this.#endNamespace(path);\n  }",
  },
  {
    name: "a stored copy that was served outdates older answers on their way",
    file: NODE,
    search: "onServed: (key, version) => this.#servedStored(key, version),",
    replacement: "onServed: () => undefined,",
  },
  {
    name: "a stored copy is not served to who knows of something newer",
    file: READER,
    search: "this.#isLate(key, context) || ",
    replacement: "",
  },
  {
    name: "a stored copy ends with its entry",
    file: READER,
    search: "const proof = remainingMs > 0 ? stored.prove(key, copy) : undefined;",
    replacement: "const proof = stored.prove(key, copy);",
    also: [{ file: READER, search: " || this.#remainingOf(key, copy) <= 0", replacement: "" }],
  },
];
