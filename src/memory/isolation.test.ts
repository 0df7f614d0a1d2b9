import { describe, expect, it } from "vitest";
import { SerializationError } from "../foundation/errors.ts";
import { createIsolation } from "./isolation.ts";

class Money {
  amount = 1;
}

class Counter {
  #count = 0;
  add(): number {
    this.#count += 1;
    return this.#count;
  }
}

function failureOf(work: () => unknown): SerializationError {
  try {
    work();
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("isolation by freezing", () => {
  const isolation = createIsolation("freeze");
  const store = (value: unknown): unknown => {
    const kept = isolation.keep(value);
    isolation.seal(kept);
    return kept;
  };

  it("freezes all parts in place, cycles too, and hands out the same object", () => {
    const value: Record<string, unknown> = { list: [{ a: 1 }], bare: Object.create(null) };
    value["self"] = value;
    expect(isolation.reveal(store(value))).toBe(value);
    expect(Object.isFrozen((value["list"] as object[])[0])).toBe(true);
    expect(Object.isFrozen(value["bare"])).toBe(true);
  });

  it("freezes nothing before the write is accepted", () => {
    const value = { list: [1] };
    const kept = isolation.keep(value);
    expect([Object.isFrozen(value), Object.isFrozen(value.list)]).toEqual([false, false]);
    isolation.seal(kept);
    expect([Object.isFrozen(value), Object.isFrozen(value.list)]).toEqual([true, true]);
  });

  it.each([
    ["an instance of a class", new Money()],
    ["a class with private state", new Counter()],
    ["a URL", new URL("http://good/")],
    ["URLSearchParams", new URLSearchParams("a=1")],
    ["a subclass of Array", new (class extends Array<number> {})()],
  ])("refuses %s, which stays changeable when it is frozen", (_, part) => {
    expect(failureOf(() => isolation.keep({ list: [part] })).path).toBe("$.list[0]");
    expect(Object.isFrozen(part)).toBe(false);
  });

  it("keeps what a getter says as a value of its own", () => {
    let amount = 1;
    const value = {
      get amount(): number {
        return amount;
      },
      set amount(next: number) {
        amount = next;
      },
    };
    const kept = store(value);
    value.amount = 2;
    expect(isolation.reveal(kept)).toEqual({ amount: 1 });
  });

  it("does not take a proxy for what it stands for", () => {
    const target = { a: 1 };
    const kept = store({ part: new Proxy(target, {}) });
    target.a = 2;
    expect(isolation.reveal(kept)).toEqual({ part: { a: 1 } });
  });

  it("hands out shared results as reads do: frozen, or a copy for everyone", () => {
    const plain = { list: [1] };
    expect(isolation.isolate?.(plain)).toBe(plain);
    expect(Object.isFrozen(plain.list)).toBe(true);
    const dated = { at: new Date(5) };
    expect(isolation.isolate?.(dated)).toEqual(dated);
    expect(isolation.isolate?.(dated)).not.toBe(dated);
  });

  it("copies a value with a part that freezing cannot protect, for every reader, and leaves the original unfrozen", () => {
    for (const part of [new Date(5), new Map([[1, 1]]), new Set([1]), Buffer.from("abc")]) {
      const value = { list: [1], part };
      const kept = store(value);
      value.list.push(2);
      const first = isolation.reveal(kept) as typeof value;
      expect(first).toStrictEqual({ list: [1], part });
      first.list.push(3);
      expect((isolation.reveal(kept) as typeof value).list).toEqual([1]);
    }
  });

  it("refuses functions, naming their path", () => {
    expect(failureOf(() => isolation.keep({ call: () => 1 })).path).toBe("$.call");
  });
});

describe("isolation by reference", () => {
  it("hands out the very object", () => {
    const value = { call: () => 1 };
    const isolation = createIsolation(false);
    expect(isolation.reveal(isolation.keep(value))).toBe(value);
    expect(isolation.isolate).toBeUndefined();
  });
});

describe("isolation by copying", () => {
  it("hands out copies that are equal in everything a copy keeps", () => {
    const isolation = createIsolation(true);
    const match = /(?<word>b+)/d.exec("abbc");
    const holes = Object.assign([1, 2, 3], { total: 6 });
    delete holes[1];
    const long = Object.assign(new Array<number>(500).fill(1), { total: 500 });
    const value = { match, holes, long, list: [1, [2]], empty: [], error: new RangeError("no", { cause: [1] }) };
    const first = isolation.reveal(isolation.keep(value)) as typeof value;
    expect(first).toStrictEqual(value);
    expect([first.match?.index, first.holes.total, 1 in first.holes, first.long.total]).toEqual([1, 6, false, 500]);
  });

  it("hands out shared results as copies", () => {
    const value = { list: [1] };
    const copy = createIsolation(true).isolate?.(value);
    expect(copy).toEqual(value);
    expect(copy).not.toBe(value);
  });
});
