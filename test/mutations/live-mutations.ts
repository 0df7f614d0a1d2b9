import type { Mutation } from "./mutation.ts";

const ROOM = "src/observability/live";
const RECORDER_TEST = "test/unit/live-recorder.test.ts";

/** What a node remembers for those who watch it. */
export const LIVE_MUTATIONS: readonly Mutation[] = [
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
