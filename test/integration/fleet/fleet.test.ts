import process from "node:process";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { askServer } from "../../../scripts/servers/ask-server.ts";
import { startRedis } from "../../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../../scripts/servers/test-server.ts";
import { bundleScript } from "../support/script-bundle.ts";
import {
  describeHistory,
  findImpossibleReads,
  findRepeatedLoads,
  findStaleReads,
  type RepeatedLoads,
  type StaleRead,
} from "./check-history.ts";
import type { FleetEvent } from "./fleet-event.ts";
import { fleetKeys } from "./fleet-keys.ts";
import type { Invalidation, Sabotage } from "./fleet-message.ts";
import { type FleetRecord, runFleet } from "./run-fleet.ts";

/** Printed by every failure. What the processes do to each other is not repeated by it, but what they try is. */
const seed = Number(process.env["GOCACHEX_SEED"] ?? Date.now() % 1_000_000);
/** A minute and more by hand: `GOCACHEX_FLEET_SECONDS=60`. */
const DURATION_MS = Number(process.env["GOCACHEX_FLEET_SECONDS"] ?? 10) * 1_000;
const PROCESS_COUNT = 8;
const KEY_COUNT = 100;
const ALL: readonly Invalidation[] = ["delete", "deleteMulti", "set", "invalidateTags", "deleteByPrefix", "clear"];
/** Few processes, for they take most of the time to start, and few keys, so that they meet. */
const SABOTAGED = { durationMs: 2_500, processCount: 3, keyCount: 12 } as const;

let server: TestServer;
let script: string;
beforeAll(async () => {
  [server, script] = await Promise.all([startRedis(), bundleScript("test/integration/fleet/fleet-worker.ts")]);
});
afterAll(async () => {
  await server?.stop();
});
beforeEach(async () => {
  await askServer(server, "FLUSHALL\r\n");
});

interface Attempt {
  readonly durationMs: number;
  readonly processCount?: number;
  readonly keyCount?: number;
  readonly invalidations?: readonly Invalidation[];
  readonly sabotage?: Sabotage;
}

function run({ sabotage, ...attempt }: Attempt): Promise<FleetRecord> {
  const address = `${server.host}:${server.port}`;
  const defaults = { processCount: PROCESS_COUNT, keyCount: KEY_COUNT, invalidations: ALL };
  return runFleet({ file: script, address, seed, sabotage, ...defaults, ...attempt });
}

const sharedKeys = new Set(fleetKeys(KEY_COUNT).flatMap(({ name, use }) => (use === "shared" ? [name] : [])));
const isStorm = ({ key }: FleetEvent): boolean => key.startsWith("storm:");
/** Forced loads and early ones are meant to come again, and who loads alone does not look at others. */
const isCounted = (event: FleetEvent): boolean => isStorm(event) || sharedKeys.has(event.key);

function tell(stale: readonly StaleRead[], repeated: readonly RepeatedLoads[]): string {
  const tales = [
    ...stale.map(({ read, change, history }) => {
      return `stale read\n${describeHistory([read])}\nafter\n${describeHistory([change])}\nin\n${describeHistory(history)}`;
    }),
    ...repeated.map(({ key, history }) => `${key} was loaded again\n${describeHistory(history)}`),
  ];
  return `seed ${seed}: ${stale.length} stale reads, ${repeated.length} repeated loads\n${tales.slice(0, 3).join("\n\n")}`;
}

function count(events: readonly FleetEvent[], kind: FleetEvent["kind"], how?: string): number {
  return events.filter((event) => event.kind === kind && (how === undefined || event.how === how)).length;
}

describe(`${PROCESS_COUNT} processes over one Redis, with random loads, writes, deletes, clears and invalidations of tags and prefixes`, () => {
  it(
    `never return what was outdated before they asked, and load each generation once`,
    async () => {
      const { events, surprises } = await run({ durationMs: DURATION_MS });
      expect(surprises, `seed ${seed}`).toEqual([]);
      expect(findImpossibleReads(events), `seed ${seed}`).toEqual([]);
      const stale = findStaleReads(events);
      const repeated = findRepeatedLoads(events.filter(isCounted));
      const figures = {
        seed,
        ...{ reads: count(events, "read"), loads: count(events, "load"), stored: count(events, "load", "stored") },
        changes: Object.fromEntries(ALL.map((how) => [how, count(events, "change", how)])),
        storms: count(events.filter(isStorm), "load"),
      };
      process.stdout.write(`${JSON.stringify(figures)}\n`);
      expect(stale.length + repeated.length, tell(stale, repeated)).toBe(0);
      // Everything was tried.
      expect(Object.values(figures.changes).every((times) => times > 0)).toBe(true);
      const storms = [...new Set(events.filter(isStorm).map(({ key }) => key))];
      for (const key of storms) {
        const own = events.filter((event) => event.key === key);
        expect([count(own, "load"), count(own, "read")], `${key}, seed ${seed}`).toEqual([1, PROCESS_COUNT]);
      }
      expect(storms.length).toBeGreaterThan(DURATION_MS / 1_000);
    },
    DURATION_MS + 150_000,
  );
});

describe("the checker of such histories", () => {
  const sabotages: readonly [string, Attempt][] = [
    ["results that are stored without their token", { ...SABOTAGED, sabotage: "plain-fill" }],
    ["sources that are read before there is a token", { ...SABOTAGED, sabotage: "late-token" }],
    [
      "sources that are read before there is a stamp of their tag",
      { ...SABOTAGED, sabotage: "late-token", invalidations: ["invalidateTags"] },
    ],
    ["invalidations that come before the change", { ...SABOTAGED, sabotage: "early-invalidation" }],
  ];
  it.each(sabotages)("finds %s", async (_, attempt) => {
    const { events } = await run(attempt);
    expect(findImpossibleReads(events), `seed ${seed}`).toEqual([]);
    expect(findStaleReads(events).length, `seed ${seed}`).toBeGreaterThan(0);
  });

  it("finds loads that every process does for itself", async () => {
    const { events } = await run({ ...SABOTAGED, sabotage: "lone-loads" });
    const repeated = findRepeatedLoads(events.filter(isStorm));
    expect(repeated.length, `seed ${seed}`).toBeGreaterThan(0);
  });
});
