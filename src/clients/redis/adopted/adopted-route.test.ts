import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../../foundation/random-source.ts";
import { createFakeTime } from "../../../testing/fake-clock.ts";
import { createAdoptedClient } from "./adopted-client.ts";
import type { ForeignRedis } from "./foreign-redis.ts";

/** A cluster of the user's own with two primaries, each of which loses its connection at the first command. */
function openCluster() {
  const time = createFakeTime();
  const sent: string[] = [];
  const sendTo = (address: string, args: readonly unknown[]): Promise<unknown> => {
    const line = `${address} ${args.join(" ")}`;
    const isFirst = !sent.includes(line);
    sent.push(line);
    return isFirst ? Promise.reject(new Error("Socket closed unexpectedly")) : Promise.resolve(Buffer.from(address));
  };
  const foreign: ForeignRedis = {
    library: "scripted",
    topology: "cluster",
    resendsCommands: false,
    warnings: [],
    connect: async () => undefined,
    send: (slot, args) => sendTo(`owner of ${slot}`, args),
    primaries: () => ["a:1", "b:2"].map((address) => ({ address, send: (args) => sendTo(address, args) })),
    addressOfSlot: () => "a:1",
  };
  const settings = { name: "redis", readTimeoutMs: 200, writeTimeoutMs: 200 };
  const client = createAdoptedClient(
    foreign,
    { ...settings, maxRetries: 2, retryBackoff: { minMs: 10, maxMs: 20 } },
    { clock: time.clock, scheduler: time.scheduler, random: createSeededRandom(1) },
  );
  return { client, sent, time };
}

describe("a call that a user's own cluster client lost", () => {
  it("goes to the same server again when it was meant for one, as a SCAN is", async () => {
    const { client, sent, time } = openCluster();
    const replies = client.primaries().map((node) => node.call(["SCAN", "0"], { operation: "scan", kind: "read" }));
    await time.advanceAsync(50);
    expect((await Promise.all(replies)).map(String)).toEqual(["a:1", "b:2"]);
    expect(sent.sort()).toEqual(["a:1 SCAN 0", "a:1 SCAN 0", "b:2 SCAN 0", "b:2 SCAN 0"]);
    await client.close();
  });

  it("goes to whoever has its slot again when it has one", async () => {
    const { client, sent, time } = openCluster();
    const reply = client.call(7, ["GET", "k"], { operation: "get", kind: "read" });
    await time.advanceAsync(50);
    expect(String(await reply)).toBe("owner of 7");
    expect(sent).toEqual(["owner of 7 GET k", "owner of 7 GET k"]);
    await client.close();
  });
});
