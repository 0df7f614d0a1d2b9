import { describe, expect, it } from "vitest";
import type { NamespaceState } from "./namespace-state.ts";
import { TurnState } from "./turn-state.ts";

const STATE: NamespaceState = { mark: { high: 1, low: 2 }, markedAtCas: 4, versionBase: 3 };

/** Somebody who notes what is told. */
function listen() {
  const told: unknown[] = [];
  const onState = (state: NamespaceState | undefined) => void told.push(state);
  const onStateError = (error: unknown) => void told.push(["failed", error]);
  return { told, onState, onStateError };
}

describe("a state that a turn shares", () => {
  it("is told once to each who waits, in their order, and at once to those who come later", async () => {
    const { promise, resolve } = deferred();
    const turn = new TurnState(promise);
    const order: string[] = [];
    const name = (text: string) => ({ onState: () => void order.push(text), onStateError: () => undefined });
    turn.tell(name("first"));
    turn.tell(name("second"));
    expect(order).toEqual([]);
    resolve(STATE);
    await turn.promise;
    expect(order).toEqual(["first", "second"]);
    const late = listen();
    turn.tell(late);
    expect(late.told).toEqual([STATE]);
    expect(order.length).toBe(2);
  });

  it("is no state when marks are missing, which is told as well", async () => {
    const turn = new TurnState(Promise.resolve(undefined));
    const early = listen();
    turn.tell(early);
    await turn.promise;
    expect(early.told).toEqual([undefined]);
  });

  it("tells its failure to all, and is no unhandled rejection when nobody waits", async () => {
    const error = new Error("lost");
    const turn = new TurnState(Promise.reject(error));
    const [early, late] = [listen(), listen()];
    turn.tell(early);
    await turn.promise.catch(() => undefined);
    turn.tell(late);
    expect(early.told).toEqual([["failed", error]]);
    expect(late.told).toEqual([["failed", error]]);
  });
});

function deferred() {
  let resolve: (state: NamespaceState | undefined) => void = () => undefined;
  const promise = new Promise<NamespaceState | undefined>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
