import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { CallFifo } from "./call-fifo.ts";
import { PendingCall } from "./pending-call.ts";

const makeCall = (): PendingCall =>
  new PendingCall(
    { kind: "noop" },
    { operation: "x", kind: "read" },
    { resolve: () => undefined, reject: () => undefined },
  );

describe("the queue of calls that wait for replies", () => {
  it("keeps order and numbers however it grows and shrinks", () => {
    const fifo = new CallFifo();
    const model: PendingCall[] = [];
    let shifted = 0;
    const random = createSeededRandom(8);
    for (let round = 0; round < 20_000; round += 1) {
      if (random.next() < (round < 10_000 ? 0.55 : 0.45)) {
        const call = makeCall();
        fifo.push(call);
        model.push(call);
      } else {
        const expected = model.shift();
        expect(fifo.shift()).toBe(expected);
        if (expected !== undefined) shifted += 1;
      }
      expect(fifo.first).toBe(model[0]);
      expect(fifo.headNumber).toBe(shifted);
      expect(fifo.tailNumber).toBe(shifted + model.length);
      const offset = Math.floor(random.next() * (model.length + 2)) - 1;
      expect(fifo.at(shifted + offset)).toBe(model[offset]);
    }
  });
});
