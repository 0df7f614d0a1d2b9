import { FOREVER } from "./relative-time.ts";
/** No version, where 0 is one that means "none". */
export const UNKNOWN = -1;

/** What the shared store holds of the key, its shard and the fleet. Changes in single steps only, as its scripts do. */
export interface StoreData {
  epoch: number;
  /** The newest version that the shard gave out. */
  head: number;
  /** The key's entry: its version, which also stands for its value. 0: there is none, or it is over. */
  value: number;
  /** When the entry ends by itself, in ticks. */
  endsAt: number;
  tagClock: number;
  /** Until when each node is in the table, in ticks. */
  leases: number[];
  tableBornAt: number;
}

/** The shared store, and what is known of it from above. */
export interface StoreState {
  data: StoreData;
  /** What a replica has that lacks the newest change. */
  replica: StoreData | null;
  /** The largest version, and number of tags, ever given out: also those that were lost. */
  newest: number;
  newestTagClock: number;
  /** For each version when its value stopped being the key's, in ticks; {@link FOREVER}: it is, or never was. */
  endedAt: number[];
}

/** One place of the table of freshness: the shard, or the clock of tags. */
export interface Place {
  /** 0: not known. */
  epoch: number;
  generation: number;
  applied: number;
  floor: number;
  seen: number;
  freshAt: number;
  owed: number;
  owedAt: number;
  /** Changes that came before the one they follow: head before, version. */
  links: [before: number, version: number][];
}

/** A copy of the entry in a node. */
export interface Copy {
  value: number;
  head: number;
  tagHead: number;
  generation: number;
  readAt: number;
  endsAt: number;
}

/** What a node asks of the store. */
export type WorkKind = "read" | "write" | "delete" | "tags" | "clear";
export const WORK_KINDS: readonly WorkKind[] = ["read", "write", "delete", "tags", "clear"];

/** Where a question is: on its way there, on its way back, or on its way there while nobody waits for it any more. */
export const SENT = 0;
export const ANSWERED = 1;
export const ORPHANED = 2;

/** A question or change on its way, with its ticket and, later, its answer. */
export interface Work {
  /** Index in {@link WORK_KINDS}. */
  kind: number;
  stage: number;
  sentAt: number;
  generation: number;
  seenHead: number;
  tagHead: number;
  minHead: number;
  isVoid: boolean;
  /** Whether its tag was invalidated, or its namespace cleared, since. */
  isOutdated: boolean;
  /** The answer: version of what was found or written (0: nothing), head and epoch of that moment, end of the entry. */
  value: number;
  head: number;
  epoch: number;
  endsAt: number;
  /** From above: the store has lost what it says. */
  isLost: boolean;
}

/** A question for heads. */
export interface Probe {
  /** Whether the node has to join the table first, and is doing so. */
  isJoin: boolean;
  isMember: boolean;
  sentAt: number;
  seenAtSend: number;
  tagsSeenAtSend: number;
  /** The two halves of the question, done by the store in any order. */
  isRenewed: boolean;
  isAnswered: boolean;
  head: number;
  epoch: number;
  tagClock: number;
}

/** A process with copies. */
export interface NodeState {
  shard: Place;
  tags: Place;
  memberFrom: number;
  memberAt: number;
  copy: Copy | null;
  work: Work[];
  probe: Probe | null;
  /** From above: nothing older than this version may be served here, for a call has told of it. */
  known: number;
}

/** What is told of a change. */
export type MessageKind = "change" | "other" | "tags" | "clear";
export const MESSAGE_KINDS: readonly MessageKind[] = ["change", "other", "tags", "clear"];

/** A message; once sent it may arrive whenever, as often as it likes, or never. */
export interface Message {
  /** Index in {@link MESSAGE_KINDS}. */
  kind: number;
  /** {@link UNKNOWN} where the sender does not know. */
  before: number;
  version: number;
}

/** The wait of node 0 for all others. */
export interface AckWait {
  version: number;
  since: number;
  /** Whether the table was read. */
  isListed: boolean;
  /** Nodes that have not answered. */
  missing: number[];
  /** When a young table is old enough. */
  youngUntil: number;
}

/** How often something may still happen. */
export interface Budget {
  reads: number;
  works: number;
  changes: number;
  probes: number;
  evictions: number;
  restarts: number;
  failovers: number;
  wipes: number;
  tableLosses: number;
}

/** All there is. */
export interface CopiesState {
  store: StoreState;
  nodes: NodeState[];
  messages: Message[];
  ack: AckWait | null;
  /** From above: a write is acknowledged, and no node may serve anything older. */
  acknowledged: number;
  /** From above: the ticket of the newest write that a caller was told of. */
  ticket: number;
  left: Budget;
}
