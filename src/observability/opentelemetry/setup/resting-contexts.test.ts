import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { OtelApi } from "../otel-api.ts";
import { RecordedSpan } from "../recorded-span.ts";
import { createRestingContexts } from "./resting-contexts.ts";

const KEY = Symbol("key");

/** How often the storage was switched off. */
let rests: ReturnType<typeof vi.spyOn>;

beforeEach(() => {
  const contexts = new AsyncLocalStorageContextManager().enable();
  rests = vi.spyOn(AsyncLocalStorage.prototype, "disable");
  context.setGlobalContextManager(createRestingContexts(contexts as never) as never);
});
afterEach(() => {
  rests.mockRestore();
  context.disable();
});

const contextOf = (name: string): Context => ROOT_CONTEXT.setValue(KEY, name);
const active = (): unknown => context.active().getValue(KEY);

describe("contexts that rest", () => {
  it("follow promises of works at the same time, and rest when the last has settled", async () => {
    const seen: unknown[] = [];
    const work = async (): Promise<void> => {
      await null;
      seen.push(active());
    };
    const first = context.with(contextOf("a"), work);
    const second = context.with(contextOf("b"), async () => {
      await first;
      expect(rests).not.toHaveBeenCalled();
      await work();
    });
    await second;
    expect(seen).toEqual(["a", "b"]);
    expect(rests).toHaveBeenCalledTimes(1);
    await context.with(contextOf("c"), work);
    expect(seen).toEqual(["a", "b", "c"]);
    await expect(context.with(contextOf("d"), () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(rests).toHaveBeenCalledTimes(3);
  });

  it("stay for callbacks of work that returns no promise, and of functions that are bound", async () => {
    const seen = new Promise((resolve) => {
      context.with(contextOf("a"), () => void setTimeout(() => resolve(active()), 1));
    });
    await context.with(contextOf("b"), async () => undefined);
    expect(await seen).toBe("a");
    expect(rests).not.toHaveBeenCalled();
    expect(context.bind(contextOf("c"), active)()).toBe("c");
  });

  it("rest at once after a loader or store of ours that answers without a promise, or throws", () => {
    const span = trace.wrapSpanContext({ traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 0 });
    const own = new RecordedSpan({ trace, context } as unknown as OtelApi, span, ROOT_CONTEXT);
    expect(own.run(() => trace.getActiveSpan()?.spanContext().traceId)).toBe("1".repeat(32));
    expect(rests).toHaveBeenCalledTimes(1);
    const fail = (): never => {
      throw new Error("no");
    };
    expect(() => own.run(fail)).toThrow("no");
    expect(rests).toHaveBeenCalledTimes(2);
  });
});
