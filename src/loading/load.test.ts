import { expect, it } from "vitest";
import { createFakeTime } from "../testing/fake-clock.ts";
import { Load } from "./load.ts";

function openLoad({ scheduler } = createFakeTime()): Load {
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

it("who can wait no longer has the value when only the store is late, and tells whoever keeps copies; before that, an error", async () => {
  const time = createFakeTime();
  const load = openLoad(time);
  let unstoredCount = 0;
  load.onUnstored(() => {
    unstoredCount += 1;
  });
  const early = load.wait({ signal: undefined, hardTimeoutMs: 100 }, 0).catch((error: unknown) => error);
  const late = load.wait({ signal: undefined, hardTimeoutMs: 300 }, 0);
  const longest = load.wait({ signal: undefined, hardTimeoutMs: 400 }, 0);
  await time.advanceAsync(200);
  expect(await early).toMatchObject({ code: "GCX_LOADER_TIMEOUT" });
  load.seal("new");
  await time.advanceAsync(100);
  expect([await late, unstoredCount, load.isOver]).toEqual(["new", 1, false]);
  load.resolve("new");
  expect([await longest, unstoredCount]).toEqual(["new", 1]);
});
