import type { Backend } from "../../src/backend/backend.ts";
import type { StoredEntry } from "../../src/backend/stored-entry.ts";
import { BackendTimeoutError, BackendUnavailableError, OutcomeUnknownError } from "../../src/foundation/errors.ts";
import { type BrokenDouble, never } from "./broken-double.ts";

type Get = Required<Backend>["get"];

/** A double that answers `get` in its own way when the right answer is an error. */
function onFailedGet(correct: Required<Backend>, answer: (error: unknown) => ReturnType<Get>): Partial<Backend> {
  return {
    get: async (key, context) => {
      try {
        return await correct.get(key, context);
      } catch (error) {
        return answer(error);
      }
    },
  };
}

function isBecauseOf(error: unknown, why: "closed" | "refused" | "reset"): boolean {
  return error instanceof BackendUnavailableError && error.message.endsWith(why);
}

const OVER_NETWORK = { over: "network", time: "real", groups: ["faults"] } as const;

/** Defects that show only when the server is away, hangs, or loses its connections. */
export const brokenNetworkDoubles: readonly BrokenDouble[] = [
  {
    ...OVER_NETWORK,
    defect: "takes a server that is away for a miss",
    failingGroups: ["faults"],
    breakBackend: (correct) =>
      onFailedGet(correct, (error) => {
        if (isBecauseOf(error, "refused")) return undefined;
        throw error;
      }),
  },
  {
    ...OVER_NETWORK,
    defect: "tells of a server that is away in the words of its library",
    failingGroups: ["faults"],
    breakBackend: (correct) =>
      onFailedGet(correct, (error) => {
        throw isBecauseOf(error, "refused") ? new Error("connect ECONNREFUSED 127.0.0.1:6379") : error;
      }),
  },
  {
    ...OVER_NETWORK,
    defect: "never asks a server again that was away",
    failingGroups: ["faults"],
    breakBackend: (correct) => {
      let failure: unknown;
      return {
        get: async (key, context) => {
          if (failure !== undefined) throw failure;
          try {
            return await correct.get(key, context);
          } catch (error) {
            if (isBecauseOf(error, "refused")) failure = error;
            throw error;
          }
        },
      };
    },
  },
  {
    ...OVER_NETWORK,
    defect: "asks for nothing again with one operation after its server was away",
    failingGroups: ["faults"],
    breakBackend: (correct) => {
      let wasAway = false;
      return {
        ...onFailedGet(correct, (error) => {
          wasAway ||= isBecauseOf(error, "refused");
          throw error;
        }),
        setMulti: (items, context) =>
          wasAway
            ? Promise.reject(new BackendUnavailableError("linked", "setMulti", "gone"))
            : correct.setMulti(items, context),
      };
    },
  },
  {
    ...OVER_NETWORK,
    defect: "cannot connect again after a connect that failed",
    failingGroups: ["faults"],
    breakBackend: (correct) => {
      let connecting: Promise<void> | undefined;
      return {
        connect: (context) => {
          connecting ??= Promise.resolve(correct.connect(context));
          return connecting;
        },
      };
    },
  },
  {
    ...OVER_NETWORK,
    defect: "gives no report when a server is away",
    failingGroups: ["faults"],
    breakBackend: (correct) => ({
      report: async (context) => {
        await correct.ping(context);
        return correct.report(context);
      },
    }),
  },
  {
    ...OVER_NETWORK,
    defect: "waits for ever for a server that hangs",
    failingGroups: ["faults"],
    breakBackend: (correct) =>
      onFailedGet(correct, (error) => {
        if (error instanceof BackendTimeoutError) return never();
        throw error;
      }),
  },
  {
    ...OVER_NETWORK,
    defect: "takes a server that hangs for a miss",
    failingGroups: ["faults"],
    breakBackend: (correct) =>
      onFailedGet(correct, (error) => {
        if (error instanceof BackendTimeoutError) return undefined;
        throw error;
      }),
  },
  {
    ...OVER_NETWORK,
    defect: "gives a late answer to the next caller",
    failingGroups: ["faults"],
    breakBackend: (correct) => {
      const lateKeys: string[] = [];
      return {
        get: async (key, context) => {
          try {
            const entry = await correct.get(key, context);
            const late = lateKeys.shift();
            return late === undefined ? entry : await correct.get(late, context);
          } catch (error) {
            if (error instanceof BackendTimeoutError) lateKeys.push(key);
            throw error;
          }
        },
      };
    },
  },
  {
    ...OVER_NETWORK,
    defect: "closes only when its server has said goodbye",
    hangs: true,
    failingGroups: ["faults"],
    breakBackend: (correct) => ({
      close: async () => {
        await Promise.resolve(correct.ping({})).catch((error: unknown) =>
          error instanceof BackendTimeoutError ? never() : undefined,
        );
        await correct.close();
      },
    }),
  },
  {
    ...OVER_NETWORK,
    defect: "cannot be closed while its server is away",
    failingGroups: ["faults"],
    breakBackend: (correct) => ({
      close: async () => {
        await Promise.resolve(correct.ping({})).finally(() => correct.close());
      },
    }),
  },
  {
    ...OVER_NETWORK,
    defect: "takes a write for done whose answer was lost",
    failingGroups: ["faults"],
    breakBackend: (correct) => ({
      set: async (key, write, context) => {
        try {
          return await correct.set(key, write, context);
        } catch (error) {
          if (!(error instanceof OutcomeUnknownError) || write.condition !== undefined) throw error;
          return { stored: true, version: Number.MAX_SAFE_INTEGER };
        }
      },
    }),
  },
  {
    ...OVER_NETWORK,
    defect: "takes a read that was cut off for a miss",
    failingGroups: ["faults"],
    breakBackend: (correct) =>
      onFailedGet(correct, (error) => {
        if (isBecauseOf(error, "reset")) return undefined;
        throw error;
      }),
  },
  {
    ...OVER_NETWORK,
    defect: "counts again when it does not know whether it has counted",
    failingGroups: ["faults"],
    breakBackend: (correct) => ({
      increment: async (key, request, context) => {
        try {
          return await correct.increment(key, request, context);
        } catch (error) {
          if (error instanceof OutcomeUnknownError) return correct.increment(key, request, context);
          throw error;
        }
      },
    }),
  },
  {
    ...OVER_NETWORK,
    defect: "writes on a condition again when it does not know whether it has written",
    failingGroups: ["faults"],
    breakBackend: (correct) => ({
      set: async (key, write, context) => {
        try {
          return await correct.set(key, write, context);
        } catch (error) {
          if (error instanceof OutcomeUnknownError && write.condition !== undefined)
            return correct.set(key, write, context);
          throw error;
        }
      },
    }),
  },
  {
    ...OVER_NETWORK,
    defect: "answers what runs when it is closed with errors of nobody's family",
    failingGroups: ["close", "faults"],
    groups: ["close", "faults"],
    breakBackend: (correct) => ({
      get: async (key, context): Promise<StoredEntry | undefined> => {
        try {
          return await correct.get(key, context);
        } catch (error) {
          throw isBecauseOf(error, "closed") ? new Error("Socket closed unexpectedly") : error;
        }
      },
    }),
  },
];
