import { getEventListeners } from "node:events";
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

  it("leaves no listener when nobody waits any more, and listens again for the next", () => {
    const controller = new AbortController();
    const { signal } = controller;
    const stops = Array.from({ length: 3 }, () => onAbort(signal, () => undefined));
    for (const [index, stop] of stops.entries()) {
      expect(getEventListeners(signal, "abort").length).toBe(1);
      stop();
      if (index > 0) stops[0]?.();
    }
    expect(getEventListeners(signal, "abort").length).toBe(0);
    let called = 0;
    onAbort(signal, () => {
      called += 1;
    });
    for (const stop of stops) stop();
    controller.abort();
    expect(called).toBe(1);
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
