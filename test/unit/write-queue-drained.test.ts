import { describe, expect, it } from "vitest";
import { CacheClosedError } from "../../src/foundation/errors.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { createFakeTime } from "../../src/testing/fake-clock.ts";
import { DELETION } from "../../src/tiers/pending-write.ts";
import { type WriteFate, WriteQueue } from "../../src/tiers/write-queue.ts";
import { settle } from "../support/open-cache.ts";

describe("a queue of writes that is drained", () => {
  it.each(["arrived", "failed", "refused"] as const)(
    "tells once of what was on its way when its time was over, also when that is %s afterwards",
    async (kind) => {
      const time = createFakeTime();
      const refused: string[] = [];
      let answer: ((fate: WriteFate) => void) | undefined;
      const queue = new WriteQueue({
        ...{ ...time, random: createSeededRandom(1), maxCount: 10, maxBytes: 1_000 },
        send: async (batch) => {
          const fate = await new Promise<WriteFate>((resolve) => {
            answer = resolve;
          });
          return batch.map(() => fate);
        },
        onRefused: ({ key }) => refused.push(key),
      });
      for (const key of ["a", "b"]) queue.tryAdd(key, DELETION);
      await time.advanceAsync(0);
      queue.tryAdd("c", DELETION);
      const draining = queue.drain(100);
      await time.advanceAsync(100);
      expect((await draining).map(({ key }) => key)).toEqual(["a", "b", "c"]);
      // A store that is closing refuses what comes, and what it has not answered.
      answer?.(kind === "arrived" ? { kind } : { kind, error: new CacheClosedError() });
      await settle();
      expect(refused).toEqual([]);
      expect({ count: queue.count, bytes: queue.sizeBytes, timers: time.pendingCount() }).toEqual({
        count: 0,
        bytes: 0,
        timers: 0,
      });
    },
  );
});
