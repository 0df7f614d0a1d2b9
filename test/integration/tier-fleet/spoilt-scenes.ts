import type { TierRule } from "./check-staleness.ts";
import type { OrderedWorker } from "./ordered-fleet.ts";
import { pause } from "./tier-store.ts";
import type { HandedReceipt, TierSabotage } from "./tier-task.ts";

/** Who plays in a scene. */
export interface SceneParts {
  /** The one whose promises are looked at. Its link is its own. */
  readonly reader: OrderedWorker;
  /** Changes what the other one reads; nothing is wrong with it. */
  readonly writer: OrderedWorker;
  /** A key that nobody else uses, with anything behind it. */
  readonly key: string;
  /** A counter that nobody else uses. */
  readonly counter: string;
  /** D, in ms. */
  readonly maxStalenessMs: number;
  /** Everything that the store had is gone. */
  readonly wipe: () => Promise<void>;
}

/** A handful of steps after which a process that lacks something has broken a promise for certain, and one that lacks nothing none. */
export interface Scene {
  readonly sabotage: TierSabotage;
  /** Over which store. Default: one Redis. */
  readonly store?: "middle" | "memcached";
  /** What is broken; one of them is enough. */
  readonly rules: readonly TierRule[];
  /** Whether all processes have a part in it: others can do nothing meanwhile. */
  readonly isOfAll?: boolean;
  play(parts: SceneParts): Promise<void>;
}

/** So that what was sent has been there. On a machine that is busy it may not have: then a scene shows nothing, and is played again. */
const ARRIVED_MS = 30;
/** Beyond D + e. */
const BEYOND_MS = 120;

const OLDER = "G1 nothing older than seen, G3 own writes";
const STALE = "G2 bounded staleness";

/** The reader has a copy that is proven, and has heard of everything until then. */
async function begin({ reader, writer, key }: SceneParts): Promise<void> {
  await writer.do({ do: "write", key });
  await reader.do({ do: "read", key });
  await reader.do({ do: "watch", key, ms: ARRIVED_MS });
}

function holdMessages({ link }: OrderedWorker): void {
  link.set({ blackHolesReplies: true, heldConnections: "subscribed" });
}

function holdAnswers({ link }: OrderedWorker): void {
  link.set({ blackHolesReplies: true, heldConnections: "others" });
}

/** Looks at the copy until D + e is over for certain. */
async function watchBeyond({ reader, key, maxStalenessMs }: SceneParts): Promise<void> {
  await reader.do({ do: "watch", key, ms: maxStalenessMs + BEYOND_MS });
}

/** Reads as a user does: also what has to be asked for. */
async function readOn({ reader, key }: SceneParts, ms: number): Promise<void> {
  const until = performance.now() + ms;
  do {
    await reader.do({ do: "read", key });
    await pause(ARRIVED_MS / 2);
  } while (performance.now() < until);
}

/** An answer is on its way while the message of a change overtakes it. */
async function overtake(parts: SceneParts): Promise<void> {
  const { reader, writer, key } = parts;
  await begin(parts);
  await writer.do({ do: "write", key });
  await pause(ARRIVED_MS);
  holdAnswers(reader);
  const read = reader.do({ do: "read", key });
  await pause(ARRIVED_MS);
  await writer.do({ do: "write", key });
  await pause(ARRIVED_MS);
  reader.link.heal();
  await read;
  await watchBeyond(parts);
}

/** Nobody tells the reader of a change, and its answers come as ever. */
async function changeUnheard(parts: SceneParts): Promise<HandedReceipt | undefined> {
  const { reader, writer, key } = parts;
  await begin(parts);
  holdMessages(reader);
  const { receipt } = await writer.do({ do: "write", key });
  return receipt;
}

