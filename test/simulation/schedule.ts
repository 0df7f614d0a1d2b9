/** What a process does with its cache. `node` is the process's place; keys are stored keys. */
export type Operation =
  | { readonly kind: "get"; readonly node: number; readonly key: string }
  | { readonly kind: "get-multi"; readonly node: number; readonly keys: readonly string[] }
  | {
      readonly kind: "set";
      readonly node: number;
      readonly key: string;
      readonly ttlMs: number;
      readonly tags: readonly string[];
      /** `"read"`: the version that this process reads first. */
      readonly condition?: "absent" | "read" | undefined;
      /** Waits until no process serves what was there before. */
      readonly isAcknowledged?: boolean | undefined;
      /** The process that is handed the version, and reads at once what is not older. */
      readonly reader?: number | undefined;
    }
  | { readonly kind: "set-multi"; readonly node: number; readonly keys: readonly string[]; readonly ttlMs: number }
  | {
      readonly kind: "delete";
      readonly node: number;
      readonly key: string;
      readonly isAcknowledged?: boolean | undefined;
    }
  | { readonly kind: "delete-multi"; readonly node: number; readonly keys: readonly string[] }
  | { readonly kind: "expire"; readonly node: number; readonly key: string; readonly ttlMs: number }
  | { readonly kind: "increment"; readonly node: number; readonly key: string }
  | { readonly kind: "tags"; readonly node: number; readonly tags: readonly string[] }
  | { readonly kind: "clear"; readonly node: number; readonly path: string }
  /** Gets or leases, loads for `loaderMs`, fills, or releases the token. */
  | {
      readonly kind: "load";
      readonly node: number;
      readonly key: string;
      readonly loaderMs: number;
      readonly ttlMs: number;
      readonly tags: readonly string[];
      readonly isReleased: boolean;
    }
  /** `getOrSet` of the whole cache; only where {@link SimulationSettings.isWhole}. */
  | {
      readonly kind: "fetch";
      readonly node: number;
      readonly key: string;
      readonly ttlMs: number;
      readonly tags: readonly string[];
      readonly loaderMs: number;
      /** What the loader comes to; `"unmodified"`: that what stands in is still right, if something does. */
      readonly outcome: "value" | "none" | "unmodified" | "error";
      /** How long after its end a value may stand in, and be served at once while it is loaded anew, in ms. */
      readonly graceMs: number;
      readonly revalidateMs: number;
      readonly softTimeoutMs: number;
      readonly hardTimeoutMs: number;
      /** Whether neither what is there nor a load that began before counts. */
      readonly isForced?: boolean | undefined;
    }
  /** `getOrSetMulti` of the whole cache, a call for each namespace of the keys; likewise. */
  | {
      readonly kind: "fetch-multi";
      readonly node: number;
      readonly keys: readonly string[];
      readonly ttlMs: number;
      readonly tags: readonly string[];
      readonly loaderMs: number;
      /** `"some"`: the source has nothing for the last key. */
      readonly outcome: "value" | "some" | "error";
      readonly graceMs: number;
      readonly revalidateMs: number;
      readonly softTimeoutMs: number;
      readonly hardTimeoutMs: number;
      readonly isForced?: boolean | undefined;
    }
  /** Reads all keys, then writes the first and deletes the last, if all are as they were read. */
  | { readonly kind: "commit"; readonly node: number; readonly keys: readonly string[]; readonly ttlMs: number };

/** Which way of a process's link: its questions, the store's answers, the messages about changes, or what it writes to the middle tier. */
export type LinkWay = "request" | "reply" | "feed" | "middle";

