import { describe, expect, it } from "vitest";
import { assertKnownParameters, parseRequestTarget, singleParameter } from "./request-target.ts";

describe("parseRequestTarget", () => {
  it("decodes segments and parameters, and keeps dots and encoded slashes as they are", () => {
    const { segments, query } = parseRequestTarget("/v1/keys/a%2Fb/../%2E?p=a+b%2B&p=&q&%C3%BC=1&&=x#f");
    expect(segments).toEqual(["v1", "keys", "a/b", "..", "."]);
    expect([...query]).toEqual([
      ["p", ["a b+", ""]],
      ["q", [""]],
      ["ü", ["1"]],
      ["", ["x#f"]],
    ]);
  });

  it.each([
    ["/", [""]],
    ["//", ["", ""]],
    ["/a/", ["a", ""]],
    ["/?a=b/c", [""]],
    ["/a?/b", ["a"]],
    ["/a/b?c=/d/e", ["a", "b"]],
    ["/%2F/a%3Fb", ["/", "a?b"]],
  ])("splits %j", (url, segments) => {
    expect(parseRequestTarget(url).segments).toEqual(segments);
  });

  it.each(["", "v1", "*", "http://localhost/", "/%", "/%c3%28", "/?a=%"])("refuses %j", (url) => {
    expect(() => parseRequestTarget(url)).toThrow(expect.objectContaining({ status: 400 }));
  });
});

describe("parameters", () => {
  it("are refused when unknown or repeated", () => {
    const { query } = parseRequestTarget("/?a=1&b=1&b=2");
    expect(singleParameter(query, "a")).toBe("1");
    expect(singleParameter(query, "c")).toBeUndefined();
    expect(() => singleParameter(query, "b")).toThrow(expect.objectContaining({ status: 400 }));
    expect(() => assertKnownParameters(query, ["a", "b"])).not.toThrow();
    expect(() => assertKnownParameters(query, ["a"])).toThrow(expect.objectContaining({ status: 400 }));
  });
});
