import { describe, expect, it } from "vitest";
import { LoaderRun } from "./loader-run.ts";

describe("calls of loaders that wait for each other", () => {
  it("are each looked at once, on however many ways they are reached", () => {
    const layers = Array.from({ length: 30 }, () => [new LoaderRun(), new LoaderRun()]);
    const never = new Promise<never>(() => undefined);
    for (const [index, layer] of layers.entries()) {
      for (const run of layer) for (const next of layers[index + 1] ?? []) void run.during({ run: next }, never);
    }
    const [[first]] = layers as [[LoaderRun]];
    const [last] = layers.at(-1) as [LoaderRun];
    expect(first.waitsFor(last)).toBe(true);
    expect(last.waitsFor(first)).toBe(false);
    expect(first.waitsFor(new LoaderRun())).toBe(false);
  });

  it("wait no more once what they waited for is settled, however often they asked", async () => {
    const [one, other] = [new LoaderRun(), new LoaderRun()];
    let resolve!: () => void;
    const first = one.during({ run: other }, Promise.resolve());
    const awaited = { run: other };
    const second = one.during(awaited, new Promise<void>((settle) => (resolve = settle)));
    const third = one.during(awaited, Promise.resolve());
    await Promise.all([first, third]);
    expect(one.waitsFor(other)).toBe(true);
    resolve();
    await second;
    expect(one.waitsFor(other)).toBe(false);
  });
});
