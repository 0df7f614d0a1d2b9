import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ALL_METHODS } from "../../src/server/grpc/methods/all-methods.ts";
import { describeCacheProto, loadCacheProto } from "../support/grpc/describe-cache-proto.ts";

const FILE = new URL("../../src/server/grpc/cache-descriptor.ts", import.meta.url).pathname;
/** Characters of base64 in a line. */
const LINE = 108;

function source(): string {
  const lines = describeCacheProto()
    .toString("base64")
    .match(new RegExp(`.{1,${LINE}}`, "g")) as string[];
  return [
    "// Written from docs/proto/gocachex/v1/cache.proto by test/unit/grpc-cache-descriptor.test.ts, with UPDATE_REFERENCE=1.",
    "",
    "/** `gocachex/v1/cache.proto` as a `google.protobuf.FileDescriptorProto`, in base64: what reflection answers. */",
    "export const CACHE_DESCRIPTOR: string = [",
    ...lines.map((line) => `  "${line}",`),
    '].join("");',
    "",
  ].join("\n");
}

it("what reflection says is what docs/proto/gocachex/v1/cache.proto says; run with UPDATE_REFERENCE=1 after a change", () => {
  if (process.env["UPDATE_REFERENCE"] === "1") writeFileSync(FILE, source());
  expect(readFileSync(FILE, "utf8")).toBe(source());
});

it("every method of cache.proto is served, and no other one", () => {
  const service = loadCacheProto()["gocachex.v1.Cache"] as unknown as Readonly<
    Record<string, { readonly path: string; readonly requestStream: boolean; readonly responseStream: boolean }>
  >;
  const described = Object.entries(service).map(([name, { responseStream }]) => `${name} ${responseStream}`);
  const served = ALL_METHODS.map(({ name, kind }) => `${name} ${kind === "stream"}`);
  expect(served.sort()).toEqual(described.sort());
});
