import { expect, it } from "vitest";
import { createFakeTime } from "../testing/fake-clock.ts";
import { Load } from "./load.ts";

function openLoad(): Load {
  const { scheduler } = createFakeTime();
  const ignored = (): void => undefined;
  const told = { onGivenUp: ignored, onDetached: ignored };
  const load = new Load({ storedKey: "k", tags: [], hardTimeoutMs: 1_000, startedAtMs: 0, scheduler, ...told });
  load.offer({ value: "old", version: 1, tags: ["red"], expiresAt: 0, askedAtMs: 0 });
  return load;
}

it("what stands in for a load goes on under another version", () => {
  const load = openLoad();
  load.renameStandIn(2);
  const { standIn } = load;
  expect([standIn?.version, standIn && load.isStanding(standIn)]).toEqual([2, true]);
});

it("what stands in for a load is not offered anew under another version once its tag was invalidated", () => {
  const load = openLoad();
  load.endStandInsWith(["red"]);
  load.renameStandIn(2);
  const { standIn } = load;
  // The loader has seen it, and may say that it is still right.
  expect([standIn?.version, standIn && load.isStanding(standIn)]).toEqual([2, false]);
});