/** What goes wrong. */
export type Fault =
  /** What is sent on these ways is lost, or held back and then delivered. */
  | {
      readonly kind: "link";
      readonly node: number;
      readonly ways: readonly LinkWay[];
      /** `"slow"`: what is sent is late by `byMs`, and later things may overtake it where nothing keeps them in order. */
      readonly effect: "drop" | "hold" | "slow";
      readonly byMs?: number | undefined;
      readonly forMs: number;
    }
  /** The connections between two processes break, and none comes up for a while; or what is sent between them stands still. Only where there is a mesh. */
  | {
      readonly kind: "mesh";
      readonly node: number;
      readonly other: number;
      readonly way: "there" | "back" | "both";
      readonly effect: "cut" | "hold";
      readonly forMs: number;
    }
  /** All calls on their way fail, messages are lost until the process has subscribed again. */
  | { readonly kind: "reset"; readonly node: number; readonly forMs: number }
  /** The process stands still; its clocks go on. */
  | { readonly kind: "pause"; readonly node: number; readonly forMs: number }
  /** The process dies, and another takes its place at once. */
  | {
      readonly kind: "restart";
      readonly node: number;
      /** Whether its host goes with it, so that nobody hears of it. */
      readonly isSilent?: boolean | undefined;
    }
  /** The process's wall clock is set. */
  | { readonly kind: "wall"; readonly node: number; readonly byMs: number }
  /** The store loses all it has. */
  | { readonly kind: "wipe" }
  /** The clock of the store's server is set. */
  | { readonly kind: "clock"; readonly byMs: number }
  /** Another server takes over, without the newest writes, and with another clock. */
  | { readonly kind: "failover"; readonly lostMs: number; readonly clockByMs: number };

/** What is done, or goes wrong. */
export type Action = Operation | Fault;

const FAULT_KINDS: ReadonlySet<string> = new Set<Fault["kind"]>([
  ...(["link", "mesh", "reset", "pause", "restart", "wall", "wipe", "clock", "failover"] as const),
]);

/** Whether something goes wrong, and nobody does it. */
export function isFault(action: Action): action is Fault {
  return FAULT_KINDS.has(action.kind);
}

/** One thing that happens at an instant of virtual time. */
export interface Step {
  readonly id: number;
  readonly atMs: number;
  readonly action: Action;
}

/**
 * How the processes learn of changes: from the store, in its order or in any; from the process that made the change, which does not know the head before it; or both ways, in any
 * order. `"mesh"`: from the process that made it, over the real mesh on a model network; `"mesh-and-store"`: so, and from the store.
 */
export type FeedKind = "ordered" | "unordered" | "writers" | "both" | "mesh" | "mesh-and-store";

/** What holds throughout a schedule. */
export interface SimulationSettings {
  readonly nodeCount: number;
  /** Whether the processes keep the keys themselves, without a shared store. */
  readonly isOwned: boolean;
  /** Whether processes use a whole cache with its loads, and not the store with copies alone. */
  readonly isWhole: boolean;
  /** How long a cache waits for its store. */
  readonly cacheDeadlineMs: number;
  readonly shardCount: number;
  readonly maxStalenessMs: number;
  readonly feed: FeedKind;
  /** Whether what is sent later on a link arrives later. */
  readonly isLinkOrdered: boolean;
  /** How long a message usually takes at most, and how long now and then. */
  readonly usualDelayMs: number;
  readonly rareDelayMs: number;
  /** Part of the messages about changes that is lost; that comes twice. */
  readonly lostRatio: number;
  readonly doubledRatio: number;
  /** How often what arrives at one instant is one chunk of bytes. */
  readonly chunkRatio: number;
  /** Whether a server that takes over says that it is another one. */
  readonly isServerKnown: boolean;
  /** How many messages of a mesh may wait for one node. */
  readonly maxQueuedCount: number;
  /** When a process gives up waiting for an answer. */
  readonly callDeadlineMs: number;
  /** Longest life of a copy. */
  readonly nearTtlMs: number;
  /** Copies that a process has room for. */
  readonly nearMaxKeys: number;
  /** Whether there is a store of copies between memory and the shared one, and one that answers with what it had before. */
  readonly middle: "none" | "faithful" | "hostile";
  /** For each process, by how much its wall clock is ahead of the store's. */
  readonly wallLeadsMs: readonly number[];
}

/** All of a run: the same schedule gives the same run. */
export interface Schedule {
  readonly seed: number;
  readonly settings: SimulationSettings;
  readonly steps: readonly Step[];
}

/** The keys of the workload: two namespaces, one in the other, and a counter that nothing else touches. */
export const KEYS: readonly string[] = ["a", "b", "@shop:c", "@shop/eu:d"];
/** See {@link KEYS}. */
export const COUNTER_KEY = "n";
