import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { createFakeTime } from "../../testing/fake-clock.ts";
import { KeptSubscription } from "./kept-subscription.ts";
import type { RedisNotice } from "./redis-host.ts";
import type { RedisLineEvents } from "./redis-line.ts";

interface Line {
  readonly events: RedisLineEvents;
  isClosed: boolean;
  isCurrent: boolean;
  pings: number;
}

/** A subscription over lines that the test speaks for. */
function openSubscription() {
  const time = createFakeTime();
  const lines: Line[] = [];
  const told: string[] = [];
  const notices: RedisNotice[] = [];
  const answers = {
    ping: (): Promise<unknown> => Promise.resolve("PONG"),
    dial: (): Promise<void> => Promise.resolve(),
  };
  const subscription = new KeptSubscription({
    channels: ["changes"],
    listener: { onMessage: (message) => void told.push(String(message)), onGap: () => void told.push("gap") },
    settings: { readTimeoutMs: 1_000, retryBackoff: { minMs: 10, maxMs: 100 } },
    host: {
      clock: time.clock,
      scheduler: time.scheduler,
      random: createSeededRandom(1),
      onNotice: (notice) => void notices.push(notice),
    },
    openLine: async (_channel, events) => {
      const line: Line = { events, isClosed: false, isCurrent: true, pings: 0 };
      lines.push(line);
      await answers.dial();
      return {
        isCurrent: () => line.isCurrent,
        ping: () => {
          line.pings += 1;
          return answers.ping();
        },
        close: () => {
          line.isClosed = true;
        },
      };
    },
  });
  subscription.open();
  return { time, lines, told, notices, answers, subscription };
}

const silence = (): Promise<never> => new Promise(() => undefined);

describe("a subscription", () => {
  it("tells of a gap when it comes up and when it is lost, and comes back by itself", async () => {
    const { time, lines, told, subscription } = openSubscription();
    await time.advanceAsync(0);
    lines[0]?.events.onMessage(Buffer.from("one"));
    lines[0]?.events.onLost(new Error("gone"));
    lines[0]?.events.onLost(new Error("gone again"));
    lines[0]?.events.onMessage(Buffer.from("late"));
    expect([told, lines.length]).toEqual([["gap", "one", "gap"], 1]);
    await time.advanceAsync(100);
    lines[1]?.events.onMessage(Buffer.from("two"));
    expect([told.slice(3), lines.map(({ isClosed }) => isClosed)]).toEqual([
      ["gap", "two"],
      [true, false],
    ]);
    subscription.close();
  });

  it("asks a silent server each read deadline, and gives up one that does not answer", async () => {
    const { time, lines, told, answers, subscription } = openSubscription();
    await time.advanceAsync(10_500);
    expect([lines.length, lines[0]?.pings]).toEqual([1, 11]);
    answers.ping = silence;
    await time.advanceAsync(1_000);
    expect(lines[0]?.isClosed).toBe(false);
    await time.advanceAsync(1_000);
    expect([lines.length, lines[0]?.isClosed, told]).toEqual([2, true, ["gap", "gap", "gap"]]);
    subscription.close();
  });

  it("takes messages for a sign of life", async () => {
    const { time, lines, answers, subscription } = openSubscription();
    await time.advanceAsync(0);
    answers.ping = silence;
    for (let second = 0; second < 20; second += 1) {
      await time.advanceAsync(500);
      lines[0]?.events.onMessage(Buffer.from("still here"));
    }
    expect([lines.length, lines[0]?.isClosed]).toEqual([1, false]);
    subscription.close();
  });

  it("leaves a server where the channel is not to be heard any more", async () => {
    const { time, lines, told, subscription } = openSubscription();
    await time.advanceAsync(0);
    (lines[0] as Line).isCurrent = false;
    await time.advanceAsync(1_100);
    expect([lines.map(({ isClosed }) => isClosed), told]).toEqual([
      [true, false],
      ["gap", "gap", "gap"],
    ]);
    subscription.close();
  });

  it("waits longer and longer for a server that is down or that drops it at once", async () => {
    const { time, lines, answers, subscription } = openSubscription();
    answers.dial = () => Promise.reject(new Error("refused"));
    lines[0]?.events.onLost(new Error("gone"));
    await time.advanceAsync(10_000);
    // Between 10 and 100 ms each: a pause of its shortest length every time would make 1,000.
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.length).toBeLessThan(260);
    answers.dial = () => Promise.resolve();
    const before = lines.length;
    for (let round = 0; round < 50; round += 1) {
      await time.advanceAsync(100);
      lines.at(-1)?.events.onLost(new Error("dropped"));
    }
    expect(lines.length - before).toBeLessThanOrEqual(51);
    // One that lived for a beat is missed for a moment only.
    await time.advanceAsync(3_000);
    const lived = lines.length;
    lines.at(-1)?.events.onLost(new Error("gone"));
    await time.advanceAsync(20);
    expect(lines).toHaveLength(lived + 1);
    subscription.close();
  });

  it("tells once that the account may not subscribe, and tries again each minute", async () => {
    const { time, lines, notices, answers, subscription } = openSubscription();
    answers.dial = () => Promise.reject(new Error("NOPERM this user has no permissions to access the channel"));
    lines[0]?.events.onLost(new Error("gone"));
    await time.advanceAsync(200_000);
    expect(lines).toHaveLength(5);
    expect(notices).toMatchObject([{ kind: "warning", message: expect.stringContaining("&changes") }]);
    subscription.close();
  });

  it("ends when it is closed, whatever it is doing, and leaves no timer", async () => {
    const dialling = openSubscription();
    dialling.subscription.close();
    const open = openSubscription();
    await open.time.advanceAsync(0);
    open.subscription.close();
    const pausing = openSubscription();
    await pausing.time.advanceAsync(0);
    pausing.lines[0]?.events.onLost(new Error("gone"));
    pausing.subscription.close();
    for (const { time, lines, told } of [dialling, open, pausing]) {
      const before = told.length;
      await time.advanceAsync(100_000);
      lines[0]?.events.onMessage(Buffer.from("late"));
      lines[0]?.events.onLost(new Error("late"));
      expect([lines.map(({ isClosed }) => isClosed), told.length, time.pendingCount()]).toEqual([[true], before, 0]);
    }
  });
});
