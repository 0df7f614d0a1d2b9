import type { LeaseRequest } from "../../src/backend/lease.ts";
import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import { type BrokenDouble, never, oneTurn } from "./broken-double.ts";

/** Defects in tags, listings, clearing, and in how calls live together and end. */
export const brokenCollectionDoubles: readonly BrokenDouble[] = [
  {
    defect: "compares tags by instants, so that a write in the same instant dies with the older ones",
    failingGroups: ["tags", "stale"],
    breakBackend: (correct, host) => {
      const invalidatedAtMs = new Map<string, number>();
      const isOver = (write: EntryWrite): boolean =>
        write.tags.some((tag) => host.clock.monotonicMs() <= (invalidatedAtMs.get(tag) ?? -1));
      return {
        invalidateTags: (tags, context) => {
          for (const tag of tags) invalidatedAtMs.set(tag, host.clock.monotonicMs());
          return correct.invalidateTags(tags, context);
        },
        set: (key, write, context) => {
          const result = correct.set(key, write, context);
          if (isOver(write)) correct.expire(key, 0, context);
          return result;
        },
      };
    },
  },
  {
    defect: "stores the result of a load although its tag was invalidated meanwhile",
    failingGroups: ["tags", "stale"],
    breakBackend: (correct) => ({
      set: (key, write, context) => correct.set(key, { ...write, tagsUnchangedSince: undefined }, context),
    }),
  },
  {
    defect: "misses keys in a listing",
    failingGroups: ["scan"],
    breakBackend: (correct) => ({
      async *scan(prefix, context) {
        for await (const slice of correct.scan(prefix, context)) yield slice.slice(0, 99);
      },
    }),
  },
  {
    defect: "takes a prefix for a pattern",
    failingGroups: ["scan"],
    breakBackend: (correct) => ({
      async *scan(prefix, context) {
        const pattern = new RegExp(
          `^${prefix
            .replace(/[.+^${}()|[\]\\]/g, "\\$&")
            .replaceAll("*", ".*")
            .replaceAll("?", ".")}`,
          "s",
        );
        for await (const slice of correct.scan("", context)) yield slice.filter((key) => pattern.test(key));
      },
    }),
  },
  {
    defect: "clears the namespaces whose names begin alike",
    failingGroups: ["clear"],
    breakBackend: (correct) => ({
      clear: async (namespace, context) => {
        await correct.clear(namespace, context);
        for await (const slice of correct.scan(`@${namespace}`, context)) await correct.deleteMulti(slice, context);
      },
    }),
  },
  {
    defect: "ends leases when it clears",
    failingGroups: ["clear"],
    breakBackend: (correct) => {
      const held = new Map<string, LeaseRequest>();
      return {
        lease: (request, context) => {
          if (request.kind === "acquire") held.set(request.key, request);
          return correct.lease(request, context);
        },
        clear: async (namespace, context) => {
          await correct.clear(namespace, context);
          for (const request of held.values()) await correct.lease({ ...request, kind: "release" }, context);
        },
      };
    },
  },
  {
    defect: "gives the answers of reads that run together to the wrong callers",
    failingGroups: ["concurrency", "abort", "keys"],
    async: true,
    secondClient: "alike",
    breakBackend: (correct) => {
      let runningCount = 0;
      let lastKey = "";
      return {
        get: async (key, context) => {
          runningCount += 1;
          const isCrowded = runningCount > 1;
          const asked = isCrowded ? lastKey : key;
          lastKey = key;
          await oneTurn();
          runningCount -= 1;
          return correct.get(asked, context);
        },
      };
    },
  },
  {
    defect: "never answers a call whose signal aborts",
    failingGroups: ["abort"],
    hangs: true,
    async: true,
    breakBackend: (correct) => ({
      get: async (key, context) => {
        const entry = await correct.get(key, {});
        await oneTurn();
        return context.signal?.aborted === true ? never() : entry;
      },
    }),
  },
  {
    defect: "leaves a listener on the signal of every call",
    failingGroups: ["abort"],
    breakBackend: (correct) => ({
      get: (key, context) => {
        context.signal?.addEventListener("abort", () => undefined);
        return correct.get(key, context);
      },
    }),
  },
  {
    defect: "fails for everybody when one caller leaves",
    failingGroups: ["abort"],
    async: true,
    breakBackend: (correct) => {
      let isBroken = false;
      return {
        get: async (key, context) => {
          if (context.signal?.aborted === true) isBroken = true;
          await oneTurn();
          isBroken ||= context.signal?.aborted === true;
          if (isBroken) throw new Error("the connection was destroyed");
          return correct.get(key, context);
        },
      };
    },
  },
  {
    defect: "leaves calls open when it is closed",
    failingGroups: ["close"],
    hangs: true,
    async: true,
    breakBackend: (correct) => {
      let isClosed = false;
      return {
        get: async (key, context) => {
          await oneTurn();
          return isClosed ? never() : correct.get(key, context);
        },
        close: () => {
          isClosed = true;
        },
      };
    },
  },
  {
    defect: "starts its sweep when it is built, and goes on with it after close",
    failingGroups: ["close"],
    breakBackend: (_, host) => {
      const sweep = (): void => void host.scheduler.after(60_000, sweep);
      sweep();
      return {};
    },
  },
];
