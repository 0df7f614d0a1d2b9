import { describe, expect, it } from "vitest";
import type { CacheEventName } from "../../events/cache-events.ts";
import { CacheTally } from "./cache-tally.ts";
import { METRIC_CATALOGUE } from "./metric-catalogue.ts";

describe("the catalogue of metrics", () => {
  it("has each name once", () => {
    const names = METRIC_CATALOGUE.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(40);
  });

  it.each(METRIC_CATALOGUE.map((row) => [row.name, row] as const))(
    "%s follows Prometheus's rules for names",
    (name, row) => {
      expect(name).toMatch(/^[a-z][a-z_]*[a-z]$/);
      expect(name.endsWith("_total")).toBe(row.type === "counter");
      const base = name.replace(/_total$/, "");
      expect(/_(seconds|bytes)$/.exec(base)?.[1] ?? "none").toBe(row.unit);
      expect(row.help).toMatch(/^[A-Z0-9].*\.$/);
      expect(row.source).not.toBe("");
      expect(new Set(row.labels).size).toBe(row.labels.length);
      if (row.type === "histogram") expect(row.unit).toBe("seconds");
    },
  );
});

describe("what is counted by events", () => {
  it("is nothing that a hit, a miss or a write in memory would have to tell of", () => {
    const names: CacheEventName[] = [];
    const off = new CacheTally().attach({
      on: (name: CacheEventName) => {
        names.push(name);
        return () => names.splice(names.indexOf(name), 1);
      },
    } as never);
    expect([...names].sort()).toEqual(
      [
        "operation",
        "load",
        "error",
        "probe",
        "breaker",
        "connection",
        "unreadable",
        "unwritten",
        "refuse",
        "warning",
      ].sort(),
    );
    off();
    expect(names).toEqual([]);
  });
});
