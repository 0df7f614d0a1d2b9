import { get, late, lost, put, reads, type Scenario, type TimedAction, WATCHING } from "./scenario.ts";
import type { Operation, SimulationSettings } from "./schedule.ts";

/** Copies in memory are over at once, so that reads come to the middle tier. */
const MIDDLE: Partial<SimulationSettings> = { middle: "faithful", nearTtlMs: 4 };

/** Process 0 follows the shard, process 1 knows its life, so that what it writes leaves a copy in the middle. */
const FOLLOWED: readonly TimedAction[] = [...WATCHING, [10, get(1, "b")]];

/** From some time after the bound process 0 reads the key; not before, so that it has never had a copy. */
const LATE_READS: readonly TimedAction[] = reads(0, "a", 460, 700, 40);

/** The copy of process 1's write of `a` is in the middle tier, and stays there whatever process 1 does next. */
function oldCopyOf(key: string, more: Partial<Extract<Operation, { kind: "set" }>> = {}): TimedAction[] {
  return [
    [40, put(1, key, more)],
    [60, lost(1, ["middle"], 2_000)],
  ];
}

/** Copies that lie between memory and the shared store. */
export const MIDDLE_SCENARIOS: readonly Scenario[] = [
  {
    rows: [1],
    name: "a copy in the middle is not served after a change that was heard of when there was no copy here",
    settings: MIDDLE,
    steps: [...FOLLOWED, ...oldCopyOf("a"), [70, put(1, "a")], ...LATE_READS],
  },
  {
    rows: [2],
    name: "a copy that comes to the middle long after a newer one was there is not served",
    settings: MIDDLE,
    steps: [...FOLLOWED, [41, late(1, ["middle"], 300)], [40, put(1, "a")], [70, put(1, "a")], ...LATE_READS],
  },
  {
    rows: [9, 12],
    name: "after a reconnect copies in the middle are proven by what the store says",
    settings: MIDDLE,
    steps: [
      ...FOLLOWED,
      ...oldCopyOf("a"),
      [68, { kind: "reset", node: 0, forMs: 30 }],
      [70, put(1, "a")],
      ...LATE_READS,
    ],
  },
  {
    rows: [11],
    name: "behind a link that is silent copies in the middle lapse at the bound, though the middle can be reached",
    settings: MIDDLE,
    steps: [
      ...FOLLOWED,
      ...oldCopyOf("a"),
      [200, lost(0, ["request", "reply", "feed"], 800)],
      [210, put(1, "a")],
      ...reads(0, "a", 530, 700, 20),
    ],
  },
  {
    rows: [13],
    name: "a copy here of one in the middle is as old as the proof of that one",
    settings: { ...MIDDLE, nearTtlMs: Number.POSITIVE_INFINITY },
    steps: [
      ...FOLLOWED,
      ...oldCopyOf("a"),
      [200, lost(0, ["request", "reply", "feed"], 800)],
      [210, put(1, "a")],
      ...reads(0, "a", 400, 700, 20),
    ],
  },
  {
    rows: [16],
    name: "a copy in the middle is not served after an invalidation of its tag",
    settings: MIDDLE,
    steps: [
      // The clock of tags begins with the first of them.
      [3, { kind: "tags", node: 1, tags: ["blue"] }],
      ...FOLLOWED,
      ...reads(1, "b", 14, 40, 5),
      ...oldCopyOf("a", { tags: ["red"] }),
      [70, { kind: "tags", node: 1, tags: ["red"] }],
      ...LATE_READS,
    ],
  },
  {
    rows: [5, 16],
    name: "a copy in the middle is not served after this process has invalidated its tag, though it hears no messages",
    settings: MIDDLE,
    steps: [
      // The clock of tags begins with the first of them.
      [3, { kind: "tags", node: 1, tags: ["blue"] }],
      ...FOLLOWED,
      ...reads(1, "b", 14, 40, 5),
      ...oldCopyOf("a", { tags: ["red"] }),
      ...reads(0, "a", 60, 110, 10),
      [108, lost(0, ["feed"], 60)],
      [110, { kind: "tags", node: 0, tags: ["red"] }],
      ...reads(0, "a", 112, 160, 5),
    ],
  },
  {
    rows: [16, 17],
    name: "a copy in the middle is not served after the store has shown the end of its tag, though a probe of its shard finds nothing since",
    settings: MIDDLE,
    steps: [
      // The clock of tags begins with the first of them.
      [3, { kind: "tags", node: 1, tags: ["blue"] }],
      ...FOLLOWED,
      ...reads(1, "b", 14, 40, 5),
      // The copy comes to the middle when the store has been asked, and right after a probe that found the shard as it was, and before the clock of tags gets its floor.
      [41, late(1, ["middle"], 170)],
      [40, put(1, "a", { tags: ["red"] })],
      [108, lost(0, ["feed"], 400)],
      [110, { kind: "tags", node: 1, tags: ["red"] }],
      [114, get(0, "a")],
      ...reads(0, "a", 214, 400, 40),
    ],
  },
  {
    rows: [3, 17],
    name: "a copy in the middle is not served after this process has deleted the key, though it hears no messages",
    settings: MIDDLE,
    steps: [
      ...FOLLOWED,
      ...oldCopyOf("a"),
      [108, lost(0, ["feed", "middle"], 60)],
      [110, { kind: "delete", node: 0, key: "a" }],
      ...reads(0, "a", 112, 160, 5),
    ],
  },
  {
    rows: [5],
    name: "a copy in the middle is not served after a clear",
    settings: MIDDLE,
    steps: [
      ...FOLLOWED,
      ...oldCopyOf("@shop:c"),
      [70, { kind: "clear", node: 1, path: "shop" }],
      ...reads(0, "@shop:c", 460, 700, 40),
    ],
  },
  {
    rows: [5, 17],
    name: "a copy in the middle is not served after this process has cleared, though it hears no messages",
    settings: MIDDLE,
    steps: [
      ...FOLLOWED,
      ...oldCopyOf("@shop:c"),
      [108, lost(0, ["feed", "middle"], 60)],
      [110, { kind: "clear", node: 0, path: "shop" }],
      ...reads(0, "@shop:c", 112, 160, 5),
    ],
  },
  {
    rows: [9],
    name: "who is handed a receipt is served nothing older from the middle, then and later",
    settings: MIDDLE,
    steps: [
      ...FOLLOWED,
      ...oldCopyOf("a"),
      [108, lost(0, ["feed", "middle"], 60)],
      [110, put(1, "a", { reader: 0 })],
      ...reads(0, "a", 118, 160, 5),
    ],
  },
  {
    rows: [20],
    name: "a receipt of after a failover is not met by a copy in the middle of what the failover lost",
    settings: { ...MIDDLE, feed: "ordered", isLinkOrdered: true, isServerKnown: true },
    steps: [
      [16, put(1, "a")],
      [26, { kind: "get", node: 0, key: "a" }],
      [29, { kind: "failover", lostMs: 50, clockByMs: -20 }],
      [35, put(1, "a", { reader: 0 })],
      ...reads(0, "a", 45, 200, 20),
    ],
  },
  {
    rows: [11],
    name: "what all have acknowledged is not served older from the middle",
    settings: { ...MIDDLE, feed: "writers" },
    steps: [
      ...FOLLOWED,
      ...oldCopyOf("a"),
      // The table of nodes is no young one by then.
      ...reads(0, "a", 420, 450, 5),
      [451, put(1, "a", { isAcknowledged: true })],
      ...reads(0, "a", 452, 500, 3),
    ],
  },
  {
    rows: [1],
    name: "who was served from the middle keeps no older answer that comes later",
    settings: MIDDLE,
    steps: [
      ...FOLLOWED,
      [40, put(1, "a")],
      [52, { kind: "expire", node: 1, key: "a", ttlMs: 60_000 }],
      [95, lost(0, ["feed"], 400)],
      // The new end has ended the copy, so the store is asked; its answer is late.
      [101, get(0, "a")],
      [103, late(0, ["reply"], 150)],
      [104, put(1, "a")],
      // A probe has shown the head by then.
      [232, get(0, "a")],
      ...reads(0, "a", 256, 290, 1),
    ],
  },
  {
    rows: [20],
    name: "a copy in the middle of what a failover lost is not served by who never heard of it",
    settings: MIDDLE,
    steps: [
      ...FOLLOWED,
      [149, lost(0, ["feed"], 5)],
      [150, put(1, "a")],
      [152, { kind: "failover", lostMs: 4, clockByMs: 0 }],
      [158, put(1, "b")],
      ...LATE_READS,
    ],
  },
  {
    rows: [20],
    name: "copies in the middle of what a store has lost are not served",
    settings: MIDDLE,
    steps: [...FOLLOWED, ...oldCopyOf("a"), [150, { kind: "wipe" }], ...LATE_READS],
  },
  {
    rows: [1],
    name: "a copy in the middle that is older than all that is remembered is not served",
    settings: MIDDLE,
    steps: [
      [1, put(1, "a")],
      [2, put(1, "b")],
      ...reads(0, "b", 6, 1_000, 40),
      [12, get(1, "a")],
      [30, lost(1, ["middle"], 2_000)],
      [40, put(1, "a")],
      ...Array.from({ length: 20 }, (_, index): TimedAction => [50 + 3 * index, put(1, "b")]),
      ...LATE_READS,
    ],
  },
  {
    rows: [24],
    name: "a copy in the middle ends with its entry, whenever it came there",
    settings: MIDDLE,
    steps: [
      ...FOLLOWED,
      [41, late(1, ["middle"], 400)],
      [40, put(1, "a", { ttlMs: 150 })],
      ...reads(0, "a", 460, 580, 20),
    ],
  },
];
