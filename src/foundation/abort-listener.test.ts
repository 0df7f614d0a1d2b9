import { describe, expect, it } from "vitest";
import { onAbort } from "./abort-listener.ts";

describe("onAbort", () => {
  it("calls everybody back once, except those who stopped", () => {
    const controller = new AbortController();
    const called: string[] = [];
    const twice = (): void => void called.push("twice");
    onAbort(controller.signal, twice);
    onAbort(controller.signal, twice);
    const stop = onAbort(controller.signal, () => called.push("stopped"));
    stop();
    stop();
    controller.abort();
    controller.abort();
    expect(called).toEqual(["twice", "twice"]);
  });

  it("does not make Node.js warn when many calls share a signal", async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    const { signal } = new AbortController();
    for (let index = 0; index < 100; index += 1) onAbort(signal, () => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    expect(warnings).toEqual([]);
  });
});
