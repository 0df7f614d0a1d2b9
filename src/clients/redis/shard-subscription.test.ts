import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { createFakeTime } from "../../testing/fake-clock.ts";
import type { RedisNotice } from "./redis-host.ts";
import type { RedisLineEvents } from "./redis-line.ts";
import { ShardSubscription } from "./shard-subscription.ts";

interface Line {
  readonly address: string;
  readonly channels: readonly string[];
  readonly events: RedisLineEvents;
  isClosed: boolean;
  /** Answers the pings so far. */
  pong(): void;
}

/** A subscription of three channels, two at one server and one at another, whose lines the test speaks for. */
function openShards() {
  const time = createFakeTime();
  const owners = new Map([
    [1, "a"],
    [2, "a"],
    [3, "b"],
  ]);
  const lines: Line[] = [];
  const told: string[] = [];
  const notices: RedisNotice[] = [];
  const server = { refreshCount: 0, holdsPongs: false, open: async (_address: string): Promise<void> => undefined };
  const subscription = new ShardSubscription({
    channels: [1, 2, 3].map((slot) => ({ name: `c${slot}`, slot })),
    listener: {
      onMessage: (message) => void told.push(String(message)),
      onGap: (isHearing) => void told.push(isHearing ? "all heard" : "gap"),
    },
    lines: {
      addressOfSlot: (slot) => owners.get(slot) ?? "",
      refresh: async () => {
        server.refreshCount += 1;
      },
      lineTo: (address) => async (channels, events) => {
        const waiting: (() => void)[] = [];
        const pong = (): void => {
          for (const answer of waiting.splice(0)) answer();
        };
        const line: Line = { address, channels, events, isClosed: false, pong };
        lines.push(line);
        await server.open(address).catch((error) => {
          line.isClosed = true;
          throw error;
        });
        return {
          isCurrent: () => true,
          ping: () => (server.holdsPongs ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve()),
          close: () => {
            line.isClosed = true;
          },
        };
      },
    },
    settings: { readTimeoutMs: 1_000, retryBackoff: { minMs: 10, maxMs: 100 } },
    host: {
      clock: time.clock,
      scheduler: time.scheduler,
      random: createSeededRandom(1),
      onNotice: (notice) => void notices.push(notice),
    },
  });
  subscription.open();
  const living = (): string[] =>
    lines.filter(({ isClosed }) => !isClosed).map(({ address, channels }) => `${address}: ${channels.join(" ")}`);
  const last = (address: string): Line => lines.findLast((line) => line.address === address) as Line;
  return { time, owners, lines, told, notices, server, subscription, living, last, take: () => told.splice(0) };
}

describe("a subscription of channels of slots", () => {
  it("has one line to each server, and hears all only when every line is up", async () => {
    const { time, living, last, take, subscription, server } = openShards();
    await time.advanceAsync(0);
    expect(living()).toEqual(["a: c1 c2", "b: c3"]);
    expect(take()).toEqual(["gap", "all heard"]);
    last("a").events.onMessage(Buffer.from("m"));
    expect(take()).toEqual(["m"]);
    // Nothing is asked while all is heard.
    const { refreshCount } = server;
    await time.advanceAsync(10_000);
    expect([server.refreshCount, take()]).toEqual([refreshCount, []]);
    subscription.close();
    expect([living(), time.pendingCount()]).toEqual([[], 0]);
  });

  it("hears a slot that moves at its new server, over a line that takes the place of the one there is once that one has said all", async () => {
    const { time, owners, living, last, take, server } = openShards();
    await time.advanceAsync(0);
    const old = last("b");
    take();
    server.holdsPongs = true;
    owners.set(2, "b");
    last("a").events.onMoved?.("c2");
    await time.advanceAsync(0);
    expect(living()).toEqual(["a: c1 c2", "b: c3", "b: c2 c3"]);
    expect(take()).toEqual(["gap", "all heard"]);
    old.events.onMessage(Buffer.from("was on its way"));
    expect(take()).toEqual(["was on its way"]);
    old.pong();
    await time.advanceAsync(0);
    expect(living()).toEqual(["a: c1 c2", "b: c2 c3"]);
  });

  it("gives up a line that has a successor when it is silent or lost, and tells of no gap", async () => {
    for (const isLost of [false, true]) {
      const { time, owners, living, last, take, server, subscription } = openShards();
      await time.advanceAsync(0);
      const old = last("b");
      owners.set(2, "b");
      server.holdsPongs = true;
      last("a").events.onMoved?.("c2");
      await time.advanceAsync(0);
      take();
      if (isLost) old.events.onLost(new Error("reset"));
      else await time.advanceAsync(999);
      expect(old.isClosed).toBe(isLost);
      server.holdsPongs = false;
      last("a").pong();
      last("b").pong();
      if (!isLost) await time.advanceAsync(1);
      expect([old.isClosed, take()]).toEqual([true, []]);
      expect(living()).toEqual(["a: c1 c2", "b: c2 c3"]);
      subscription.close();
      expect(time.pendingCount()).toBe(0);
    }
  });

  it("is not kept from coming up by a channel whose slot has moved on before it was heard", async () => {
    const { time, owners, living, last, server, take } = openShards();
    await time.advanceAsync(0);
    server.open = (address) => (address === "b" ? Promise.reject(new Error("MOVED 2 a")) : Promise.resolve());
    owners.set(2, "b");
    last("a").events.onMoved?.("c2");
    await time.advanceAsync(0);
    owners.set(2, "a");
    server.open = async () => undefined;
    await time.advanceAsync(500);
    expect(take().at(-1)).toBe("all heard");
    last("b").events.onLost(new Error("reset"));
    await time.advanceAsync(500);
    expect([take().at(-1), living().at(-1)]).toEqual(["all heard", "b: c3"]);
  });

  it("asks who has the slots of a server that is gone until all are heard, less and less often", async () => {
    const { time, owners, living, last, server, take } = openShards();
    await time.advanceAsync(0);
    take();
    const { refreshCount } = server;
    server.open = (address) => (address === "a" ? Promise.reject(new Error("refused")) : Promise.resolve());
    last("a").events.onLost(new Error("reset"));
    await time.advanceAsync(2_000);
    expect(take()).toEqual(["gap"]);
    expect(server.refreshCount - refreshCount).toBeGreaterThan(15);
    expect(server.refreshCount - refreshCount).toBeLessThan(100);
    owners.set(1, "c").set(2, "c");
    await time.advanceAsync(200);
    expect([take(), living().slice(-2)]).toEqual([["all heard"], ["b: c3", "c: c1 c2"]]);
  });

  it("takes a server that does not allow it for heard, says so once, and tries again after a minute", async () => {
    const { time, notices, server, take, lines, subscription } = openShards();
    server.open = () => Promise.reject(new Error("NOPERM this user has no permissions"));
    await time.advanceAsync(0);
    expect(take()).toEqual(["gap", "all heard"]);
    expect(notices).toHaveLength(1);
    const { length } = lines;
    await time.advanceAsync(59_000);
    expect(lines).toHaveLength(length);
    server.open = async () => undefined;
    await time.advanceAsync(2_000);
    expect(take()).toEqual(["all heard", "all heard"]);
    expect(lines).toHaveLength(length + 2);
    subscription.close();
  });
});
