import { describe, expect, it } from "vitest";
import type { TierRule } from "./check-staleness.ts";
import { checkTiers } from "./check-tiers.ts";
import type { Failover, Fate } from "./failover.ts";
import type { ChangeEvent, FailureEvent, ReadEvent, StallEvent } from "./tier-event.ts";

const BOUNDS = { deadlineMs: 1_000, boundMs: 300, slackMs: 100 } as const;
const BOUND = BOUNDS.boundMs * 1_000;

let nextId = 1;

function changed(how: ChangeEvent["how"], from: number, to: number, more: Partial<ChangeEvent> = {}): ChangeEvent {
  nextId += 1;
  const nothing = { values: undefined, ttlMs: undefined, version: undefined, isCoherent: false, result: undefined };
  return { process: 0, life: 0, id: nextId, how, keys: ["k"], from, to, ...nothing, ...more };
}

function read(value: string | null, from: number, more: Partial<ReadEvent> = {}): ReadEvent {
  const unknown = { version: undefined, isFar: false, after: undefined } as const;
  const event = { kind: "read", process: 1, life: 0, how: "getEntry", key: "k", value, from, to: from + 1 } as const;
  return { ...event, ...unknown, ...more };
}

interface Happened {
  readonly changes?: readonly ChangeEvent[];
  readonly reads?: readonly ReadEvent[];
  readonly failures?: readonly FailureEvent[];
  readonly stalls?: readonly StallEvent[];
  readonly failovers?: readonly Failover[];
}

function rulesBroken({
  changes = [],
  reads = [],
  failures = [],
  stalls = [],
  failovers = [],
}: Happened): readonly TierRule[] {
  return [...new Set(checkTiers({ changes, reads, failures, stalls, failovers }, BOUNDS).map(({ rule }) => rule))];
}

const one = changed("set", 0, 10, { values: ["one"], version: 1 });
const two = changed("set", 100, 110, { values: ["two"], version: 2 });

