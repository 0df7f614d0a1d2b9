import { describe, expect, it } from "vitest";
import { parseNodeAddress } from "./node-address.ts";

describe("parseNodeAddress", () => {
  it.each([
    ["localhost:1", { host: "localhost", port: 1 }],
    ["cache.internal", { host: "cache.internal", port: 7411 }],
    [":80", { host: "127.0.0.1", port: 80 }],
    ["[::1]:65535", { host: "::1", port: 65535 }],
    ["http://127.0.0.1:7500/", { host: "127.0.0.1", port: 7500, scheme: "http" }],
    ["HTTPS://cache.internal", { host: "cache.internal", port: 7411, scheme: "https" }],
    ["https://[::1]:1", { host: "::1", port: 1, scheme: "https" }],
  ])("reads %s", (text, address) => {
    expect(parseNodeAddress(text)).toEqual(address);
  });

  it.each(["", " ", "a b", "h:0", "h:65536", "h:x", "ftp://h", "https://u:p@h", "u@h", "h/path", "h?x", "::1"])(
    "refuses %j",
    (text) => {
      expect(() => parseNodeAddress(text)).toThrow(expect.objectContaining({ code: "GCX_ARGUMENT_OPTION" }));
    },
  );
});
