import { describe, expect, it, vi } from "vitest";
import { createFakeTime } from "../testing/fake-clock.ts";
import { AckWaits, type KnownNodes, settledAfterMs } from "./ack-waits.ts";
import type { CoherenceMessage } from "./coherence-message.ts";
import type { CoherenceTransport } from "./transport.ts";

const D = 2_000;
const BOUND_MS = settledAfterMs(D);
const CHANGE = { key: "k", version: 7 };
const OLD_MS = 1_000_000;

function setUp(listNodes: (() => Promise<KnownNodes>) | undefined) {
  const time = createFakeTime();
  const sent: { readonly to: string; readonly message: CoherenceMessage }[] = [];
  const transport: CoherenceTransport = {
    name: "test",
    isFedByStore: false,
    open: () => undefined,
    close: () => undefined,
    broadcast: () => undefined,
    peers: () => [],
    send: (to, message) => sent.push({ to, message }),
  };
  const parts = { nodeId: "me", transports: [transport], maxStalenessMs: D, listNodes };
  const waits = new AckWaits({ ...parts, clock: time.clock, scheduler: time.scheduler });
  const onEnd = vi.fn<(isCertain: boolean) => void>();
  const idOf = (index: number): number => (sent[index] as { message: { id: number } }).message.id;
  return { time, sent, waits, onEnd, idOf };
}

const fleetOf = (...ids: string[]): (() => Promise<KnownNodes>) => {
  return () => Promise.resolve({ nodes: ids.map((id) => ({ id, remainingMs: 1_000 })), ageMs: OLD_MS });
};

describe("a wait for every node", () => {
  it("ends when all others have answered", async () => {
    const { time, sent, waits, onEnd, idOf } = setUp(fleetOf("me", "a", "b"));
    void waits.wait(CHANGE).then(onEnd);
    await time.advanceAsync(0);
    expect(sent.map(({ to }) => to)).toEqual(["a", "b"]);
    expect(sent[0]?.message).toMatchObject({ kind: "ack-ask", ...CHANGE });
    waits.receive(idOf(0), "a");
    waits.receive(idOf(0), "a");
    waits.receive(idOf(0), "somebody else");
    await time.advanceAsync(0);
    expect(onEnd).not.toHaveBeenCalled();
    waits.receive(idOf(1), "b");
    await time.advanceAsync(0);
    expect(onEnd).toHaveBeenCalledWith(true);
    expect([waits.count, time.pendingCount()]).toEqual([0, 0]);
  });

  it("ends at once when nobody else is there", async () => {
    const { time, waits, onEnd } = setUp(fleetOf("me"));
    void waits.wait(CHANGE).then(onEnd);
    await time.advanceAsync(0);
    expect(onEnd).toHaveBeenCalledWith(true);
  });

  it("is certain after the bound when a node is silent, and not before", async () => {
    const { time, waits, onEnd } = setUp(fleetOf("me", "a"));
    void waits.wait(CHANGE).then(onEnd);
    await time.advanceAsync(BOUND_MS - 1);
    expect(onEnd).not.toHaveBeenCalled();
    await time.advanceAsync(1);
    expect(onEnd).toHaveBeenCalledWith(true);
    expect(waits.count).toBe(0);
  });

  it.each([
    ["has no table", undefined],
    ["does not answer", () => Promise.reject(new Error("away"))],
    ["hangs", () => new Promise<KnownNodes>(() => undefined)],
  ])("takes the whole bound where the store %s", async (_, listNodes) => {
    const { time, waits, onEnd } = setUp(listNodes);
    void waits.wait(CHANGE).then(onEnd);
    await time.advanceAsync(BOUND_MS - 1);
    expect(onEnd).not.toHaveBeenCalled();
    await time.advanceAsync(1);
    expect(onEnd).toHaveBeenCalledWith(true);
  });

  it("does not trust a table that is younger than the bound", async () => {
    const { time, waits, onEnd } = setUp(() => Promise.resolve({ nodes: [], ageMs: 500 }));
    void waits.wait(CHANGE).then(onEnd);
    await time.advanceAsync(BOUND_MS - 501);
    expect(onEnd).not.toHaveBeenCalled();
    await time.advanceAsync(1);
    expect(onEnd).toHaveBeenCalledWith(true);
  });

  it("is as long as the lease of a silent node, where that has a longer bound", async () => {
    const nodes = [{ id: "a", remainingMs: 3 * D }];
    const { time, waits, onEnd } = setUp(() => Promise.resolve({ nodes, ageMs: OLD_MS }));
    void waits.wait(CHANGE).then(onEnd);
    await time.advanceAsync(3 * D - 1);
    expect(onEnd).not.toHaveBeenCalled();
    await time.advanceAsync(1);
    expect(onEnd).toHaveBeenCalledWith(true);
  });

  it("asks again whose answer may have been lost, and nobody else", async () => {
    const { time, sent, waits, onEnd, idOf } = setUp(fleetOf("me", "a", "b"));
    void waits.wait(CHANGE).then(onEnd);
    await time.advanceAsync(0);
    waits.receive(idOf(0), "a");
    waits.repeat();
    expect(sent.map(({ to }) => to)).toEqual(["a", "b", "b"]);
    waits.receive(idOf(2), "b");
    await time.advanceAsync(0);
    expect(onEnd).toHaveBeenCalledWith(true);
    waits.repeat();
    expect(sent).toHaveLength(3);
  });

  it("is not certain when the caller leaves, or the cache closes", async () => {
    const { time, waits, onEnd } = setUp(fleetOf("me", "a"));
    const leaving = new AbortController();
    void waits.wait(CHANGE, leaving.signal).then(onEnd);
    await time.advanceAsync(1);
    leaving.abort();
    await time.advanceAsync(0);
    expect(onEnd).toHaveBeenLastCalledWith(false);
    void waits.wait(CHANGE).then(onEnd);
    await time.advanceAsync(1);
    waits.close();
    await time.advanceAsync(0);
    expect(onEnd.mock.calls).toEqual([[false], [false]]);
    expect([waits.count, time.pendingCount()]).toEqual([0, 0]);
    expect(await waits.wait(CHANGE, AbortSignal.abort())).toBe(false);
  });
});