describe("a history of a fleet", () => {
  it("may serve a copy that was current within the bound, and not after it", () => {
    const changes = [one, two];
    expect(rulesBroken({ changes, reads: [read("one", 110 + BOUND)] })).toEqual([]);
    expect(rulesBroken({ changes, reads: [read("one", 111 + BOUND)] })).toEqual(["G2 bounded staleness"]);
  });

  it("may not serve from the store what was over", () => {
    expect(rulesBroken({ changes: [one, two], reads: [read("one", 120, { isFar: true })] })).toEqual([
      "G1 no stale store",
    ]);
  });

  it("says nothing of what is older where two writes overlap, unless their versions do", () => {
    const late = changed("set", 5, 110, { values: ["late"] });
    const reads = [read("one", 200_000, { isFar: true })];
    expect(rulesBroken({ changes: [one, late], reads })).toEqual([]);
    expect(rulesBroken({ changes: [one, { ...late, version: 2 }], reads })).toEqual(["G1 no stale store"]);
  });

  it("holds nobody to a change of unknown outcome, until somebody sees it", () => {
    const unknown = changed("set", 100, Number.POSITIVE_INFINITY, { values: ["two"] });
    const stale = read("one", 2 * BOUND);
    expect(rulesBroken({ changes: [one, unknown], reads: [stale] })).toEqual([]);
    const seen = read("two", 120, { process: 2, isFar: true });
    expect(rulesBroken({ changes: [one, unknown], reads: [seen, stale] })).toEqual(["G2 bounded staleness"]);
  });

  it("holds a process to what it wrote and saw, and a process that was started anew to nothing", () => {
    const seen = read("two", 120, { process: 3 });
    const reads = (life: number): readonly ReadEvent[] => [seen, read("one", 130, { process: 3, life })];
    expect(rulesBroken({ changes: [one, two], reads: reads(0) })).toEqual([
      "G1 nothing older than seen, G3 own writes",
    ]);
    expect(rulesBroken({ changes: [one, two], reads: reads(1) })).toEqual([]);
    const own = read("one", 120, { process: 0 });
    expect(rulesBroken({ changes: [one, two], reads: [own] })).toEqual(["G1 nothing older than seen, G3 own writes"]);
  });

  it("holds everybody to an acknowledged change, and a reader to its receipt", () => {
    const acknowledged = { ...two, isCoherent: true };
    expect(rulesBroken({ changes: [one, acknowledged], reads: [read("one", 111)] })).toEqual(["G5 acknowledged"]);
    const after = { value: "two", version: 2, from: 100 };
    expect(rulesBroken({ changes: [one, two], reads: [read("one", 111, { after })] })).toEqual(["G4 receipt"]);
  });

  it("counts a load from the begin of its loader, but not by those who find nothing meanwhile", () => {
    const load = changed("load", 100, Number.POSITIVE_INFINITY, { values: ["loaded"] });
    const nothing = read(null, 120, { isFar: true });
    const loaded = read("loaded", 2 * BOUND, { isFar: true });
    expect(rulesBroken({ changes: [load], reads: [nothing, loaded] })).toEqual([]);
    const deleted = changed("delete", 110, 120);
    const broken = rulesBroken({ changes: [load, deleted], reads: [loaded] });
    expect(broken).toEqual(["G2 bounded staleness", "G1 no stale store"]);
  });

  it("loses no confirmed write without something that may have ended it", () => {
    const nothing = read(null, 300, { isFar: true });
    expect(rulesBroken({ changes: [one, two], reads: [nothing] })).toEqual(["lost write"]);
    expect(rulesBroken({ changes: [one, two, changed("clear", 120, 130)], reads: [nothing] })).toEqual([]);
    const unknown = changed("delete", 20, Number.POSITIVE_INFINITY);
    expect(rulesBroken({ changes: [one, two, unknown], reads: [nothing] })).toEqual([]);
    expect(rulesBroken({ changes: [one, two, changed("delete", 20, 30)], reads: [nothing] })).toEqual(["lost write"]);
  });

  it("serves nothing after its end", () => {
    const short = { ...one, ttlMs: 50 };
    expect(rulesBroken({ changes: [short], reads: [read("one", 60_000)] })).toEqual([]);
    expect(rulesBroken({ changes: [short], reads: [read("one", 90_000)] })).toEqual(["served after its end"]);
    const expired = changed("expire", 20, 30, { ttlMs: 50 });
    expect(rulesBroken({ changes: [one, expired], reads: [read("one", 90_000 + BOUND)] })).toEqual([
      "served after its end",
    ]);
  });

  it("does not end what a loader brings later, whatever was ended while it ran", () => {
    const load = changed("load", 100, Number.POSITIVE_INFINITY, { values: ["loaded"] });
    const expired = changed("expire", 110, 120, { ttlMs: 50 });
    const late = read("loaded", 90_000 + BOUND);
    expect(rulesBroken({ changes: [load, expired], reads: [late] })).toEqual([]);
    const early = read("loaded", 105, { isFar: true });
    expect(rulesBroken({ changes: [load, expired], reads: [early, late] })).toEqual(["served after its end"]);
  });

  it("counts each increment once, those of unknown outcome at most", () => {
    const counted = (from: number, to: number, result?: number): ChangeEvent =>
      changed("increment", from, to, { keys: ["c0"], result });
    const changes = [counted(0, 10, 1), counted(20, Number.POSITIVE_INFINITY)];
    const told = (value: string, from = 100): ReadEvent => read(value, from, { key: "c0", isFar: true });
    expect(rulesBroken({ changes, reads: [told("1"), told("2", 200)] })).toEqual([]);
    expect(rulesBroken({ changes, reads: [told("3")] })).toEqual(["counter"]);
    expect(rulesBroken({ changes, reads: [told("0")] })).toEqual(["counter"]);
    expect(rulesBroken({ changes: [...changes, counted(30, 40, 1)] })).toEqual(["counter"]);
    // What a copy lacks is not lost.
    const late = read("0", 100 + BOUND, { key: "c0", isFar: false });
    expect(rulesBroken({ changes, reads: [late] })).toEqual(["G2 bounded staleness"]);
    expect(rulesBroken({ changes, reads: [{ ...late, value: "3" }] })).toEqual(["counter"]);
    const wipe = changed("wipe", 50, 60, { keys: ["c0"] });
    expect(rulesBroken({ changes: [...changes, wipe], reads: [told("0")] })).toEqual([]);
  });

  it("lets no call run beyond its deadline, but for the time in which its process did not run", () => {
    const failure: FailureEvent = {
      kind: "failure",
      process: 0,
      life: 0,
      how: "set",
      code: "",
      from: 0,
      to: 1_200_000,
    };
    const stall: StallEvent = { kind: "stall", process: 0, life: 0, from: 100_000, to: 300_000 };
    expect(rulesBroken({ failures: [failure] })).toEqual(["deadline"]);
    expect(rulesBroken({ failures: [failure], stalls: [stall] })).toEqual([]);
    expect(rulesBroken({ failures: [failure], stalls: [{ ...stall, process: 1 }] })).toEqual(["deadline"]);
  });
});

