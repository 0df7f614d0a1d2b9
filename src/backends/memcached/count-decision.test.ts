import { describe, expect, it } from "vitest";
import {
  type CounterRequest,
  type CounterResult,
  MAX_COUNTER,
  MIN_COUNTER,
  OP_ID_WINDOW_MS,
} from "../../backend/counter.ts";
import { decideCount, integerIn, type WaitingCount } from "./count-decision.ts";
import { type CountedOperation, digestOf } from "./counted-operation.ts";
import type { Item } from "./item-layout.ts";
import type { FoundItem } from "./item-store.ts";
import { NO_MARK } from "./mark.ts";

const NOW_MS = 1_000_000;

function foundItem(text: string | undefined, changes: Partial<Item> = {}, isLive = true): FoundItem {
  const item: Item | undefined =
    text === undefined
      ? undefined
      : { flags: 0, expiresAt: 1, mark: NO_MARK, tags: [], operations: [], payload: Buffer.from(text), ...changes };
  return {
    key: "key",
    metaKey: { text: "key", isBase64: false },
    connection: 1,
    cas: item && 7,
    item,
    live: isLive ? item : undefined,
    itemVersion: item === undefined ? 0 : 77,
    replyFlags: "",
    namespace: undefined,
    others: [],
  };
}

interface Outcome {
  result?: CounterResult;
  error?: unknown;
}

function request(changes: Partial<CounterRequest> = {}): { readonly one: WaitingCount; readonly outcome: Outcome } {
  const full = { delta: 1n, initial: 0n, ttlMs: 1, minimum: MIN_COUNTER, maximum: MAX_COUNTER, ...changes };
  const outcome: Outcome = {};
  const one: WaitingCount = {
    request: full,
    digest: full.opId === undefined ? undefined : digestOf(full.opId),
    context: {},
    resolve: (result) => Object.assign(outcome, { result }),
    reject: (error) => Object.assign(outcome, { error }),
  };
  return { one, outcome };
}

function operation(opId: string, result: bigint, changes: Partial<CountedOperation> = {}): CountedOperation {
  return { digest: digestOf(opId), result, version: 0, countedAt: NOW_MS, ...changes };
}

const NONE = new Map<string, CountedOperation>();

describe("what a round does to a counter", () => {
  it("is what its requests would do one after another", () => {
    const ones = [request({ delta: 5n }), request({ delta: -20n }), request()];
    const decision = decideCount(
      foundItem("10"),
      ones.map(({ one }) => one),
      NONE,
      NOW_MS,
    );
    expect(decision.accepted.map(({ result }) => result)).toEqual([15n, -5n, -4n]);
    expect(decision.value).toBe(-4n);
    expect(decision.creator).toBeUndefined();
  });

  it("begins with the initial value of the first that is accepted, whose TTL and tags it gets", () => {
    const ones = [
      request({ initial: 100n, maximum: 10n }),
      request({ initial: 5n, ttlMs: 9 }),
      request({ initial: 99n }),
    ];
    const decision = decideCount(
      foundItem(undefined),
      ones.map(({ one }) => one),
      NONE,
      NOW_MS,
    );
    expect(decision.accepted.map(({ result }) => result)).toEqual([6n, 7n]);
    expect(decision.creator?.ttlMs).toBe(9);
    expect(decision.done).toEqual([ones[0]?.one]);
  });

  it("refuses each request by its own bounds, and goes on without it", () => {
    const ones = [request({ maximum: 10n }), request({ delta: 2n }), request({ minimum: 0n, delta: -99n })];
    const decision = decideCount(
      foundItem("10"),
      ones.map(({ one }) => one),
      NONE,
      NOW_MS,
    );
    for (const settle of decision.settled) settle();
    expect(ones.map(({ outcome }) => (outcome.error as { code?: string } | undefined)?.code)).toEqual([
      "GCX_COUNTER_RANGE",
      undefined,
      "GCX_COUNTER_RANGE",
    ]);
    expect(decision.value).toBe(12n);
  });

  it("refuses all when there is something that is no integer", () => {
    for (const text of ["text", "", "1.5", "01", "-0", "9223372036854775808"]) {
      const { one, outcome } = request();
      const decision = decideCount(foundItem(text), [one], NONE, NOW_MS);
      for (const settle of decision.settled) settle();
      expect([decision.accepted.length, (outcome.error as { code: string }).code]).toEqual([0, "GCX_COUNTER_TYPE"]);
    }
  });

  it.each<[string, FoundItem, ReadonlyMap<string, CountedOperation>, CounterResult]>([
    ["the item", foundItem("10", { operations: [operation("id", 3n)] }), NONE, { value: 3n, version: 77 }],
    [
      "the item, with its version",
      foundItem("10", { operations: [operation("id", 3n, { version: 5 })] }),
      NONE,
      { value: 3n, version: 5 },
    ],
    [
      "an item that is dead",
      foundItem("10", { operations: [operation("id", 3n)] }, false),
      NONE,
      { value: 3n, version: 77 },
    ],
    [
      "a key of its own",
      foundItem(undefined),
      new Map([[digestOf("id"), operation("id", 3n, { version: 5 })]]),
      { value: 3n, version: 5 },
    ],
  ])("repeats nothing that %s remembers", (_, found, counted, expected) => {
    const { one, outcome } = request({ opId: "id" });
    const decision = decideCount(found, [one], counted, NOW_MS);
    for (const settle of decision.settled) settle();
    expect(outcome.result).toEqual(expected);
    expect(decision.accepted).toEqual([]);
  });

  it("forgets an id after its window", () => {
    const found = foundItem("10", { operations: [operation("id", 3n, { countedAt: NOW_MS - OP_ID_WINDOW_MS })] });
    expect(decideCount(found, [request({ opId: "id" }).one], NONE, NOW_MS).value).toBe(11n);
  });

  it("counts an id once that is in the round twice, and gives both its result", () => {
    const ones = [request({ opId: "id", delta: 5n }), request(), request({ opId: "id", delta: 5n })];
    const decision = decideCount(
      foundItem("10"),
      ones.map(({ one }) => one),
      NONE,
      NOW_MS,
    );
    expect(decision.accepted.map(({ result }) => result)).toEqual([15n, 16n, 15n]);
    expect(decision.value).toBe(16n);
    expect(decision.operations.map(({ result }) => result)).toEqual([15n]);
  });
});

describe("a counter's text", () => {
  it("may have spaces behind it, as the server's arithmetic leaves them", () => {
    expect([integerIn(Buffer.from("9 ")), integerIn(Buffer.from("-12   ")), integerIn(Buffer.from(" 9"))]).toEqual([
      9,
      -12,
      undefined,
    ]);
    expect([integerIn(Buffer.from(" ")), integerIn(Buffer.from(""))]).toEqual([undefined, undefined]);
  });
});
