import { describe, expect, it } from "vitest";
import { keysInTurn } from "./keys-in-turn.ts";

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

describe("a batch of which something fails", () => {
  it("is over when nothing of it is on its way, and has begun nothing further", async () => {
    const begun: string[] = [];
    let end: (() => void) | undefined;
    const run = (item: string): Promise<string> => {
      begun.push(item);
      if (item === "bad") return Promise.reject(new Error("bad"));
      return new Promise((resolve) => {
        end = () => resolve(item);
      });
    };
    let isOver = false;
    const outcome = keysInTurn(["bad", "slow", "bad"], (item) => item, run).catch((error: Error) => {
      isOver = true;
      return error.message;
    });
    await turns();
    expect(isOver).toBe(false);
    end?.();
    expect(await outcome).toBe("bad");
    expect(begun).toEqual(["bad", "slow"]);
  });
});
