import { BroadcastChannel } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import type { CoherenceMessage } from "../../coherence/coherence-message.ts";
import type { CoherenceTransport } from "../../coherence/transport.ts";
import { workerTransport } from "./worker-transport.ts";

const CHANGE: CoherenceMessage = { kind: "change", key: "k\ud800", version: 5, previousHead: 4 };

const open = new Set<CoherenceTransport>();
afterEach(async () => {
  for (const transport of open) await transport.close();
  open.clear();
});

function join(nodeId: string, channel: string) {
  const transport = workerTransport({ channel }).join(nodeId);
  const heard: unknown[] = [];
  open.add(transport);
  void transport.open({
    onMessage: (message, from) => void heard.push([message, from]),
    onGap: () => void heard.push("gap"),
  });
  const peers = (): string[] =>
    transport
      .peers()
      .map(({ id }) => id)
      .sort();
  const told = (): unknown[] => heard.filter((one) => one !== "gap");
  return { transport, heard, told, peers };
}

describe("a transport between threads", () => {
  it("brings to all of its channel what is said to all, and to one what is said to it; nothing comes back", async () => {
    const [a, b, c] = [join("a", "1"), join("b", "1"), join("c", "1")];
    const stranger = join("d", "2");
    await expect.poll(() => [a.peers(), b.peers(), c.peers()].join()).toBe("b,c,a,c,a,b");
    expect([a, b, c, stranger].map(({ heard }) => heard[0])).toEqual(["gap", "gap", "gap", "gap"]);
    a.transport.broadcast(CHANGE);
    b.transport.send("a", { kind: "ack", id: 7 });
    await expect
      .poll(() => [a.told(), b.told(), c.told()])
      .toEqual([[[{ kind: "ack", id: 7 }, "b"]], [[CHANGE, "a"]], [[CHANGE, "a"]]]);
    expect([stranger.told(), stranger.peers()]).toEqual([[], []]);
  });

  it("says goodbye, and is told nothing any more", async () => {
    const [a, b] = [join("a", "3"), join("b", "3")];
    await expect.poll(() => b.peers()).toEqual(["a"]);
    await a.transport.close();
    await expect.poll(() => b.peers()).toEqual([]);
    b.transport.broadcast(CHANGE);
    a.transport.broadcast(CHANGE);
    const c = join("c", "3");
    await expect.poll(() => c.peers()).toEqual(["b"]);
    expect([a.told(), b.told()]).toEqual([[], []]);
  });

  it("passes over what is none of its packets", async () => {
    const a = join("a", "4");
    const b = join("b", "4");
    await expect.poll(() => a.peers()).toEqual(["b"]);
    const channel = new BroadcastChannel("gocachex:4");
    for (const odd of [1, null, "x", {}, { letter: "x" }, { letter: new Uint8Array(0), to: 5 }])
      channel.postMessage(odd);
    channel.close();
    b.transport.broadcast(CHANGE);
    await expect.poll(() => a.told()).toEqual([[CHANGE, "b"]]);
  });

  it("has a name that is a text", () => {
    for (const channel of ["", "x".repeat(257), 5 as unknown as string]) {
      expect(() => workerTransport({ channel })).toThrow(/channel must be a text of 1 to 256 characters/);
    }
    expect(workerTransport().name).toBe("worker");
  });
});
