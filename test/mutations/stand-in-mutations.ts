import type { Mutation } from "./mutation.ts";

const LOAD_WAITERS = "test/unit/load-waiters.test.ts";

/** What ends an entry ends it as what stands in for a load, too. */
export const STAND_IN_MUTATIONS: readonly Mutation[] = [
  {
    name: "what a load found before a call does not stand in for that call",
    file: "src/loading/wait-for-load.ts",
    search: "standIn !== undefined && standIn.askedAtMs >= beganAtMs ? standIn : found",
    replacement: "standIn ?? found",
    testFile: LOAD_WAITERS,
    testName:
      "what a forced load found when it began in a fleet, by another process is not served to who comes after an invalidation of its tag",
  },
  {
    name: "what a caller has found itself stands in",
    file: "src/loading/wait-for-load.ts",
    search: "standIn.askedAtMs >= beganAtMs ? standIn : found",
    replacement: "standIn.askedAtMs >= beganAtMs ? standIn : undefined",
    testFile: LOAD_WAITERS,
    testName:
      "what stands in for a load on memory is what a caller has found itself, when whoever began the load allows none",
    hangs: true,
  },
  {
    name: "what was ended does not stand in",
    file: "src/loading/wait-for-load.ts",
    search: "known !== undefined && this.#load.isStanding(known)",
    replacement: "known !== undefined",
    testFile: LOAD_WAITERS,
    testName: "what stands in for a load on memory does so no more, when it is deleted",
  },
  {
    name: "tags end what stands in, also those that are not the load's",
    file: "src/loading/load-table.ts",
    search: "for (const load of this.#joinable.values()) load.endStandInsWith(tags);",
    replacement: "",
    testFile: LOAD_WAITERS,
    testName: "what stands in for a load on memory does so no more, when its tag is invalidated",
  },
  {
    name: "other tags leave what stands in",
    file: "src/loading/load.ts",
    search: "if (tags.some((tag) => own.includes(tag))) this.#standing.delete(version);",
    replacement: "if (tags !== own) this.#standing.delete(version);",
    testFile: LOAD_WAITERS,
    testName: "what stands in for a load on memory is served to who waits while an invalidation of other tags comes",
  },
  {
    name: "a load that was detached hears of changes until it is over",
    file: "src/loading/load-table.ts",
    search: "const stop = this.watchUnsettled(load);\n    load.settled.then(stop, stop);",
    replacement: "",
    testFile: LOAD_WAITERS,
    testName:
      "what stands in for a load on memory does so no more for those whose load a forced one has overtaken, when it is deleted",
  },
  {
    name: "a load that takes the place of another leaves it what stands in",
    file: "src/loading/load-table.ts",
    search: "this.#detachKey(load.storedKey, KEEP);",
    replacement: "this.#detachKey(load.storedKey, END);",
    testFile: LOAD_WAITERS,
    testName: "what stands in for a load on memory is served also when a forced load has overtaken it",
  },
  {
    name: "what was ended stays so under the version of the leave",
    file: "src/loading/load.ts",
    search: "if (this.isStanding(standIn)) this.offer(renamed);\n    else this.#standIn = renamed;",
    replacement: "this.offer(renamed);",
    testFile: "src/loading/load.test.ts",
    testName: "what stands in for a load is not offered anew under another version once its tag was invalidated",
  },
];
