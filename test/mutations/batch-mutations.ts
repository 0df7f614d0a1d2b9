import type { Mutation } from "./mutation.ts";

const BATCH_FAULTS = "test/unit/batch-faults.test.ts";
const BATCH_LOADERS = "test/unit/batch-loaders.test.ts";
const LOAD_WAITERS = "test/unit/load-waiters.test.ts";

/** The safeguards of batches, a part of those of loading. */
export const BATCH_MUTATIONS: readonly Mutation[] = [
  {
    name: "a listener may change the next key of a batch",
    file: "src/cache/store-loaded.ts",
    search: 'if (load.isDetached) return { outcome: "detached" };',
    replacement: "",
    testFile: BATCH_FAULTS,
    testName: "a batch on memory stores nothing under a key that a listener of set deletes when another key is done",
  },
  {
    name: "each call of a batch loader has its own signal",
    file: "src/loading/batch-runner.ts",
    search: "let wantedCount = wanted.length;",
    replacement: "let wantedCount = this.#parts.length;",
    testFile: BATCH_FAULTS,
    testName:
      "a batch of a process in a fleet aborts its loader when nobody waits for what it loads, though others wait for what is loaded elsewhere",
  },
  {
    name: "what is late is loaded together",
    file: "src/loading/batch-runner.ts",
    search: "this.#ports.scheduler.after(0, send, true);",
    replacement: "send();",
    testFile: BATCH_FAULTS,
    testName: "a batch of a process in a fleet calls its loader once for all keys whose loads elsewhere fail together",
  },
  {
    name: "a key is answered when it is stored itself",
    file: "src/loading/load-runner.ts",
    search: "Math.min(storable.length, MAX_WRITE_COUNT)",
    replacement: "1",
    testFile: BATCH_FAULTS,
    testName:
      "a batch on a remote store that is slow to store one of its keys answers each caller as soon as its own key is stored",
  },
  {
    name: "what a caller has left is not loaded for it once more",
    file: "src/loading/batch-runner.ts",
    search: "return load.isOver;",
    replacement: "return load.isOver && found !== undefined;",
    testFile: BATCH_FAULTS,
    testName: "a batch on memory loads nothing once more for who has left",
  },
  {
    name: "a closed cache asks for nothing once more",
    file: "src/cache/batch-retry.ts",
    search: "this.#search.scope.core.lifecycle.assertOpen();",
    replacement: "",
    testFile: BATCH_FAULTS,
    testName: "a batch starts no load when the cache is closed while it asks once more",
  },
  {
    name: "the store's word on a joined load is waited for within the caller's time",
    file: "src/cache/loads.ts",
    search: "...{ signal, timeoutMs: leftMs, onTimeout, scheduler },",
    replacement: "...{ signal, timeoutMs: Number.POSITIVE_INFINITY, onTimeout, scheduler },",
    testFile: BATCH_FAULTS,
    testName:
      "a batch of a process in a fleet leaves a store that hangs, asked whether a joined load is right, with its caller's time or signal: getOrSetMulti",
  },
  {
    name: "the store's word on a joined load is waited for until the caller leaves",
    file: "src/cache/loads.ts",
    search: "...{ signal, timeoutMs: leftMs, onTimeout, scheduler },",
    replacement: "...{ signal: undefined, timeoutMs: leftMs, onTimeout, scheduler },",
    testFile: BATCH_FAULTS,
    testName:
      "a batch of a process in a fleet leaves a store that hangs, asked whether a joined load is right, with its caller's time or signal: getOrSet",
  },
  {
    name: "many keys take over too",
    file: "src/cache/batch-loads.ts",
    search: "if (!isJoined || !mayTakeOver(scope, load, error, untilMs)) throw error;",
    replacement: "if (!isJoined || load !== undefined) throw error;",
    testFile: LOAD_WAITERS,
    testName:
      "who joins with many keys on memory a load that runs out of time takes over with one call of its own loader for all of them: batched",
  },
  {
    name: "nobody takes over a load of his own",
    file: "src/cache/batch-loads.ts",
    search: "if (!isJoined || !mayTakeOver(scope, load, error, untilMs)) throw error;",
    replacement: "if (!mayTakeOver(scope, load, error, untilMs + 1_000)) throw error;",
    testFile: LOAD_WAITERS,
    testName: "who joins with many keys on memory a load that runs out of time takes over nothing of its own",
    hangs: true,
  },
  {
    name: "what is asked for once more is asked for together",
    file: "src/cache/batch-retry.ts",
    search: "this.#search.scope.core.scheduler.after(0, () => this.#send(), true);",
    replacement: "this.#send();",
    testFile: LOAD_WAITERS,
    testName:
      "who joins with many keys on memory a load that runs out of time takes over with one call of its own loader for all of them: getOrSetMulti",
  },
  {
    name: "a batch loader waits for all of its keys",
    file: "src/loading/batch-runner.ts",
    search: "part.load.feedFrom(run);",
    replacement: "void run;",
    testFile: BATCH_LOADERS,
    testName: "a batch loader on memory that asks for any of its own keys is told so at once",
    hangs: true,
  },
  {
    name: "the keys of a loader are its own",
    file: "src/loading/batch-runner.ts",
    search: "[...keys]",
    replacement: "keys",
    testFile: BATCH_LOADERS,
    testName: "a batch loader on memory may do to the array of its keys what it likes",
  },
  {
    name: "promises are no values",
    file: "src/loading/batch-runner.ts",
    search: "if (promises.length === 0) return brought;",
    replacement: "if (promises.length >= 0) return brought;",
    testFile: BATCH_LOADERS,
    testName: "a batch loader on memory must not bring promises, which nobody would store or wait for",
    hangs: true,
  },
  {
    name: "some hundred writes of a batch at a time",
    file: "src/loading/load-runner.ts",
    search: "Math.min(storable.length, MAX_WRITE_COUNT)",
    replacement: "storable.length",
    testFile: BATCH_FAULTS,
    testName:
      "a batch of a process in a fleet has the whole deadline of fill for each key, however many come before it",
  },
  {
    name: "what was given up before its turn to be stored gives its leave back",
    file: "src/loading/load-runner.ts",
    search: "ports.release(load);\n    return;",
    replacement: "return;",
    testFile: BATCH_FAULTS,
    testName:
      "a batch of a process in a fleet gives the value at the hard timeout, and the leave back, to keys whose turn to be stored has not come",
  },
];
