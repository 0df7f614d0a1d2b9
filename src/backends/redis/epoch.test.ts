import { describe, expect, it } from "vitest";
import { EpochWatch } from "./epoch.ts";

/** A server whose answers the test gives, one reading after another. */
function scriptedReads(): {
  readonly read: () => Promise<string>;
  readonly readCount: () => number;
  answer(name: string | Error): Promise<void>;
} {
  const waiting: ((name: string | Error) => void)[] = [];
  let readCount = 0;
  return {
    read: () => {
      readCount += 1;
      return new Promise((resolve, reject) => {
        waiting.push((name) => (name instanceof Error ? reject(name) : resolve(name)));
      });
    },
    readCount: () => readCount,
    answer: async (name) => {
      const settle = waiting.shift();
      if (settle === undefined) throw new Error("nothing was asked for");
      settle(name);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe("EpochWatch", () => {
  it("reads the name once more for a connection that came up while it was read", async () => {
    const server = scriptedReads();
    const watch = new EpochWatch(server.read);
    watch.refreshSoon();
    watch.refreshSoon();
    expect(server.readCount()).toBe(1);
    await server.answer("before the restart");
    expect(server.readCount()).toBe(2);
    await server.answer("after the restart");
    expect(watch.current).toBe("after the restart");
    expect(server.readCount()).toBe(2);
  });

  it("reads once more for many connections, not once for each", async () => {
    const server = scriptedReads();
    const watch = new EpochWatch(server.read);
    for (let count = 0; count < 5; count += 1) watch.refreshSoon();
    await server.answer("one");
    await server.answer("two");
    expect(server.readCount()).toBe(2);
  });

  it("keeps the old name when a reading fails, and reads again for what came up meanwhile and later", async () => {
    const server = scriptedReads();
    const watch = new EpochWatch(server.read);
    watch.refreshSoon();
    await server.answer("first");
    watch.refreshSoon();
    watch.refreshSoon();
    await server.answer(new Error("connection lost"));
    expect(watch.current).toBe("first");
    await server.answer("second");
    expect(watch.current).toBe("second");
    watch.refreshSoon();
    await server.answer("third");
    expect(watch.current).toBe("third");
  });

  it("keeps the answer of the later of two readings when the earlier one is answered last", async () => {
    const answers: ((name: string) => void)[] = [];
    const watch = new EpochWatch(() => new Promise((resolve) => answers.push(resolve)));
    const first = watch.refresh();
    watch.refreshSoon();
    answers[1]?.("after the restart");
    await new Promise((resolve) => setImmediate(resolve));
    answers[0]?.("before the restart");
    await first;
    expect(watch.current).toBe("after the restart");
  });
});
