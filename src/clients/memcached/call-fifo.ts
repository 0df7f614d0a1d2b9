import type { PendingCall } from "./pending-call.ts";

const FIRST_CAPACITY = 64;

/**
 * Calls in the order in which their replies must come: a ring that grows. Each has a number that counts up for the life of the queue, so
 * that a span of calls can be named by two numbers. All operations are O(1), but for growing.
 */
export class CallFifo {
  #slots: (PendingCall | undefined)[] = new Array(FIRST_CAPACITY).fill(undefined);
  #mask = FIRST_CAPACITY - 1;
  #head = 0;
  #tail = 0;

  /** Number of the first call. */
  get headNumber(): number {
    return this.#head;
  }

  /** Number that the next call will get. */
  get tailNumber(): number {
    return this.#tail;
  }

  /** The first call. */
  get first(): PendingCall | undefined {
    return this.#slots[this.#head & this.#mask];
  }

  push(call: PendingCall): void {
    if (this.#tail - this.#head > this.#mask) this.#grow();
    this.#slots[this.#tail & this.#mask] = call;
    this.#tail += 1;
  }

  /** Takes the first call out. */
  shift(): PendingCall | undefined {
    const place = this.#head & this.#mask;
    const call = this.#slots[place];
    if (call === undefined) return undefined;
    this.#slots[place] = undefined;
    this.#head += 1;
    return call;
  }

  /** A call by its number; `undefined` when it left. */
  at(number: number): PendingCall | undefined {
    return number < this.#head || number >= this.#tail ? undefined : this.#slots[number & this.#mask];
  }

  #grow(): void {
    const capacity = this.#slots.length * 2;
    const slots: (PendingCall | undefined)[] = new Array(capacity).fill(undefined);
    for (let number = this.#head; number < this.#tail; number += 1) {
      slots[number & (capacity - 1)] = this.#slots[number & this.#mask];
    }
    this.#slots = slots;
    this.#mask = capacity - 1;
  }
}
