import { describe, expect, it } from "vitest";
import { BatchReplies } from "./batch-replies.ts";
import { MemcachedServerError } from "./memcached-server-error.ts";
import type { MetaRequest } from "./meta-message.ts";

const key = { text: "a", isBase64: false };
const get: MetaRequest = { kind: "get", key, flags: "v" };
const remove: MetaRequest = { kind: "delete", key, flags: "" };
const noop: MetaRequest = { kind: "noop" };
const error = new MemcachedServerError("SERVER_ERROR", "SERVER_ERROR out of memory");
const statuses = (batch: BatchReplies): readonly string[] =>
  batch.finish().map((reply) => (reply instanceof MemcachedServerError ? "error" : reply.status));

describe("a batch of gets alone", () => {
  it("takes replies in order, and what is missing before the noop for misses", () => {
    const batch = new BatchReplies([get, get, get, get]);
    expect(batch.isQuiet).toBe(true);
    batch.start(999_998);
    expect(batch.accept("VA", 999_999, Buffer.from("b"), "")).toBe("more");
    expect(batch.accept("MN", -1, undefined, "")).toBe("foreign");
    expect(batch.accept("HD", 1, undefined, "t5")).toBe("more");
    expect(batch.accept("MN", -1, undefined, "")).toBe("done");
    expect(statuses(batch)).toEqual(["EN", "VA", "EN", "HD"]);
  });

  it.each([
    ["of another request", 9],
    ["that came already", 5],
    ["behind one that came already", 4],
    ["without a number", -1],
  ])("refuses a reply %s", (_, opaque) => {
    const batch = new BatchReplies([get, get, get, get]);
    batch.start(4);
    batch.accept("VA", 5, Buffer.from("b"), "");
    expect(batch.accept("VA", opaque, Buffer.from("x"), "")).toBe("foreign");
  });

  it("gives an error to all that have no reply, for it may be any one's", () => {
    const batch = new BatchReplies([get, get, get]);
    batch.start(0);
    batch.accept("VA", 1, Buffer.from("b"), "");
    expect(batch.acceptError(error)).toBe("more");
    expect(batch.accept("MN", -1, undefined, "")).toBe("done");
    expect(statuses(batch)).toEqual(["error", "VA", "error"]);
  });

  it("forgets what came when it begins anew", () => {
    const batch = new BatchReplies([get, get]);
    batch.start(0);
    batch.accept("VA", 1, Buffer.from("b"), "");
    batch.acceptError(error);
    batch.start(50);
    expect(batch.accept("MN", -1, undefined, "")).toBe("foreign");
    expect(batch.accept("EN", 51, undefined, "")).toBe("more");
    expect(batch.accept("MN", -1, undefined, "")).toBe("done");
    expect(statuses(batch)).toEqual(["EN", "EN"]);
  });
});

describe("another batch", () => {
  it("has a reply for each request, errors too", () => {
    const batch = new BatchReplies([remove, get, noop, remove]);
    expect(batch.isQuiet).toBe(false);
    batch.start(7);
    expect(batch.accept("NF", 7, undefined, "")).toBe("more");
    expect(batch.acceptError(error)).toBe("more");
    expect(batch.accept("MN", -1, undefined, "")).toBe("more");
    expect(batch.accept("HD", 10, undefined, "")).toBe("done");
    expect(statuses(batch)).toEqual(["NF", "error", "MN", "HD"]);
  });

  it("refuses replies out of order", () => {
    const batch = new BatchReplies([remove, noop]);
    batch.start(7);
    expect(batch.accept("MN", -1, undefined, "")).toBe("foreign");
    expect(batch.accept("HD", 8, undefined, "")).toBe("foreign");
    expect(batch.accept("HD", -1, undefined, "")).toBe("foreign");
    expect(batch.accept("HD", 7, undefined, "")).toBe("more");
    expect(batch.accept("HD", 8, undefined, "")).toBe("foreign");
  });
});
