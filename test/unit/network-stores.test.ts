import { beforeEach, describe, expect, it } from "vitest";
import type { Backend, OperationContext } from "../../src/backend/backend.ts";
import type { BackendNotice } from "../../src/backend/backend-notice.ts";
import type { NodeReport } from "../../src/backend/backend-report.ts";
import { defineBackend } from "../../src/backend/define-backend.ts";
import { type BackendHost, registerBackend, unregisterBackend } from "../../src/backend/registry.ts";
import { assembleCache } from "../../src/cache/assemble-cache.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";
import { EventHub } from "../../src/events/event-hub.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { createFakeTime, type FakeTime } from "../../src/testing/fake-clock.ts";
import { createMapBackend } from "../../src/testing/map-backend/map-backend.ts";

const DEADLINES = { connectMs: 5_000, readMs: 1_000, writeMs: 1_000, healthMs: 1_000, closeMs: 10_000 };

/** A cache over a store that answers through promises, with what stores with a network have besides. */
function openNetwork(extra: Partial<Backend>): { cache: Cache; time: FakeTime } {
  const time = createFakeTime();
  const backend = { ...createMapBackend({ async: true, clock: time.clock }), ...extra };
  const cache = assembleCache({
    ...{ clock: time.clock, scheduler: time.scheduler, random: createSeededRandom(1) },
    ...{ backend, events: new EventHub(""), deadlines: DEADLINES },
    ...{ defaultTtlMs: Number.POSITIVE_INFINITY, rootPath: "" },
  });
  return { cache, time };
}

function nodeReport(port: number, status: NodeReport["status"], rest: Partial<NodeReport> = {}): NodeReport {
  return { node: `127.0.0.1:${port}`, status, latencyMs: port, warnings: [], ...rest };
}

function openReporting(...nodes: readonly NodeReport[]): Cache {
  return openNetwork({ name: "net", report: async () => ({ nodes }) }).cache;
}

describe("the health of a store that reports", () => {
  it("has one check for each server, named by store and address, with what is wrong and its remedies", async () => {
    const health = await openReporting(
      nodeReport(1, "up"),
      nodeReport(2, "degraded", { warnings: ["It evicts.", "Raise its memory."] }),
      nodeReport(3, "down", { message: "refused" }),
    ).health();
    expect(health).toEqual({
      status: "degraded",
      checks: [
        { name: "net/127.0.0.1:1", status: "up", latencyMs: 1 },
        { name: "net/127.0.0.1:2", status: "degraded", latencyMs: 2, message: "It evicts. Raise its memory." },
        { name: "net/127.0.0.1:3", status: "down", latencyMs: 3, message: "refused" },
      ],
    });
  });

  it("is down only when no server answers, and up only when all are well", async () => {
    const [up, degraded, down] = [nodeReport(1, "up"), nodeReport(2, "degraded"), nodeReport(3, "down")];
    const statuses = [[up, up], [up, down], [degraded], [degraded, down], [down, down], []].map(
      async (nodes) => (await openReporting(...nodes).health()).status,
    );
    expect(await Promise.all(statuses)).toEqual(["up", "degraded", "degraded", "degraded", "down", "up"]);
  });

  it("is down within the health deadline when the report does not come, and the store is told that nobody waits", async () => {
    let signal: AbortSignal | undefined;
    const { cache, time } = openNetwork({
      report: (context: OperationContext) => {
        signal = context.signal;
        return new Promise(() => undefined);
      },
    });
    await cache.ready();
    const health = cache.health();
    await time.advanceAsync(1_000);
    expect((await health).checks).toMatchObject([{ name: "map", status: "down", message: "no answer within 1000 ms" }]);
    expect(signal?.aborted).toBe(true);
    expect(time.pendingCount()).toBe(0);
  });
});

describe("the stats of a store with a network", () => {
  it("count its open connections; a store without a network has none to count", () => {
    const counts = { open: 3, inFlight: 5, waiting: 1 };
    expect(openNetwork({ connections: () => counts }).cache.stats().tiers[0]?.connections).toBe(3);
    expect(openNetwork({}).cache.stats().tiers[0]?.connections).toBeUndefined();
  });
});

/** Keys live together when their text between braces is the same. */
function areColocated(keys: readonly string[]): boolean {
  return new Set(keys.map((key) => /\{(.+?)\}/.exec(key)?.[1] ?? key)).size === 1;
}

