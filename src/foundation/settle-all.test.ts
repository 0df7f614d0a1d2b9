import { describe, expect, it } from "vitest";
import { settleAll } from "./settle-all.ts";

describe("calls that are settled together", () => {
  it("answer in their order", async () => {
    expect(await settleAll([Promise.resolve("a"), "b", Promise.resolve("c")])).toEqual(["a", "b", "c"]);
    expect(await settleAll([])).toEqual([]);
  });

  it("fail with what failed first, and not before all are over", async () => {
    let end: ((reason: Error) => void) | undefined;
    const slow = new Promise<never>((_resolve, reject) => {
      end = reject;
    });
    let isOver = false;
    const all = settleAll([slow, Promise.reject(new Error("first")), "done"]);
    const settled = all.catch((error: Error) => {
      isOver = true;
      return error.message;
    });
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    expect(isOver).toBe(false);
    end?.(new Error("last"));
    expect(await settled).toBe("first");
  });
});
