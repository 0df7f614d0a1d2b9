import { describe, expect, it } from "vitest";
import {
  columnsOfHeader,
  columnsOfLine,
  createLineReader,
  formatOfLines,
  formatOfName,
  splitCsv,
  type TraceFormat,
} from "./trace-format.ts";

function requestsOf(format: TraceFormat, line: string, columns = { key: 0, size: -1 }): unknown {
  const requests: [string, number][] = [];
  const isRead = createLineReader(format, columns)(line, (key, sizeBytes) => requests.push([key, sizeBytes]));
  return isRead ? requests : "unreadable";
}

describe("the format of a trace", () => {
  it.each([
    ["a.csv", "csv"],
    ["a.CSV.gz", "csv"],
    ["OLTP.lis", "arc"],
    ["gli.trc.gz", "lirs"],
    ["a.txt", undefined],
  ])("of %s is %s by its name", (name, format) => {
    expect(formatOfName(name)).toBe(format);
  });

  it.each([
    [["user:1", "user:2"], "keys"],
    [["7", "8"], "keys"],
    [["7", "*", "8"], "lirs"],
    [["10 4 0 1", "90 1 0 2"], "arc"],
    [["user:1,20", "user:2,30"], "csv"],
    [["time,key,size", "1,a,5"], "csv"],
    [["a,b", "c,d"], "keys"],
    [["a,1", "c"], "keys"],
  ])("of lines like %j is %s", (lines, format) => {
    expect(formatOfLines(lines)).toBe(format);
  });

  it("takes columns from a header in any order, from a number of them without, and from nothing beyond three", () => {
    expect(columnsOfHeader("timestamp,Size,Object_ID")).toEqual({ key: 2, size: 1 });
    expect(columnsOfHeader("# time, key, op")).toEqual({ key: 1, size: -1 });
    expect(columnsOfHeader("1,2,3")).toBeUndefined();
    expect(["k", "k,1", "t,k,1", "a,b,c,d"].map(columnsOfLine)).toEqual([
      { key: 0, size: -1 },
      { key: 0, size: 1 },
      { key: 1, size: 2 },
      undefined,
    ]);
  });

  it("keeps commas and quotes inside quotes", () => {
    expect(splitCsv('1,"a,""b""",7')).toEqual(["1", 'a,"b"', "7"]);
    expect(splitCsv('"",x,')).toEqual(["", "x", ""]);
  });
});

describe("a line of a trace", () => {
  it("is a key, a block, blocks that follow each other, or columns", () => {
    expect(requestsOf("keys", "a, b")).toEqual([["a, b", 1]]);
    expect(requestsOf("lirs", " 7 ")).toEqual([["7", 1]]);
    expect(requestsOf("lirs", "*")).toEqual([]);
    expect(requestsOf("arc", "10 3 0 99")).toEqual([
      ["10", 1],
      ["11", 1],
      ["12", 1],
    ]);
    expect(requestsOf("csv", "5,k,20.2", { key: 1, size: 2 })).toEqual([["k", 21]]);
    expect(requestsOf("csv", "5,k,0", { key: 1, size: 2 })).toEqual([["k", 1]]);
  });

  it("is nothing when it is blank", () => {
    for (const format of ["keys", "csv", "arc", "lirs"] as const) expect(requestsOf(format, "")).toEqual([]);
  });

  it("is refused when it is none, or would ask for a million blocks and more", () => {
    expect(requestsOf("lirs", "seven")).toBe("unreadable");
    for (const line of ["x 1 0 0", "1 -1 0 0", "1 2000000 0 0", "1"])
      expect(requestsOf("arc", line)).toBe("unreadable");
    for (const line of ["5", "5,,1", "5,k,", "5,k,-1", "5,k,big"])
      expect(requestsOf("csv", line, { key: 1, size: 2 })).toBe("unreadable");
  });
});
