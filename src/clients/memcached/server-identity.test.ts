import { describe, expect, it } from "vitest";
import { isSameProcess, readServerIdentity, type ServerIdentity } from "./server-identity.ts";

const identity: ServerIdentity = { pid: "1", startedAtS: 1_000, uptimeS: 2, connectionCount: 5 };
const before = { identity, seenAt: 10_000 };

describe("a server's identity", () => {
  it("is read from its statistics, or not at all", () => {
    const stats = { pid: "7", uptime: "30", time: "1030", total_connections: "4" };
    expect(readServerIdentity(new Map(Object.entries(stats)))).toEqual({
      pid: "7",
      startedAtS: 1_000,
      uptimeS: 30,
      connectionCount: 4,
    });
    for (const name of Object.keys(stats)) {
      expect(readServerIdentity(new Map(Object.entries(stats).filter(([key]) => key !== name)))).toBeUndefined();
    }
    expect(readServerIdentity(new Map(Object.entries({ ...stats, uptime: "x" })))).toBeUndefined();
  });

  it("is the same when number, start and counts fit and it was alive long enough to be the only one of that second", () => {
    expect(isSameProcess(before, { ...identity, uptimeS: 60 }, 12_000)).toBe(true);
    const old = { identity: { ...identity, uptimeS: 4 }, seenAt: 10_000 };
    expect(isSameProcess(old, { ...identity, uptimeS: 60 }, Number.NEGATIVE_INFINITY)).toBe(true);
  });

  it("is not the same when it may have been restarted in the second in which it was started", () => {
    expect(isSameProcess(before, identity, 11_999)).toBe(false);
    expect(isSameProcess(before, identity, Number.NEGATIVE_INFINITY)).toBe(false);
  });

  it("is not the same with another number, another start or fewer connections", () => {
    for (const change of [{ pid: "2" }, { startedAtS: 1_001 }, { startedAtS: 999 }, { connectionCount: 4 }]) {
      expect(isSameProcess(before, { ...identity, ...change }, 99_000)).toBe(false);
    }
  });
});
