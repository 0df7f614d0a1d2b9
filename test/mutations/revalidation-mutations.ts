import type { Mutation } from "./mutation.ts";

const CYCLE = "src/coherence/revalidation-cycle.ts";
const CYCLE_TEST = "src/coherence/revalidation-cycle.test.ts";
const NODE = "src/coherence/coherence-node.ts";
const USED = "src/coherence/used-copies.ts";
const USED_TEST = "src/coherence/used-copies.test.ts";
const COPIES_TEST = "test/unit/revalidated-copies.test.ts";
const MEMCACHED = "src/backends/memcached/coherent-revalidation.ts";
const MEMCACHED_TEST = "src/backends/memcached/coherent-revalidation.test.ts";
const REDIS = "src/backends/redis/record-revalidation.ts";
const REDIS_TEST = "src/backends/redis/record-revalidation.test.ts";
const SHARDED = "src/sharding/sharded-revalidation.ts";
const SHARDED_TEST = "src/sharding/sharded-revalidation.test.ts";

/** The suite of versions that cannot be compared. */
const SERVERS = "a store of several servers, whose versions are each their own";

/** The safeguards of copies that questions prove. */
export const REVALIDATION_MUTATIONS: readonly Mutation[] = [
  {
    name: "an answer about a copy proves from the send",
    file: CYCLE,
    search: "copy.readAtMs = ticket.sentAtMs;",
    replacement: "copy.readAtMs = this.#parts.clock.monotonicMs();",
    testFile: COPIES_TEST,
    testName: "a copy that is read is proven from when the question was sent, not from when its answer came",
  },
  {
    name: "an answer about a copy that a change overtakes proves nothing",
    file: CYCLE,
    search: "&& isStanding(ticket, copy) &&",
    replacement: "&&",
    testFile: CYCLE_TEST,
    testName: "a look at copies proves nothing of a copy when it was heard meanwhile that the key has changed",
  },
  {
    name: "an answer that another life of the store overtakes proves nothing",
    file: CYCLE,
    search: " && this.lifeNumber() === life) {",
    replacement: ") {",
    testFile: COPIES_TEST,
    testName: "an answer about a copy proves nothing when another life of the store begins while it is on its way",
  },
  {
    name: "copies of another life of the store are not asked about",
    file: CYCLE,
    search: "copy.life !== life || ",
    replacement: "",
    testFile: COPIES_TEST,
    testName: "an answer about a copy proves nothing of what was read in another life of the store",
  },
  {
    name: "a read over two lives of the store is proven by itself alone",
    file: NODE,
    search: "const life = ticket.life === this.#looks?.lifeNumber() ? ticket.life : UNPROVABLE;",
    replacement: "const life = this.#looks?.lifeNumber() ?? UNPROVABLE;",
    testFile: COPIES_TEST,
    testName: "an answer about a copy proves nothing of a read during which another life of the store began",
  },
  {
    name: "own writes are proven by themselves alone",
    file: NODE,
    search: "return this.#keepAt(ticket, version, tags, UNPROVABLE);",
    replacement: "return this.#keepAt(ticket, version, tags, ticket.life);",
    testFile: COPIES_TEST,
    testName: "an answer about a copy proves nothing of what this process wrote, until it was read",
  },
  {
    name: "a verdict ends the copy that was asked about and no other",
    file: "src/tiers/near-copies.ts",
    search: "if (this.#peek(key) === copy) this.#parts.near.delete(key, NO_CONTEXT);",
    replacement: "if (copy !== undefined) this.#parts.near.delete(key, NO_CONTEXT);",
    testFile: COPIES_TEST,
    testName: "an answer about a copy does not end the copy of something newer that was read meanwhile",
  },
  {
    name: "versions of different keys are not compared where a store has no heads",
    file: NODE,
    search: "if (this.#probes !== undefined && version <= seenHead",
    replacement: "if (version <= seenHead",
    testFile: COPIES_TEST,
    testName: `${SERVERS} leaves the copies of other keys when one is written at a server whose versions are lower`,
  },
  {
    name: "a write ends the copy of its key where a store has no heads",
    file: NODE,
    search: "this.#parts.sink.dropOlder(key, Number.POSITIVE_INFINITY);\n    this.#noteStored(key, undefined);",
    replacement: "this.#parts.sink.dropOlder(key, version);",
    testFile: COPIES_TEST,
    testName: `${SERVERS} is served what it wrote at a server whose versions are lower than the copy's`,
  },
  {
    name: "an answer ends the copy of its key where a store has no heads",
    file: NODE,
    search: "if (proof !== undefined && this.#probes === undefined) {",
    replacement: "if (proof === undefined && this.#probes === null) {",
    testFile: COPIES_TEST,
    testName: `${SERVERS} is served what it read at a server whose versions are lower than the copy's, and keeps it`,
  },
  {
    name: "what has changed by an answer ends",
    file: CYCLE,
    search: "drop(key, copy);",
    replacement: "",
    testFile: CYCLE_TEST,
    testName: "a look at copies ends what has changed",
  },
  {
    name: "a hung store gets a bounded number of questions about copies",
    file: CYCLE,
    search: "if (this.#runningCount >= MAX_RUNNING) return;",
    replacement: "",
    testFile: COPIES_TEST,
    testName: "a copy that is read lapses at the bound while the store answers no questions",
  },
  {
    name: "who reads nothing asks nothing about copies",
    file: USED,
    search: "this.#used = later;",
    replacement: "this.#used = [...later, ...due];",
    testFile: COPIES_TEST,
    testName: "a copy that is read is not asked about when nobody reads it any more, and nothing is sent then",
  },
  {
    name: "one look asks about a bounded number of copies",
    file: USED,
    search: "due.length <= maxCount ? due : hottestOf(due, countsOf, maxCount)",
    replacement: "due",
    testFile: CYCLE_TEST,
    testName: "a look at copies is about a bounded number of copies, the hottest ones",
  },
  {
    name: "the list of used copies is bounded",
    file: USED,
    search: "if (this.#used.length >= this.#maxCount) return;",
    replacement: "",
    testFile: USED_TEST,
    testName: "copies that were used are listed up to a bound; the rest is at the next use after there is room",
  },
  {
    name: "an entry of Memcached is proven against its namespace",
    file: MEMCACHED,
    search: " || cas < namespace.markedAtCas",
    replacement: "",
    testFile: MEMCACHED_TEST,
    testName: "an entry that was read from Memcached is changed when its namespace was cleared",
  },
  {
    name: "an entry of Memcached is proven against its tags",
    file: MEMCACHED,
    search: "return mark !== undefined && mark.cas < cas;",
    replacement: "return mark !== undefined;",
    testFile: MEMCACHED_TEST,
    testName: "an entry that was read from Memcached is changed when its tag was invalidated",
  },
  {
    name: "a tag of Memcached whose mark is gone counts as invalidated for copies",
    file: MEMCACHED,
    search: "return mark !== undefined && mark.cas < cas;",
    replacement: "return mark === undefined || mark.cas < cas;",
    testFile: MEMCACHED_TEST,
    testName: "an entry that was read from Memcached is changed when the mark of its tag is gone",
  },
  {
    name: "an entry of Memcached is compared with its base",
    file: MEMCACHED,
    search: "versionOf(namespace.versionBase, cas) !== version",
    replacement: "cas !== version % 4_096",
    testFile: MEMCACHED_TEST,
    testName:
      "an entry that was read from Memcached is changed when the server lost its data and gave out the number again",
  },
  {
    name: "a Memcached that may have restarted begins another life for copies",
    file: MEMCACHED,
    search: "incarnation !== this.#incarnation || ",
    replacement: "",
    testFile: MEMCACHED_TEST,
    testName:
      "the life of a Memcached is another when the server may have restarted, and when its versions count from another base",
  },
  {
    name: "an entry of Redis is compared with its end",
    file: REDIS,
    search: "return endsAt === expiresAt || Math.abs(endsAt - expiresAt) <= END_GRAIN_MS;",
    replacement: "return endsAt !== undefined && expiresAt !== undefined;",
    testFile: REDIS_TEST,
    testName: "an entry that was read from Redis is changed when its end was moved, which leaves its version",
  },
  {
    name: "an entry of Redis is compared with its version",
    file: REDIS,
    search: " || versionOf(record) !== version",
    replacement: "",
    testFile: REDIS_TEST,
    testName: "an entry that was read from Redis is changed when its version is another, or its record is gone",
  },
  {
    name: "another mapping begins another life for copies",
    file: SHARDED,
    search: "this.#ring === ring && ",
    replacement: "",
    testFile: SHARDED_TEST,
    testName:
      "the life of a sharded store is another when nodes are added and removed, and when a move begins and ends",
  },
  {
    name: "a node that is stood in for begins another life for copies",
    file: SHARDED,
    search: "this.#turn === turn && ",
    replacement: "",
    testFile: SHARDED_TEST,
    testName: "the life of a sharded store is another when a node is stood in for, and when it is back",
  },
  {
    name: "a node that begins another life begins one of the whole for copies",
    file: SHARDED,
    search: "lifeOf(node) !== this.#lives[index]",
    replacement: "this.#lives[index] === undefined",
    testFile: SHARDED_TEST,
    testName: "the life of a sharded store is another when that of a node is, and never one that was before",
  },
  {
    name: "entries that are moving are proven by nothing",
    file: SHARDED,
    search: "if (moved !== undefined) return verdicts;",
    replacement: "",
    testFile: SHARDED_TEST,
    testName: "questions of a sharded store are about nothing while entries move",
  },
  {
    name: "a node that does not answer about copies leaves those of others",
    file: SHARDED,
    search: "  } catch {\n    return undefined;\n  }\n}\n\n/** Keys whose",
    replacement: "  } catch (error) {\n    throw error;\n  }\n}\n\n/** Keys whose",
    testFile: SHARDED_TEST,
    testName: "questions of a sharded store leave unknown what a node does not answer, and no other",
  },
];
