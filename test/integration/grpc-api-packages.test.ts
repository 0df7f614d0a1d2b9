import * as grpc from "@grpc/grpc-js";
import { afterEach, expect, it, vi } from "vitest";
import { closeApis, jsonValue, startTestApi } from "./support/grpc-api.ts";
import { dialAsTool } from "./support/grpc-tools.ts";

afterEach(closeApis);

// As where they are not installed. The tools that ask use neither.
vi.mock("grpc-health-check", async (original) => {
  const { protoPath } = await original<typeof import("grpc-health-check")>();
  return {
    protoPath,
    get HealthImplementation(): never {
      throw new Error("Cannot find package");
    },
  };
});
vi.mock("@grpc/reflection", () => {
  throw new Error("Cannot find package");
});

it("an API without the packages for health and reflection says so once each, and serves the cache", async () => {
  const running = await startTestApi();
  expect(running.missing).toEqual([
    expect.stringContaining("Cannot find package"),
    expect.stringContaining('npm install "@grpc/reflection@^1.0.4"'),
  ]);
  await running.client.call("Set", { key: "k", value: jsonValue(1) });
  expect(await running.cache.get("k")).toBe(1);
  const tool = dialAsTool(running.api.address);
  expect(await tool.check("")).toBe(grpc.status.UNIMPLEMENTED);
  expect(await tool.reflect("v1", [{ list_services: "" }])).toBe(grpc.status.UNIMPLEMENTED);
  tool.close();
});
