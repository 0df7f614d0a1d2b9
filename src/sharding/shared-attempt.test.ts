import { describe, expect, it } from "vitest";
import { createMapBackend } from "../testing/map-backend/map-backend.ts";
import { createShardedBackend } from "./sharded-backend.ts";
import { SharedAttempt } from "./shared-attempt.ts";

/** Attempts that the test ends. */
function createAttempts(): {
  readonly attempt: SharedAttempt;
  readonly begun: {
    readonly signal: AbortSignal;
    readonly succeed: () => void;
    readonly fail: (error: unknown) => void;
  }[];
} {
  const begun: { signal: AbortSignal; succeed: () => void; fail: (error: unknown) => void }[] = [];
  const attempt = new SharedAttempt(
    (signal) => new Promise((succeed, fail) => begun.push({ signal, succeed: () => succeed(), fail })),
  );
  return { attempt, begun };
}

describe("an attempt that callers share", () => {
  it("goes on for the others when the one who began it leaves", async () => {
    const { attempt, begun } = createAttempts();
    const impatient = new AbortController();
    const first = attempt.join(impatient.signal);
    const second = attempt.join(new AbortController().signal);
    impatient.abort("no time");
    await expect(first).rejects.toBe("no time");
    expect(begun[0]?.signal.aborted).toBe(false);
    begun[0]?.succeed();
    await second;
    expect(begun).toHaveLength(1);
  });

  it("is aborted when the last one leaves, and begun anew for who comes then", async () => {
    const { attempt, begun } = createAttempts();
    const controller = new AbortController();
    const leaving = [attempt.join(controller.signal), attempt.join(controller.signal)];
    controller.abort("no time");
    await Promise.allSettled(leaving);
    expect(begun[0]?.signal.aborted).toBe(true);
    const next = attempt.join(undefined);
    expect(begun).toHaveLength(2);
    begun[0]?.fail(new Error("too late for anybody"));
    begun[1]?.fail(new Error("refused"));
    await expect(next).rejects.toThrow("refused");
  });

  it("begins for nobody who has left already", async () => {
    const { attempt, begun } = createAttempts();
    await expect(attempt.join(AbortSignal.abort("gone"))).rejects.toBe("gone");
    expect(begun).toEqual([]);
  });
});

describe("a node that connects slowly", () => {
  it("gives nobody the reason for which another call left", async () => {
    const opening: (() => void)[] = [];
    const map = createMapBackend({ name: "slow", async: true, storage: "bytes" });
    let isDown = true;
    const slow = Object.assign(map, {
      connect: ({ signal }: { signal?: AbortSignal | undefined }): Promise<void> =>
        new Promise((resolve, reject) => {
          if (isDown) reject(new Error("down"));
          signal?.addEventListener("abort", () => reject(signal.reason));
          opening.push(resolve);
        }),
    });
    const other = createMapBackend({ name: "other", async: true, storage: "bytes" });
    const store = createShardedBackend({
      nodes: [
        { name: "slow", backend: slow },
        { name: "other", backend: other },
      ],
    });
    await store.connect?.({});
    isDown = false;
    opening.length = 0;
    const key = Array.from({ length: 100 }, (_, index) => `k${index}`).find((one) => store.nodeOf(one) === "slow");
    const impatient = new AbortController();
    const first = Promise.resolve(store.get(key as string, { signal: impatient.signal }));
    const second = Promise.resolve(store.get(key as string, { signal: new AbortController().signal }));
    while (opening.length === 0) await Promise.resolve();
    impatient.abort("no time");
    await expect(first).rejects.toBe("no time");
    opening[0]?.();
    expect(await second).toBeUndefined();
  });
});
