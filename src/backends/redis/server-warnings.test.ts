import { describe, expect, it } from "vitest";
import { parseServerInfo } from "./server-info.ts";
import { type ServerFacts, serverWarnings } from "./server-warnings.ts";

const WELL: ServerFacts = {
  compatibleVersion: "7.0.15",
  role: "primary",
  memoryUsedBytes: 1,
  memoryLimitBytes: Number.POSITIVE_INFINITY,
  evictionPolicy: "unknown",
  evictions: 0,
  replicationLags: [],
  isLoading: false,
  isSaveFailing: false,
};

describe("what an operator is told of a server", () => {
  it("is nothing when it is well", () => {
    expect(serverWarnings(WELL)).toEqual([]);
  });

  const cases: readonly [string, Partial<ServerFacts>, RegExp, boolean][] = [
    ["an old version", { compatibleVersion: "5.0.14" }, /older than 6\.0.*Upgrade/, true],
    ["a replica", { role: "replica" }, /takes no writes.*primary/, true],
    ["a server that loads", { isLoading: true }, /loading/, true],
    ["a disk that fails", { isSaveFailing: true }, /disk/, true],
    ["no bound", { evictionPolicy: "noeviction" }, /Set maxmemory/, false],
    [
      "writes that would fail",
      { evictionPolicy: "noeviction", memoryLimitBytes: 100 },
      /writes fail when memory is full/,
      false,
    ],
    [
      "full memory",
      { evictionPolicy: "noeviction", memoryLimitBytes: 100, memoryUsedBytes: 99 },
      /Memory is full/,
      true,
    ],
    ["eviction of anything", { evictionPolicy: "allkeys-lru", memoryLimitBytes: 100 }, /may evict locks/, false],
    ["a replica that is behind", { replicationLags: [5, 1e9] }, /1000000000 bytes behind/, true],
  ];
  it.each(cases)("names %s", (_, facts, message, isDegrading) => {
    const warnings = serverWarnings({ ...WELL, ...facts });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toMatch(message);
    expect(warnings[0]?.isDegrading).toBe(isDegrading);
  });
});

describe("a reply to INFO", () => {
  it("is taken apart by lines, sections and odd ones left out", () => {
    const fields = parseServerInfo(
      "# Server\r\nredis_version:7.0.15\r\nslave0:ip=::1,port=6379,offset=5\r\n\r\nodd\r\n",
    );
    expect([...fields]).toEqual([
      ["redis_version", "7.0.15"],
      ["slave0", "ip=::1,port=6379,offset=5"],
    ]);
  });
});
