import { describe, expect, it } from "vitest";
import type { RedisChannelListener, RedisSubscription } from "../../clients/redis/redis-client.ts";
import { createFakeTime } from "../../testing/fake-clock.ts";
import { ChangeSubscription } from "./change-subscription.ts";

/** A subscription that the test speaks for. */
function openSubscription(hasShards = false) {
  const time = createFakeTime();
  const opened: { channels: readonly string[]; isClosed: boolean }[] = [];
  const speakers: RedisChannelListener[] = [];
  const open = (channels: readonly string[], listener: RedisChannelListener): RedisSubscription => {
    const subscription = { channels, isClosed: false };
    opened.push(subscription);
    speakers.push(listener);
    const close = (): void => {
      subscription.isClosed = true;
    };
    return { close };
  };
  const changes = new ChangeSubscription({
    scheduler: time.scheduler,
    channels: { ofAll: () => "gcx:changes:3", sharded: () => [{ name: "gcx:changes:3:{gcx:00}", slot: 1 }] },
    subscribe: open,
    subscribeShards: hasShards
      ? (channels, listener) =>
          open(
            channels.map(({ name }) => name),
            listener,
          )
      : undefined,
  });
  const speaker = (place = 0): RedisChannelListener => speakers[place] as RedisChannelListener;
  const told: string[] = [];
  const listenerOf = (name: string): RedisChannelListener => ({
    onMessage: (message) => void told.push(`${name} ${message}`),
    onGap: (isHearing) => void told.push(`${name} ${isHearing ? "up" : "lost"}`),
  });
  const hear = (name: string): (() => void) => changes.hear(listenerOf(name));
  return { time, opened, changes, speaker, listenerOf, hear, take: () => told.splice(0) };
}

describe("the subscription of a store", () => {
  it("is one for all, which ends a minute after the last of them, and not while one is there", () => {
    const { time, opened, hear } = openSubscription();
    expect(opened).toHaveLength(0);
    const stop = hear("a");
    const stopOther = hear("b");
    stop();
    stop();
    time.advance(120_000);
    expect(opened).toEqual([{ channels: ["gcx:changes:3"], isClosed: false }]);
    stopOther();
    time.advance(59_000);
    const again = hear("a");
    time.advance(59_000);
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([false]);
    again();
    time.advance(61_000);
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([true]);
    hear("a");
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });

  it("tells all of them everything, also one that is given twice, which stops once at a time", () => {
    const { changes, speaker, listenerOf, take } = openSubscription();
    const twice = listenerOf("a");
    const stop = changes.hear(twice);
    changes.hear(twice);
    changes.hear(listenerOf("b"));
    speaker().onGap(true);
    speaker().onMessage(Buffer.from("1"));
    expect(take()).toEqual(["a up", "a up", "b up", "a 1", "a 1", "b 1"]);
    stop();
    speaker().onMessage(Buffer.from("2"));
    expect(take()).toEqual(["a 2", "b 2"]);
  });

  it("knows whether messages come", () => {
    const { time, changes, speaker, hear } = openSubscription();
    const stop = hear("a");
    expect(changes.isHearing).toBe(false);
    speaker().onGap(true);
    expect(changes.isHearing).toBe(true);
    speaker().onGap(false);
    expect(changes.isHearing).toBe(false);
    speaker().onGap(true);
    stop();
    time.advance(60_000);
    expect(changes.isHearing).toBe(false);
  });

  it("hears in a cluster what is told to those of each slot too, and hears all only when it hears both", () => {
    const { opened, changes, speaker, hear, take } = openSubscription(true);
    hear("a");
    expect(opened.map(({ channels }) => channels)).toEqual([["gcx:changes:3"], ["gcx:changes:3:{gcx:00}"]]);
    speaker(0).onGap(true);
    speaker(1).onMessage(Buffer.from("early"));
    speaker(1).onGap(true);
    expect(changes.isHearing).toBe(true);
    speaker(1).onGap(false);
    speaker(0).onMessage(Buffer.from("late"));
    expect(take()).toEqual(["a lost", "a early", "a up", "a lost", "a late"]);
    expect(changes.isHearing).toBe(false);
    changes.close();
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([true, true]);
  });

  it("ends with the store, and leaves no timer", () => {
    const { time, opened, changes, speaker, hear, take } = openSubscription();
    hear("a")();
    changes.close();
    expect([opened[0]?.isClosed, time.pendingCount()]).toEqual([true, 0]);
    hear("a");
    speaker().onGap(true);
    expect([opened.length, take()]).toEqual([1, []]);
  });
});
