import { describe, expect, it } from "vitest";
import { ChangeWatch } from "./change-watch.ts";

describe("what changed during a load", () => {
  it("is a key that was changed, and no other", () => {
    const watch = new ChangeWatch();
    watch.keyChanged("a");
    expect([watch.isChanged("a"), watch.isChanged("b")]).toEqual([true, false]);
  });

  it("is every key under a deleted prefix or in a cleared namespace", () => {
    const watch = new ChangeWatch();
    watch.prefixChanged("@shop:user:");
    watch.namespaceCleared("blog");
    expect(watch.isChanged("@shop:user:1")).toBe(true);
    expect(watch.isChanged("@shop:order:1")).toBe(false);
    expect(watch.isChanged("@blog:1")).toBe(true);
    expect(watch.isChanged("@blog/de:1")).toBe(true);
    expect(watch.isChanged("@blogs:1")).toBe(false);
  });

  it("is all of 200,000 keys, and few others for it", () => {
    const watch = new ChangeWatch();
    for (let index = 0; index < 200_000; index += 1) watch.keyChanged(`changed:${index}`);
    let missedCount = 0;
    let falseCount = 0;
    for (let index = 0; index < 200_000; index += 1) {
      if (!watch.isChanged(`changed:${index}`)) missedCount += 1;
      if (watch.isChanged(`other:${index}`)) falseCount += 1;
    }
    expect(missedCount).toBe(0);
    expect(falseCount / 200_000).toBeLessThan(0.02);
  });

  it("is everything when more ranges were changed than are remembered", () => {
    const watch = new ChangeWatch();
    for (let index = 0; index < 256; index += 1) watch.prefixChanged(`p${index}:`);
    expect(watch.isChanged("other")).toBe(false);
    watch.namespaceCleared("one-more");
    expect(watch.isChanged("other")).toBe(true);
  });
});
