import { describe, expect, it } from "vitest";
import { countHostHeaders, isLoopbackHostHeader, isLoopbackName, isLoopbackOrigin } from "./host-check.ts";

describe("isLoopbackHostHeader", () => {
  it.each(["localhost", "LocalHost:80", "127.0.0.1", "127.255.255.254:65535", "[::1]", "[::1]:7411"])(
    "takes %s",
    (header) => {
      expect(isLoopbackHostHeader(header)).toBe(true);
    },
  );

  it.each([
    undefined,
    "",
    ":80",
    "localhost:",
    "localhost:x",
    "localhost:80:80",
    "localhost.",
    "localhost.evil.example",
    "evil.example",
    "127.1",
    "127.0.0.256",
    "127.0.0.01",
    "0177.0.0.1",
    "2130706433",
    "128.0.0.1",
    "0.0.0.0",
    "::1",
    "[::1",
    "[::1]x",
    "[::ffff:10.0.0.1]",
    "user@localhost",
    "localhost, evil.example",
  ])("refuses %j", (header) => {
    expect(isLoopbackHostHeader(header)).toBe(false);
  });
});

describe("countHostHeaders", () => {
  it("counts names, however written, and no values", () => {
    expect(countHostHeaders(["HOST", "a", "X", "host", "host", "b"])).toBe(2);
    expect(countHostHeaders(["X", "Host"])).toBe(0);
  });
});

describe("isLoopbackName", () => {
  it("takes ::1 with and without brackets, because options name it either way", () => {
    expect([isLoopbackName("::1"), isLoopbackName("[::1]"), isLoopbackName("::2")]).toEqual([true, true, false]);
  });
});

describe("isLoopbackOrigin", () => {
  it("takes pages of this machine only", () => {
    expect(["http://localhost:3000", "https://127.0.0.1", "http://[::1]:1"].map(isLoopbackOrigin)).toEqual([
      true,
      true,
      true,
    ]);
    expect(
      ["null", "http://evil.example", "file://", "ftp://localhost", "http://localhost@evil.example"].map(
        isLoopbackOrigin,
      ),
    ).toEqual([false, false, false, false, false]);
  });
});