/** All scenes. */
export const SCENES: readonly Scene[] = [
  {
    sabotage: "no-probes",
    rules: [STALE],

    async play(parts) {
      await changeUnheard(parts);
      await watchBeyond(parts);
      parts.reader.link.heal();
    },
  },
  {
    sabotage: "blind-looks",
    store: "memcached",
    rules: [STALE],

    /** Nobody tells anybody anything: what is read often is asked about. */
    async play(parts) {
      const { writer, key, maxStalenessMs } = parts;
      await writer.do({ do: "write", key });
      await readOn(parts, maxStalenessMs);
      await writer.do({ do: "write", key });
      await readOn(parts, maxStalenessMs + BEYOND_MS);
    },
  },
  {
    sabotage: "unproven-middle",
    store: "middle",
    rules: [STALE],

    /** What the writer writes never gets to the middle, so the copy there that the reader has put is an old one. */
    async play(parts) {
      const { writer, key, maxStalenessMs } = parts;
      writer.middleLink?.set({ blackHolesRequests: true });
      await writer.do({ do: "write", key });
      await readOn(parts, maxStalenessMs);
      await writer.do({ do: "write", key });
      await readOn(parts, maxStalenessMs + BEYOND_MS);
    },
  },
  { sabotage: "late-stamp", rules: [STALE], play: overtake },
  { sabotage: "no-tickets", rules: [STALE], play: overtake },
  {
    sabotage: "fresh-from-reply",
    rules: [STALE],

    /** Sent, then outdated, then answered: what is served until D after the answer was over by then for almost that long and the way of the answer. */
    async play(parts) {
      const { reader, writer, key, maxStalenessMs } = parts;
      const warm = `${key}, warm`;
      await begin({ ...parts, key: warm });
      await writer.do({ do: "write", key });
      // Without it the process would fall out of the table of nodes, and serve nothing.
      const stays = reader.do({ do: "watch", key: warm, ms: 3 * maxStalenessMs });
      holdAnswers(reader);
      const read = reader.do({ do: "read", key });
      await pause(ARRIVED_MS / 2);
      reader.link.set({ heldConnections: "all" });
      await writer.do({ do: "write", key });
      await pause(maxStalenessMs * 0.4);
      holdMessages(reader);
      await read;
      await watchBeyond(parts);
      await stays;
      reader.link.heal();
    },
  },
  {
    sabotage: "own-writes-kept",
    rules: [OLDER],

    async play(parts) {
      const { reader, key } = parts;
      await begin(parts);
      holdMessages(reader);
      await reader.do({ do: "write", key });
      reader.link.heal();
    },
  },
  {
    sabotage: "no-receipts",
    rules: ["G4 receipt"],

    async play(parts) {
      const receipt = await changeUnheard(parts);
      if (receipt !== undefined) await parts.reader.do({ do: "read after", receipt });
      parts.reader.link.heal();
    },
  },
  {
    sabotage: "resent-increments",
    rules: ["counter"],

    async play({ reader, counter }) {
      holdAnswers(reader);
      const counted = reader.do({ do: "increment", key: counter });
      await pause(2 * ARRIVED_MS);
      reader.link.resetAll();
      reader.link.heal();
      await counted;
    },
  },
  {
    sabotage: "early-acks",
    rules: ["G5 acknowledged"],
    isOfAll: true,
    async play(parts) {
      const { reader, writer, key } = parts;
      await begin(parts);
      const watched = reader.do({ do: "watch", key, ms: parts.maxStalenessMs });
      await writer.do({ do: "write", key, ack: "all" });
      await watched;
    },
  },
  {
    sabotage: "no-membership",
    rules: ["G5 acknowledged"],
    isOfAll: true,
    async play(parts) {
      const { reader, writer, key } = parts;
      await begin(parts);
      const watched = reader.do({ do: "watch", key, ms: parts.maxStalenessMs });
      holdMessages(reader);
      await writer.do({ do: "write", key, ack: "all" });
      await watched;
      reader.link.heal();
    },
  },
  {
    sabotage: "no-lives",
    rules: [STALE],
    isOfAll: true,
    async play(parts) {
      await begin(parts);
      await parts.wipe();
      await watchBeyond(parts);
    },
  },
];
