import { describe, expect, it } from "vitest";
import { StatsLines } from "./stats-lines.ts";

describe("statistics", () => {
  it("are collected until their end, with values that are empty or have spaces", () => {
    const lines = new StatsLines("settings");
    expect(lines.command).toBe("stats settings\r\n");
    expect(lines.accept("STAT inter 127.0.0.1 ::1")).toBe(false);
    expect(lines.accept("STAT domain_socket ")).toBe(false);
    expect(lines.accept("STAT evictions on")).toBe(false);
    expect(lines.accept("END")).toBe(true);
    expect(Object.fromEntries(lines.values)).toEqual({ inter: "127.0.0.1 ::1", domain_socket: "", evictions: "on" });
    lines.restart();
    expect(lines.values.size).toBe(0);
  });

  it("refuse lines that are none", () => {
    expect(new StatsLines(undefined).accept("STORED")).toBeUndefined();
  });

  it.each(["a\r\nflush_all", "A", "", "items\n", "x".repeat(40), " items", "detail  on"])(
    "have no group %j",
    (group) => {
      expect(() => new StatsLines(group)).toThrow(TypeError);
    },
  );
});
