import { expect, it } from "vitest";
import type { ChangeListener } from "../../backend/change-feed.ts";
import type { RedisChannelListener } from "../../clients/redis/redis-client.ts";
import { createFakeTime } from "../../testing/fake-clock.ts";
import { ChangeSubscription } from "./change-subscription.ts";
import { hearChanges } from "./hear-changes.ts";

it("who hears changes is told that it hears, also when it comes late", () => {
  const { scheduler, advance } = createFakeTime();
  let speaker: RedisChannelListener = { onMessage: () => undefined, onGap: () => undefined };
  const subscribe = (_channels: readonly string[], listener: RedisChannelListener) => {
    speaker = listener;
    return { close: () => undefined };
  };
  const channels = { ofAll: () => "c", sharded: () => [] };
  const changes = new ChangeSubscription({ subscribe, subscribeShards: undefined, scheduler, channels });
  const told: string[] = [];
  const listenerOf = (name: string): ChangeListener => ({
    onChange: ({ kind }) => void told.push(`${name} ${kind}`),
    onGap: (isHearing) => void told.push(`${name} ${isHearing}`),
  });
  hearChanges(changes, listenerOf("early"), scheduler);
  speaker.onGap(true);
  const stop = hearChanges(changes, listenerOf("late"), scheduler);
  hearChanges(changes, listenerOf("stopped"), scheduler)();
  // Not in the step of its own call.
  expect(told).toEqual(["early true"]);
  advance(1);
  expect(told).toEqual(["early true", "late true"]);
  speaker.onMessage(Buffer.from("?"));
  stop();
  speaker.onMessage(Buffer.from("?"));
  expect(told.slice(2)).toEqual(["early unknown", "late unknown", "early unknown"]);
});