describe("a transaction on a store of co-located keys", () => {
  const commits: (readonly string[])[] = [];
  beforeEach(() => {
    commits.length = 0;
  });
  function openColocated(map: Backend = createMapBackend({ async: true })): { cache: Cache } {
    const commit: Backend["commit"] = (checks, writes, context) => {
      commits.push(checks.map(({ key }) => key));
      return map.commit?.(checks, writes, context) as ReturnType<NonNullable<Backend["commit"]>>;
    };
    const capabilities = { ...map.capabilities, transactions: "co-located" as const };
    return openNetwork({ ...map, capabilities, areColocated, commit });
  }

  it("runs over keys with a common hash tag, also inside a namespace, and over one key", async () => {
    for (const view of [openColocated().cache, openColocated().cache.namespace("shop")]) {
      await view.transaction(["{t}a", "{t}b"], (tx) => {
        tx.set("{t}a", 1);
        tx.set("{t}b", 2);
      });
      await view.transaction(["alone"], (tx) => tx.set("alone", 3));
      expect([...(await view.getMulti(["{t}a", "{t}b", "alone"])).values()]).toEqual([1, 2, 3]);
    }
  });

  it("over keys that are apart is refused before its body runs, with the remedy", async () => {
    const { cache } = openColocated();
    let runs = 0;
    const refused = cache.transaction(["{t}a", "{u}b"], () => {
      runs += 1;
    });
    await expect(refused).rejects.toMatchObject({ name: "UnsupportedOperationError", operation: "transaction" });
    await expect(refused).rejects.toThrow("{hash tag}");
    expect([runs, commits]).toEqual([0, []]);
  });

  it("is what takes back the result of a load that an invalidation overtook on its way to the store", async () => {
    const map = createMapBackend({ async: true });
    const { cache } = openColocated(map);
    const storing = map.hold("set", { at: "reply" });
    const loading = cache.getOrSet("k", () => "old");
    await storing.arrived();
    const deleting = cache.delete("k");
    storing.release();
    expect(await loading).toBe("old");
    await deleting;
    await cache.close();
    expect(commits).toEqual([["k"]]);
  });
});

describe("reads of the value alone", () => {
  it("say so to the store; reads of version, TTL or presence do not", async () => {
    const asked: string[] = [];
    const map = createMapBackend({ async: true });
    const note = (operation: string, { isValueEnough }: OperationContext): void => {
      asked.push(`${operation} ${isValueEnough === true ? "value" : "entry"}`);
    };
    const { cache } = openNetwork({
      ...map,
      get: (key, context) => {
        note("get", context);
        return map.get(key, context);
      },
      getMulti: (keys, context) => {
        note("getMulti", context);
        return map.getMulti(keys, context);
      },
    });
    await cache.set("k", 1, "1m");
    await cache.get("k");
    await cache.get("k", { signal: new AbortController().signal });
    await cache.getMulti(["k"]);
    await cache.getEntry("k");
    await cache.ttl("k");
    await cache.exists("k");
    await cache.update("k", (value) => Number(value) + 1);
    await cache.transaction(["k"], (tx) => tx.get("k"));
    expect(asked).toEqual([
      ...["get value", "get value", "getMulti value"],
      ...["get entry", "get entry", "get entry", "get entry", "getMulti entry"],
    ]);
  });
});

describe("what a store with a network says of itself", () => {
  it("becomes events with the store's name, which nobody need listen to", async () => {
    let host: BackendHost | undefined;
    const store = { get: () => undefined, set: () => ({ stored: true, version: 1 }), delete: () => false };
    registerBackend("noticing", (_options, given) => {
      host = given;
      return defineBackend({ name: "net", ...store });
    });
    try {
      await using cache = createCache<string>({ backend: "noticing" });
      const error = new Error("reset");
      const notices: readonly BackendNotice[] = [
        { kind: "connection", node: "a:1", state: "connected" },
        { kind: "connection", node: "a:1", state: "lost", error },
        { kind: "breaker", node: "a:1", state: "half-open" },
        { kind: "warning", message: "It evicts." },
        { kind: "warning", node: "a:1", message: "It is full." },
      ];
      const tell = (): void => {
        for (const notice of notices) host?.onNotice?.(notice);
      };
      const seen: unknown[] = [];
      tell();
      for (const name of ["connection", "breaker", "warning"] as const) {
        cache.on(name, (event) => seen.push([name, event]));
      }
      tell();
      const backend = "noticing";
      expect(seen).toEqual([
        ["connection", { backend, node: "a:1", state: "connected" }],
        ["connection", { backend, node: "a:1", state: "lost", error }],
        ["breaker", { backend, node: "a:1", state: "half-open" }],
        ["warning", { backend, message: "It evicts." }],
        ["warning", { backend, node: "a:1", message: "It is full." }],
      ]);
    } finally {
      unregisterBackend("noticing");
    }
  });
});
