import { describe, expect, it } from "vitest";
import { Turnstile } from "./turnstile.ts";

describe("a turnstile", () => {
  it("lets so many in at a time, in their order, whether those before succeed or fail", async () => {
    const turnstile = new Turnstile(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const calls = [0, 1, 2, 3, 4].map((index) =>
      turnstile.pass(() => {
        begun.push(index);
        return new Promise<number>((resolve, reject) => {
          ends.push(() => (index % 2 === 0 ? resolve(index) : reject(new Error(`no ${index}`))));
        });
      }),
    );
    const settled = Promise.allSettled(calls);
    expect(begun).toEqual([0, 1]);
    for (let ended = 0; ended < 5; ended += 1) {
      ends[ended]?.();
      await Promise.allSettled([calls[ended]]);
      await new Promise((resolve) => setImmediate(resolve));
      expect(begun).toHaveLength(Math.min(5, ended + 3));
    }
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    expect((await settled).map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
  });

  it("has its room again after a call that throws at once", async () => {
    const turnstile = new Turnstile(1);
    const failure = new Error("at once");
    const failed = turnstile.pass(() => {
      throw failure;
    });
    await expect(failed).rejects.toBe(failure);
    expect(await turnstile.pass(() => Promise.resolve("in"))).toBe("in");
  });
});
