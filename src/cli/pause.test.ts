import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { ENDED, pauseUnless, unlessEnded } from "./pause.ts";

describe("waiting that may be ended", () => {
  it("ends at once, and tells whether the time went by", async () => {
    const ending = new AbortController();
    expect(await pauseUnless(ending.signal, 1)).toBe(true);
    const long = pauseUnless(ending.signal, 3_600_000);
    ending.abort();
    expect(await long).toBe(false);
    expect(await pauseUnless(ending.signal, 3_600_000)).toBe(false);
  });

  it("leaves no listener behind, however often it waits", async () => {
    const { signal } = new AbortController();
    for (let index = 0; index < 3; index += 1) {
      await pauseUnless(signal, 0);
      await unlessEnded(signal, Promise.resolve());
      await unlessEnded(signal, Promise.reject(new Error("no"))).catch(() => undefined);
    }
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("gives work up at the end, and passes on what it brings or fails with", async () => {
    const ending = new AbortController();
    expect(await unlessEnded(ending.signal, Promise.resolve(7))).toBe(7);
    await expect(unlessEnded(ending.signal, Promise.reject(new Error("no")))).rejects.toThrow("no");
    const hanging = unlessEnded(ending.signal, new Promise(() => undefined));
    ending.abort();
    expect(await hanging).toBe(ENDED);
  });
});
