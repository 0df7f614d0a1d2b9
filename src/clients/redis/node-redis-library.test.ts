import { createClient } from "@redis/client";
import { expect, it } from "vitest";
import { createNodeRedisClient, loadNodeRedis } from "./node-redis-library.ts";

/** A command's method; it stands in the client's class. */
function methodOf(client: object): unknown {
  return (client as Record<string, unknown>)["GET"];
}

it("makes the clients of servers that take turns, among others' clients, of one class: to build one takes milliseconds and half a megabyte", async () => {
  const library = await loadNodeRedis();
  const clients = [7001, 7002, 7001].map((port) => {
    createClient({ socket: { port: port + 1_000 } });
    return createNodeRedisClient(library, { socket: { port } });
  });
  const [method, ...others] = clients.map(methodOf);
  expect(method).toBeTypeOf("function");
  expect(others).toEqual([method, method]);
  expect(new Set(clients).size).toBe(3);
});