/** A primary that is killed at 120, and a replica that is one from 1,000 on; or two at a time. */
function failover(fate: Fate, more: Partial<Failover> = {}): Failover {
  const fateOf: Failover["fateOf"] = (_, version) => (version === 2 ? fate : "kept");
  return { from: 90, to: 120, promotedAt: 1_000, concerns: (key) => key !== "elsewhere", fateOf, ...more };
}

describe("a history with a failover", () => {
  const far = (value: string, from: number, more: Partial<ReadEvent> = {}): ReadEvent =>
    read(value, from, { isFar: true, ...more });

  it("holds nobody to a write that is lost, once the new server answers", () => {
    const lost = [failover("lost")];
    expect(rulesBroken({ changes: [one, two], reads: [far("one", 2_000)], failovers: lost })).toEqual([]);
    expect(rulesBroken({ changes: [one, two], reads: [far("one", 500)], failovers: lost })).toEqual([
      "G1 no stale store",
    ]);
    const after = { value: "two", version: 2, from: 100 };
    expect(rulesBroken({ changes: [one, two], reads: [read("one", 2_000, { after })], failovers: lost })).toEqual([]);
    const acknowledged = { ...two, isCoherent: true };
    expect(rulesBroken({ changes: [one, acknowledged], reads: [read("one", 2_000)], failovers: lost })).toEqual([]);
  });

  it("holds everybody to a write that is not lost, and to those of which it does not matter", () => {
    const reads = [far("one", 2_000)];
    for (const failovers of [[failover("kept")], [failover("lost", { concerns: () => false })]]) {
      expect(rulesBroken({ changes: [one, two], reads, failovers })).toEqual(["G1 no stale store"]);
    }
    const three = changed("set", 130, 140, { values: ["three"], version: 3 });
    expect(rulesBroken({ changes: [one, two, three], reads, failovers: [failover("lost")] })).toEqual([
      "G1 no stale store",
    ]);
  });

  it("serves what is lost for no longer than the bound, and from the store not at all", () => {
    const changes = [one, two];
    const failovers = [failover("lost")];
    expect(rulesBroken({ changes, failovers, reads: [read("two", 120 + BOUND)] })).toEqual([]);
    expect(rulesBroken({ changes, failovers, reads: [read("two", 121 + BOUND)] })).toEqual(["G2 bounded staleness"]);
    expect(rulesBroken({ changes, failovers, reads: [far("two", 121)] })).toEqual(["G1 no stale store"]);
    // Of which nobody knows may be there.
    expect(rulesBroken({ changes, failovers: [failover("unknown")], reads: [far("two", 2_000)] })).toEqual([]);
    expect(rulesBroken({ changes, failovers: [failover("unknown")], reads: [far("one", 2_000)] })).toEqual([]);
  });

  it("may have lost a change without a version that was on its way, and none that was over", () => {
    const reads = [far("one", 2_000)];
    const failovers = [failover("kept")];
    const deleted = (from: number, to: number): ChangeEvent => changed("delete", from, to);
    expect(rulesBroken({ changes: [one, deleted(85, 95)], reads, failovers })).toEqual([]);
    expect(rulesBroken({ changes: [one, deleted(85, 89)], reads, failovers })).not.toEqual([]);
    expect(rulesBroken({ changes: [one, deleted(1_100, 1_200)], reads, failovers })).not.toEqual([]);
  });

  it("holds those who are still with the old server to what the new one has when the old one is gone", () => {
    const changes = [one, two];
    const failovers = [failover("kept", { promotedAt: 95, to: 5_000 })];
    expect(rulesBroken({ changes, failovers, reads: [far("one", 4_000)] })).toEqual([]);
    expect(rulesBroken({ changes, failovers, reads: [far("one", 5_001)] })).toEqual(["G1 no stale store"]);
    const acknowledged = { ...two, isCoherent: true };
    const copies = (from: number): ReadEvent => read("one", from, { isFar: false });
    expect(rulesBroken({ changes: [one, acknowledged], failovers, reads: [copies(5_000 + BOUND)] })).toEqual([]);
    expect(rulesBroken({ changes: [one, acknowledged], failovers, reads: [copies(5_001 + BOUND)] })).toContain(
      "G5 acknowledged",
    );
  });

  it("may lose what another server knows of tags: an invalidation, and what was written by marks that are gone", () => {
    const ofTags = failover("unknown", { concerns: (_, how) => how === "invalidateTags" });
    const gone = (from: number): ReadEvent => read(null, from, { isFar: true });
    const failovers = [ofTags];
    const invalidated = changed("invalidateTags", 112, 114);
    const changes = [one, two, invalidated];
    expect(rulesBroken({ changes, reads: [gone(116), far("two", 1_200)], failovers })).toEqual([]);
    expect(rulesBroken({ changes: [one, two], reads: [gone(1_200)], failovers })).toEqual([]);
    // Who misses it afterwards does not find it again; and of what was written before, nothing is lost.
    expect(rulesBroken({ changes, reads: [gone(1_100), far("two", 1_200)], failovers })).toContain("G1 no stale store");
    const late = changed("set", 1_300, 1_310, { values: ["late"], version: 3 });
    const early = { ...ofTags, fateOf: (): Fate => "kept" };
    expect(rulesBroken({ changes: [late], reads: [gone(1_400)], failovers: [early] })).toEqual(["lost write"]);
  });

  it("loses no other write, and no increment of before", () => {
    const nothing = read(null, 2_000, { isFar: true });
    const failovers = [failover("lost")];
    expect(rulesBroken({ changes: [two], reads: [nothing], failovers })).toEqual([]);
    expect(rulesBroken({ changes: [{ ...one, from: 1 }, two], reads: [nothing], failovers })).toEqual(["lost write"]);
    const counted = (from: number, result: number): ChangeEvent =>
      changed("increment", from, from + 5, { keys: ["c0"], result });
    const told = (value: string): ReadEvent => far(value, 2_000, { key: "c0" });
    const changes = [counted(0, 1), counted(100, 2)];
    expect(rulesBroken({ changes, reads: [told("1"), told("2")], failovers })).toEqual([]);
    expect(rulesBroken({ changes, reads: [told("0")], failovers })).toEqual(["counter"]);
    // The number that was lost is told again.
    expect(rulesBroken({ changes: [...changes, counted(1_100, 2)], failovers })).toEqual([]);
    expect(rulesBroken({ changes: [...changes, counted(1_100, 1)], failovers })).toEqual(["counter"]);
  });
});
