import type { Mutation } from "./mutation.ts";

const MESSAGE = "src/backends/redis/change-message.ts";
const MESSAGE_TEST = "src/backends/redis/change-message.test.ts";
const TRANSPORT = "src/transports/mail-transport.ts";
const TRANSPORT_TEST = "src/transports/mail-transport.test.ts";
const SHARDS = "src/clients/redis/shard-subscription.ts";
const SHARDS_TEST = "src/clients/redis/shard-subscription.test.ts";
const LETTER_TEST = "src/transports/letter.test.ts";

/** The safeguards of what Redis tells of changes, and of the letters of nodes. Those of the scripts need a server: their tests are in `test/integration/redis-changes.test.ts`. */
export const REDIS_CHANGE_MUTATIONS: readonly Mutation[] = [
  {
    name: "a change after a lost head joins nothing",
    file: MESSAGE,
    search: "before === 0 ? undefined : before",
    replacement: "before",
    testFile: MESSAGE_TEST,
    testName: "messages about changes join nothing to a head that the server had lost",
  },
  {
    name: "a change that goes back is unknown",
    file: MESSAGE,
    search: "if (after <= before) return undefined;",
    replacement: "",
    testFile: MESSAGE_TEST,
    testName: "messages about changes are unknown when they contradict themselves, or are of another kind",
  },
  {
    name: "a key of another shard is passed over",
    file: MESSAGE,
    search: "if (shardOfKey(key) === shard) changes",
    replacement: "changes",
    testFile: MESSAGE_TEST,
    testName: "messages about changes say nothing of keys of other layouts and of shards that are not the key's",
  },
  {
    name: "who hears a store late is told when it hears",
    file: "src/backends/redis/hear-changes.ts",
    search: "if (!isStopped && changes.isHearing) listener.onGap(true);",
    replacement: "",
    testFile: "src/backends/redis/hear-changes.test.ts",
    testName: "who hears changes is told that it hears, also when it comes late",
  },
  {
    name: "own letters are not heard",
    file: TRANSPORT,
    search: "if (from === this.#parts.nodeId) return;",
    replacement: "",
    testFile: TRANSPORT_TEST,
    testName: "a transport over mail brings what is said to all to all others, and what is said to one to that one",
  },
  {
    name: "no more letters wait than there is room for",
    file: TRANSPORT,
    search: " || this.#waitingCount >= MAX_WAITING_LETTERS",
    replacement: "",
    testFile: TRANSPORT_TEST,
    testName: "a transport over mail lets no more letters wait than it has room for, and survives those that fail",
  },
  {
    name: "silent nodes are forgotten",
    file: TRANSPORT,
    search: "clock.monotonicMs() - SILENT_BEATS * BEAT_MS",
    replacement: "Number.NEGATIVE_INFINITY",
    testFile: TRANSPORT_TEST,
    testName: "a transport over mail forgets who says goodbye at once, and who is silent for three beats",
  },
  {
    name: "a letter that is too long is unknown",
    file: "src/transports/letter.ts",
    search: "|| (format === FORMAT && !reader.isAtEnd)",
    replacement: "",
    testFile: LETTER_TEST,
    testName: "letters between nodes are unknown when they are cut off, too long, of another kind or another format",
  },
  {
    name: "a number that no version can be breaks a letter",
    file: "src/transports/letter-reader.ts",
    search: "    this.#isBroken = true;\n    return undefined;",
    replacement: "    return value;",
    testFile: LETTER_TEST,
    testName: "letters between nodes hold no number that a version cannot be",
  },
  {
    name: "a line to a server of slots is read to its end before its successor takes over",
    file: SHARDS,
    search: "kept.retire(() => this.#retiring.delete(kept));",
    replacement: "kept.close();",
    testFile: SHARDS_TEST,
    testName:
      "a subscription of channels of slots hears a slot that moves at its new server, over a line that takes the place of the one there is once that one has said all",
  },
  {
    name: "a line that cannot come up for a slot that has moved on is replaced",
    file: SHARDS,
    search: 'if (state === "opening" && channels.size !== names.length) return false;',
    replacement: "",
    testFile: SHARDS_TEST,
    testName:
      "a subscription of channels of slots is not kept from coming up by a channel whose slot has moved on before it was heard",
  },
  {
    name: "who has the slots is asked while some are not heard",
    file: SHARDS,
    search: "if (!this.#isHearing()) await lines.refresh().catch(() => undefined);",
    replacement: "",
    testFile: SHARDS_TEST,
    testName:
      "a subscription of channels of slots asks who has the slots of a server that is gone until all are heard, less and less often",
  },
  {
    name: "a slot that leaves its server is heard elsewhere",
    file: SHARDS,
    search: "group.moved.add(channel);",
    replacement: "",
    testFile: SHARDS_TEST,
    testName:
      "a subscription of channels of slots hears a slot that moves at its new server, over a line that takes the place of the one there is once that one has said all",
  },
  {
    name: "a clock of tags with another epoch is another life",
    file: "src/coherence/freshness-table.ts",
    search: "if (epoch !== undefined && known !== undefined && known !== epoch) {",
    replacement: "if (epoch !== undefined && known !== undefined && known !== epoch && head < 0) {",
    testFile: "src/coherence/freshness-table.test.ts",
    testName:
      "a copy with tags is over, and so are all, when the clock of tags is another one, though it stands higher",
  },
  {
    name: "a letter between threads is for whom it names",
    file: "src/transports/worker/channel-mail.ts",
    search: "if (to === undefined || to === nodeId) {",
    replacement: "{",
    testFile: "src/transports/worker/worker-transport.test.ts",
    testName:
      "a transport between threads brings to all of its channel what is said to all, and to one what is said to it; nothing comes back",
  },
  {
    name: "what nothing has ended is not missed when the mark of its tag is lost",
    file: "src/backends/redis/tag-store.ts",
    search: "await this.#makeMissing(names, marks);",
    replacement: "",
    testFile: "test/integration/redis-backend-hostile.test.ts",
    testName:
      "a store in Redis when the server evicts what is not an entry misses nothing that was not invalidated, when its tag's record is lost",
  },
];
