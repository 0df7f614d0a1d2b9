import { copyOf, late, lost, put, reads, type Scenario, WATCHING } from "./scenario.ts";
import type { Operation } from "./schedule.ts";

const WHOLE = { isWhole: true } as const;

function fetch(node: number, key: string, more: Partial<Extract<Operation, { kind: "fetch" }>> = {}): Operation {
  const timeouts = { softTimeoutMs: Number.POSITIVE_INFINITY, hardTimeoutMs: 600 };
  const rest = { loaderMs: 50, outcome: "value", graceMs: 0, revalidateMs: 0, ...timeouts } as const;
  return { kind: "fetch", node, key, ttlMs: 60_000, tags: [], ...rest, ...more };
}

function fetchMulti(
  node: number,
  keys: readonly string[],
  more: Partial<Extract<Operation, { kind: "fetch-multi" }>> = {},
): Operation {
  const timeouts = { softTimeoutMs: Number.POSITIVE_INFINITY, hardTimeoutMs: 600 };
  const rest = { loaderMs: 50, outcome: "value", graceMs: 0, revalidateMs: 0, ...timeouts } as const;
  return { kind: "fetch-multi", node, keys, ttlMs: 60_000, tags: [], ...rest, ...more };
}

/** Loads of whole caches. */
export const LOAD_SCENARIOS: readonly Scenario[] = [
  {
    rows: [2],
    name: "what was loaded before a change does not reach the store",
    settings: WHOLE,
    steps: [...WATCHING, [20, fetch(0, "a")], [40, put(1, "a")], ...reads(0, "a", 45, 500), ...reads(1, "a", 45, 500)],
  },
  {
    rows: [2, 3],
    name: "what was loaded before a delete does not reach the store",
    settings: WHOLE,
    steps: [...WATCHING, [20, fetch(0, "a")], [40, { kind: "delete", node: 1, key: "a" }], ...reads(0, "a", 45, 500)],
  },
  {
    rows: [6],
    name: "who comes after a delete does not share a load that began before it",
    settings: WHOLE,
    steps: [
      ...WATCHING,
      [20, fetch(0, "a", { loaderMs: 100 })],
      [40, { kind: "delete", node: 0, key: "a" }],
      [60, fetch(0, "a")],
      ...reads(0, "a", 65, 500),
    ],
  },
  {
    rows: [6],
    name: "who comes after another process's delete does not share a load that began before it, when the store refuses its result",
    settings: WHOLE,
    steps: [
      ...WATCHING,
      [20, fetch(0, "a", { loaderMs: 100 })],
      [40, { kind: "delete", node: 1, key: "a" }],
      [60, fetch(0, "a")],
      [62, fetch(1, "a")],
      ...reads(0, "a", 65, 500),
    ],
  },
  {
    rows: [2],
    name: "what was loaded in a batch before a change of one of its keys does not reach the store, the others do",
    settings: WHOLE,
    steps: [
      ...WATCHING,
      [20, fetchMulti(0, ["a", "b"])],
      [40, put(1, "a")],
      ...reads(0, "a", 45, 500),
      ...reads(1, "a", 45, 500),
    ],
  },
  {
    rows: [6],
    name: "a forced load does not take what a load brings that began before it",
    settings: WHOLE,
    steps: [
      ...WATCHING,
      [20, fetch(0, "a", { loaderMs: 100 })],
      [40, fetch(0, "a", { isForced: true })],
      [60, fetchMulti(0, ["a", "b"], { isForced: true })],
      ...reads(0, "a", 65, 500),
    ],
  },
  {
    rows: [2],
    name: "a forced load takes the token of another process, whose result is refused",
    settings: WHOLE,
    steps: [
      ...WATCHING,
      [20, fetch(1, "a", { loaderMs: 100 })],
      [40, fetch(0, "a", { isForced: true, loaderMs: 30 })],
      ...reads(0, "a", 85, 500),
    ],
  },
  {
    rows: [6, 15],
    name: "who joins a forced load is not served what that found before a tag ended it",
    settings: WHOLE,
    steps: [
      [10, put(0, "a", { tags: ["red"] })],
      [20, fetch(1, "a", { isForced: true, loaderMs: 100 })],
      [30, { kind: "tags", node: 0, tags: ["red"] }],
      [40, { kind: "get", node: 1, key: "a" }],
      [45, fetch(1, "a", { graceMs: 1_000, revalidateMs: 1_000, softTimeoutMs: 30 })],
      [47, fetchMulti(1, ["a", "b"], { graceMs: 1_000, softTimeoutMs: 30 })],
      ...reads(1, "a", 50, 300),
    ],
  },
  {
    rows: [2],
    name: "a load that fails gives its token back",
    settings: WHOLE,
    steps: [
      ...WATCHING,
      [20, fetch(0, "a", { outcome: "error" })],
      [30, fetchMulti(1, ["b", "@shop:c"], { outcome: "error" })],
    ],
  },
  {
    rows: [15],
    name: "what was loaded before a tag was invalidated does not reach the store",
    settings: WHOLE,
    steps: [
      ...WATCHING,
      [20, fetch(0, "a", { tags: ["red"] })],
      [40, { kind: "tags", node: 1, tags: ["red"] }],
      ...reads(0, "a", 45, 500),
    ],
  },
  {
    rows: [15],
    name: "a refresh in the background loses against an invalidation of tags",
    settings: WHOLE,
    steps: [
      ...WATCHING,
      [20, fetch(0, "a", { tags: ["red"], ttlMs: 50, loaderMs: 2, revalidateMs: 1_000 })],
      [150, fetch(0, "a", { tags: ["red"], revalidateMs: 1_000 })],
      [170, { kind: "tags", node: 1, tags: ["red"] }],
      ...reads(0, "a", 175, 600),
    ],
  },
  {
    rows: [23],
    name: "there is none, loaded before a write, does not hide it",
    settings: WHOLE,
    steps: [
      ...WATCHING,
      [20, fetch(0, "a", { outcome: "none" })],
      [40, put(1, "a")],
      [75, fetch(0, "a")],
      ...reads(0, "a", 45, 500),
    ],
  },
  {
    rows: [23, 1],
    name: "an absence that a write overtakes does not hide it",
    settings: WHOLE,
    steps: [
      ...WATCHING,
      [20, late(0, ["reply"], 20)],
      [20, { kind: "get", node: 0, key: "a" }],
      [25, put(1, "a")],
      ...reads(0, "a", 28, 500, 5),
    ],
  },
  {
    rows: [18],
    name: "a write that fails leaves no copy of what it would have written",
    settings: { ...WHOLE, callDeadlineMs: 60 },
    steps: [
      ...WATCHING,
      [10, put(1, "a")],
      ...copyOf(0, "a", 14),
      [20, lost(0, ["request"], 3)],
      [20, put(0, "a")],
      ...reads(0, "a", 85, 500),
    ],
  },
  {
    rows: [18],
    name: "a write that is given up before the store has answered leaves no copy of what was there before",
    settings: { ...WHOLE, cacheDeadlineMs: 30, lostRatio: 1 },
    steps: [
      ...WATCHING,
      [10, put(1, "a")],
      ...copyOf(0, "a", 14),
      [20, lost(0, ["reply"], 3)],
      [20, put(0, "a")],
      ...reads(0, "a", 52, 250, 5),
    ],
  },
  {
    rows: [18],
    name: "a batch of writes that is given up before the store has answered leaves no copies of what was there before",
    settings: { ...WHOLE, cacheDeadlineMs: 30, lostRatio: 1 },
    steps: [
      ...WATCHING,
      [10, put(1, "a")],
      ...copyOf(0, "a", 14),
      [20, lost(0, ["reply"], 3)],
      [20, { kind: "set-multi", node: 0, keys: ["a", "c"], ttlMs: 60_000 }],
      ...reads(0, "a", 52, 250, 5),
    ],
  },
  {
    rows: [18],
    name: "a delete that is given up before the store has answered leaves no copy of what was there before",
    settings: { ...WHOLE, cacheDeadlineMs: 30, lostRatio: 1 },
    steps: [
      ...WATCHING,
      [10, put(1, "a")],
      ...copyOf(0, "a", 14),
      [20, lost(0, ["reply"], 3)],
      [20, { kind: "delete", node: 0, key: "a" }],
      ...reads(0, "a", 52, 250, 5),
    ],
  },
  {
    rows: [18],
    name: "an invalidation of tags that is given up before the store has answered leaves no copy of what they ended",
    settings: { ...WHOLE, cacheDeadlineMs: 30, lostRatio: 1 },
    steps: [
      ...WATCHING,
      [10, put(1, "a", { tags: ["red"] })],
      ...copyOf(0, "a", 14),
      [20, lost(0, ["reply"], 3)],
      [20, { kind: "tags", node: 0, tags: ["red"] }],
      ...reads(0, "a", 52, 250, 5),
    ],
  },
  {
    rows: [18],
    name: "a clear that is given up before the store has answered leaves no copy of what it ended",
    settings: { ...WHOLE, cacheDeadlineMs: 30, lostRatio: 1 },
    steps: [
      ...WATCHING,
      [10, put(1, "a")],
      ...copyOf(0, "a", 14),
      [20, lost(0, ["reply"], 3)],
      [20, { kind: "clear", node: 0, path: "" }],
      ...reads(0, "a", 52, 250, 5),
    ],
  },
  {
    rows: [18],
    name: "a load that is given up with its value on the way to the store leaves no copy of what was there before",
    settings: { ...WHOLE, lostRatio: 1 },
    steps: [
      ...WATCHING,
      [10, put(1, "a")],
      [20, fetch(0, "a", { loaderMs: 30, hardTimeoutMs: 60, isForced: true })],
      ...copyOf(0, "a", 30),
      [51, lost(0, ["reply"], 8)],
      ...reads(0, "a", 85, 250, 5),
    ],
  },
  {
    rows: [18],
    name: "what the source says is still right may be given to who has seen its end, also when nobody knows whether it is stored",
    settings: WHOLE,
    steps: [
      ...WATCHING,
      [10, fetch(0, "a", { ttlMs: 50, loaderMs: 2, graceMs: 1_000 })],
      [100, { kind: "get", node: 0, key: "a" }],
      [110, fetch(0, "a", { outcome: "unmodified", loaderMs: 30, hardTimeoutMs: 100 })],
      [125, fetch(0, "a", { outcome: "unmodified", hardTimeoutMs: 80 })],
      [143, lost(0, ["request"], 6)],
    ],
  },
  {
    rows: [15],
    name: "what the source says is still right after its tag was invalidated may be served again",
    settings: { ...WHOLE, lostRatio: 1 },
    steps: [
      [10, put(1, "a", { tags: ["red"] })],
      [20, { kind: "get", node: 0, key: "a" }],
      [30, { kind: "tags", node: 1, tags: ["red"] }],
      [40, fetch(0, "a", { outcome: "unmodified", loaderMs: 5, isForced: true })],
      ...reads(1, "a", 80, 300),
    ],
  },
  {
    rows: [22],
    name: "a leave to load that comes when nobody waits for it any more is given back",
    settings: WHOLE,
    steps: [...WATCHING, [20, fetch(0, "a", { loaderMs: 2, softTimeoutMs: 30 })], [22, late(0, ["reply"], 60)]],
  },
  {
    rows: [22],
    name: "a late answer to a load that was given up changes nothing",
    settings: { ...WHOLE, cacheDeadlineMs: 30 },
    steps: [
      ...WATCHING,
      [20, fetch(0, "a", { loaderMs: 2 })],
      [26, { kind: "link", node: 0, ways: ["request"], effect: "slow", forMs: 6, byMs: 60 }],
      [70, { kind: "delete", node: 0, key: "a" }],
      ...reads(0, "a", 75, 700),
    ],
  },
];
