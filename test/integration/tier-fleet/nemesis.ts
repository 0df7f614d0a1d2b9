import { setTimeout as delay } from "node:timers/promises";
import { createSeededRandom, type RandomSource } from "../../../src/foundation/random-source.ts";
import type { FaultProxy, Faults } from "../support/fault-proxy.ts";
import type { LinkGroup } from "./fleet-links.ts";
import type { TierStore } from "./tier-store.ts";

/** What can be done to processes. */
export interface TierProcesses {
  readonly count: number;
  signal(process: number, name: NodeJS.Signals): void;
  /** Kills it and starts another. Resolves when that one is ready. */
  restart(process: number): Promise<void>;
  /** The store's data was lost between these instants. */
  wiped(from: number, to: number): void;
  now(): number;
}

/** What is going to be disturbed. */
export interface NemesisPlan {
  readonly seed: number;
  readonly store: TierStore;
  readonly processes: TierProcesses;
  readonly endAt: number;
  /** Names of what is being done. Default: nobody wants to know. */
  readonly running?: Set<string> | undefined;
  /** Names of the only deeds that are done. Default: all. */
  readonly only?: readonly string[] | undefined;
}

/** A kind of disturbance. */
interface Deed {
  readonly name: string;
  /** Of what it takes: two that take the same are not done at the same time. */
  readonly target: "process" | "store";
  /** Whether it can be done now. Default: always. */
  isPossible?(): boolean;
  run(process: number, holdMs: number): Promise<void>;
}

const FIBER_COUNT = 2;
/** How often a disturbance of links concerns all of a process's links of that kind. */
const ALL_LINKS_RATIO = 0.6;
/** Between disturbances, so that there is time in which all is well; and how long each lasts. */
const LONGEST_PAUSE_MS = 600;
const SHORTEST_HOLD_MS = 40;
const LONGEST_HOLD_MS = 1_200;

/** Breaks links, processes and stores, one kind after the other in an order that the seed says, until the time is over; everything is well when it resolves. @returns how often each was done */
export async function runNemesis({
  seed,
  store,
  processes,
  endAt,
  only,
  running = new Set(),
}: NemesisPlan): Promise<Readonly<Record<string, number>>> {
  const random = createSeededRandom(seed);
  const deeds = deedsOn(store, processes, random).filter(({ name }) => only?.includes(name) ?? true);
  const counts: Record<string, number> = {};
  const busy = new Set<number | "store">();
  let bag: Deed[] = [];
  const draw = (): Deed => {
    if (bag.length === 0)
      bag = deeds
        .map((deed) => [random.next(), deed] as const)
        .sort(([one], [other]) => one - other)
        .map(([, deed]) => deed);
    return bag.pop() as Deed;
  };
  const runFiber = async (): Promise<void> => {
    while (processes.now() < endAt && deeds.length > 0) {
      await delay(random.next() * LONGEST_PAUSE_MS);
      const deed = draw();
      const process = Math.floor(random.next() * processes.count);
      const target = deed.target === "store" ? "store" : process;
      const holdMs = SHORTEST_HOLD_MS + random.next() ** 2 * (LONGEST_HOLD_MS - SHORTEST_HOLD_MS);
      if (busy.has(target) || deed.isPossible?.() === false) continue;
      busy.add(target);
      running.add(deed.name);
      try {
        await deed.run(process, holdMs);
        counts[deed.name] = (counts[deed.name] ?? 0) + 1;
      } finally {
        busy.delete(target);
        running.delete(deed.name);
      }
    }
  };
  await Promise.all(Array.from({ length: FIBER_COUNT }, runFiber));
  return counts;
}

/** What happens to a link, and how it is called. */
const LINK_FAULTS: readonly (readonly [name: string, faults: Partial<Faults>])[] = [
  ["requests held", { blackHolesRequests: true }],
  ["replies held", { blackHolesReplies: true }],
  ["all held", { blackHolesRequests: true, blackHolesReplies: true }],
  ["some requests held", { blackHolesRequests: true, affectedRatio: 0.5 }],
  ["some replies held", { blackHolesReplies: true, affectedRatio: 0.5 }],
  ["chunks sliced", { sliceBytes: 3 }],
  ["late", { latencyMs: 20, jitterMs: 60 }],
  ["reset at chunks", { chunksPerReset: 12 }],
];

function deedsOn(store: TierStore, processes: TierProcesses, random: RandomSource): readonly Deed[] {
  const all = Array.from({ length: processes.count }, (_, process) => store.links.groupsOf(process)).flat();
  const groups = [...new Set(all.map(({ name }) => name))];
  return [
    ...groups.flatMap((name) => linkDeeds(store, name, random)),
    ...processDeeds(processes),
    ...storeDeeds(store, processes),
  ];
}

/** What is done to links of one kind, of one process: to all of them, or to one. */
function linkDeeds(store: TierStore, group: LinkGroup["name"], random: RandomSource): readonly Deed[] {
  const linksOf = (process: number): readonly FaultProxy[] => {
    const links = store.links.groupsOf(process).find(({ name }) => name === group)?.links ?? [];
    const start = Math.floor(random.next() * links.length);
    return random.next() < ALL_LINKS_RATIO ? links : links.slice(start, start + 1);
  };
  const held = LINK_FAULTS.map(
    ([name, faults]): Deed => ({
      name: group + name,
      target: "process",
      async run(process, holdMs) {
        const links = linksOf(process);
        for (const link of links) link.set(faults);
        await delay(holdMs);
        for (const link of links) link.heal();
      },
    }),
  );
  return [
    ...held,
    {
      name: `${group}reset`,
      target: "process",
      async run(process) {
        for (const link of linksOf(process)) link.resetAll();
      },
    },
    {
      name: `${group}refused`,
      target: "process",
      async run(process, holdMs) {
        const links = linksOf(process);
        for (const link of links) {
          link.set({ refusesConnections: true });
          link.resetAll();
        }
        await delay(holdMs);
        for (const link of links) link.heal();
      },
    },
  ];
}

function processDeeds(processes: TierProcesses): readonly Deed[] {
  return [
    {
      name: "process stopped",
      target: "process",
      async run(process, holdMs) {
        processes.signal(process, "SIGSTOP");
        await delay(holdMs);
        processes.signal(process, "SIGCONT");
      },
    },
    { name: "process killed", target: "process", run: (process) => processes.restart(process) },
  ];
}

function storeDeeds(store: TierStore, processes: TierProcesses): readonly Deed[] {
  return store.deeds.map(
    ({ name, isWipe, isPossible, run }): Deed => ({
      name,
      target: "store",
      ...(isPossible && { isPossible }),
      async run(_, holdMs) {
        const from = processes.now();
        await run(Math.min(holdMs, 600));
        if (isWipe) processes.wiped(from, processes.now());
      },
    }),
  );
}
