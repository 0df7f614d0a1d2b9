import type { Mutation } from "./mutation.ts";

const ROOM = "src/observability/live";
const RECORDER_TEST = "test/unit/live-recorder.test.ts";
const STREAMS = "src/server/dashboard/live-streams.ts";
const STREAM_TEST = "test/integration/node-live.test.ts";
const SLOW_TEST = "test/integration/node-slow-readers.test.ts";
const SLOW_WATCHER = "a watcher of the dashboard's stream that does not read";

const RECORDER_MUTATIONS: readonly Mutation[] = [
  {
    name: "hits are listened to only while somebody watches",
    file: `${ROOM}/live-recorder.ts`,
    search: "if (this.#watchers.size === 0) this.#hotKeys.stop();",
    replacement: "",
    testFile: RECORDER_TEST,
    testName: "a live recorder listens to hits and misses only while somebody watches",
  },
  {
    name: "the history of a node is bounded",
    file: `${ROOM}/live-recorder.ts`,
    search: "if (this.#history.length > HISTORY_SECONDS) this.#history.shift();",
    replacement: "",
    testFile: RECORDER_TEST,
    testName: "a live recorder keeps five minutes and no more",
  },
  {
    name: "a closed recorder leaves no timer",
    file: `${ROOM}/live-recorder.ts`,
    search: "this.#tick?.cancel();",
    replacement: "",
    testFile: RECORDER_TEST,
    testName: "a live recorder starts nothing before it is started, and leaves nothing when it is closed",
  },
  {
    name: "an event that repeats does not push out all else",
    file: `${ROOM}/event-log.ts`,
    search: "at - known.at < SAME_EVENT_MS && known.text === text",
    replacement: "at - known.at < 0 && known.text === text",
    testFile: RECORDER_TEST,
    testName: "a live recorder counts the same event again, so that it does not push out all else",
  },
  {
    name: "long keys are cut where they are kept",
    file: `${ROOM}/shown-key.ts`,
    search: "key.length > MAX_SHOWN_LENGTH",
    replacement: "key.length > 1_000 * MAX_SHOWN_LENGTH",
    testFile: RECORDER_TEST,
    testName: "a live recorder bounds what it keeps of long keys",
  },
  {
    name: "the more reads, the fewer are counted",
    file: `${ROOM}/hot-key-watch.ts`,
    search: "this.#skipCount = Math.floor(this.#random.next() * (2 * this.#gap - 1));",
    replacement: "this.#skipCount = 0;",
    testFile: RECORDER_TEST,
    testName: "a live recorder counts fewer reads the more there are, and still knows their shares",
  },
  {
    name: "a key that has its place by what it inherited is not shown as hot",
    file: `${ROOM}/hot-key-watch.ts`,
    search: "keys: keys.filter(({ ratio, errorRatio }) => ratio > 2 * errorRatio),",
    replacement: "keys,",
    testFile: RECORDER_TEST,
    testName: "a live recorder counts fewer reads the more there are, and still knows their shares",
  },
];

const STREAM_MUTATIONS: readonly Mutation[] = [
  {
    name: "watchers of the node have a bound",
    file: STREAMS,
    search: "this.#ends.size >= MAX_WATCHER_COUNT",
    replacement: "this.#ends.size < 0",
    testFile: STREAM_TEST,
    testName:
      "what happens in a node, for those who watch is refused to more watchers than are sensible, and free again when one leaves",
    hangs: true,
  },
  {
    name: "a watcher that has left leaves its place to another",
    file: STREAMS,
    search: "this.#ends.delete(end);",
    replacement: "",
    testFile: STREAM_TEST,
    testName:
      "what happens in a node, for those who watch is refused to more watchers than are sensible, and free again when one leaves",
  },
  {
    name: "streams of watchers end with the node",
    file: "src/server/node.ts",
    search: "live.close();",
    replacement: "",
    testFile: STREAM_TEST,
    testName: "what happens in a node, for those who watch ends with the node, which does not wait for it",
    hangs: true,
  },
  {
    name: "a closing node does not wait for a watcher that does not read",
    file: STREAMS,
    search: "if (response.writableNeedDrain) response.destroy();\n      else response.end();",
    replacement: "response.end();",
    testFile: SLOW_TEST,
    testName: `${SLOW_WATCHER} is not waited for when the node closes`,
  },
  {
    name: "documents do not pile up for a watcher that does not read",
    file: STREAMS,
    search: "if (response.writableNeedDrain) {",
    replacement: "if (response.writableNeedDrain && stalledSince !== undefined) {",
    testFile: SLOW_TEST,
    testName: `${SLOW_WATCHER} misses seconds, which do not pile up, and is told of the next one when it reads again`,
  },
  {
    name: "a watcher that has read again has all its time again",
    file: STREAMS,
    search: "stalledSince = undefined;",
    replacement: "",
    testFile: SLOW_TEST,
    testName: `${SLOW_WATCHER} misses seconds, which do not pile up, and is told of the next one when it reads again`,
  },
  {
    name: "a watcher that does not read is cut",
    file: STREAMS,
    search: "this.#now() - stalledSince >= this.#stallTimeoutMs",
    replacement: "this.#now() < stalledSince",
    testFile: SLOW_TEST,
    testName: `${SLOW_WATCHER} is cut when it has read nothing for too long, and is no watcher any more`,
  },
];

/** What a node remembers for those who watch it, and how it tells them. */
export const LIVE_MUTATIONS: readonly Mutation[] = [...RECORDER_MUTATIONS, ...STREAM_MUTATIONS];
