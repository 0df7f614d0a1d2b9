import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { microsSince } from "../fleet/fleet-event.ts";
import { startFleetWorker, tell } from "./fleet-worker.ts";
import { runNemesis } from "./nemesis.ts";
import { type ChangeEvent, joinHistory, type LoggedEvent, type TierHistory } from "./tier-event.ts";
import { readTierLog } from "./tier-log.ts";
import type { TierStore } from "./tier-store.ts";
import { TIER_COUNTERS, type TierParentMessage, type TierTask, type TierWorkerMessage, tierKeys } from "./tier-task.ts";

/** How to run a fleet. */
export interface TierFleetRun {
  /** The bundled worker. */
  readonly file: string;
  readonly store: TierStore;
  readonly seed: number;
  readonly durationMs: number;
  readonly processCount: number;
  readonly keyCount: number;
  /** Names of the only disturbances. Default: all. */
  readonly only?: readonly string[] | undefined;
}

/** What a fleet did. */
export interface TierFleetRecord {
  readonly history: TierHistory;
  /** How often each disturbance was done. */
  readonly deeds: Readonly<Record<string, number>>;
  /** Sums of what the workers that lived to the end counted. */
  readonly figures: Readonly<Record<string, number>>;
  /** Workers that ended in a way that nobody asked for. */
  readonly crashes: readonly string[];
}

/** After the last fault, so that connections are there again when everything is read. */
const SETTLE_MS = 1_500;

/** Runs workers over a store, and breaks what can break, until the time is over. */
export async function runTierFleet(run: TierFleetRun): Promise<TierFleetRecord> {
  const fleet = new TierFleet(run);
  try {
    return await fleet.run();
  } finally {
    fleet.end();
  }
}

/** Nothing takes so long but on a machine that does nothing else well either. */
const OVERDUE_MS = 45_000;

class TierFleet {
  readonly #run: TierFleetRun;
  readonly #folder = mkdtempSync(join(tmpdir(), "gocachex-tier-logs-"));
  readonly #originNs = process.hrtime.bigint();
  readonly #workers: ChildProcess[] = [];
  readonly #lives: number[] = [];
  readonly #logFiles: string[] = [];
  readonly #ends: Promise<void>[] = [];
  readonly #killed = new Set<ChildProcess>();
  readonly #crashes: string[] = [];
  readonly #wipes: ChangeEvent[] = [];
  readonly #running = new Set<string>();
  readonly #figures: Record<string, number> = {};
  #times: Extract<TierParentMessage, { kind: "times" }> | undefined;

  constructor(run: TierFleetRun) {
    this.#run = run;
  }

  async run(): Promise<TierFleetRecord> {
    const { processCount, durationMs, seed, store, only } = this.#run;
    const now = (): number => microsSince(this.#originNs);
    const starts = Array.from({ length: processCount }, (_, index) => this.#start(index));
    await this.#within(OVERDUE_MS, Promise.all(starts));
    const endAt = now() + durationMs * 1_000;
    this.#times = { kind: "times", endAt, settleAt: endAt + SETTLE_MS * 1_000 };
    for (const worker of this.#workers) tell(worker, this.#times);
    const nemesis = runNemesis({
      ...{ seed, store, endAt, only, running: this.#running },
      processes: {
        count: processCount,
        signal: (index, name) => void this.#workers[index]?.kill(name),
        restart: (index) => this.#restart(index),
        wiped: (from, to) => this.#wipe(from, to),
        now,
      },
    });
    const giveUpMs = durationMs + SETTLE_MS + OVERDUE_MS;
    const deeds = await this.#within(giveUpMs, nemesis);
    await this.#within(OVERDUE_MS, Promise.all(this.#ends));
    return { history: this.#readHistory(), deeds, figures: this.#figures, crashes: this.#crashes };
  }

  /** Rejects with what is not over yet. */
  async #within<T>(ms: number, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const overdue = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(this.#tellUnended())), ms);
    });
    try {
      return await Promise.race([work, overdue]);
    } finally {
      clearTimeout(timer);
    }
  }

  #tellUnended(): string {
    const living = this.#workers.flatMap(({ exitCode, signalCode }, index) => {
      if (exitCode !== null || signalCode !== null) return [];
      const life = (this.#lives[index] ?? 1) - 1;
      return [
        `${index}.${life}, whose last line is ${JSON.stringify(readTierLog(this.#logFileOf(index, life)).at(-1))}`,
      ];
    });
    return `not over: ${[...this.#running].join(", ") || "no deed"}; processes ${living.join("; ")}`;
  }

  #logFileOf(index: number, life: number): string {
    return join(this.#folder, `${index}-${life}.jsonl`);
  }

  end(): void {
    for (const worker of this.#workers) worker.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Resolves when it is ready, or has ended. */
  async #start(index: number): Promise<void> {
    const { file, seed, keyCount, store } = this.#run;
    const life = this.#lives[index] ?? 0;
    this.#lives[index] = life + 1;
    const logFile = this.#logFileOf(index, life);
    this.#logFiles.push(logFile);
    const task: TierTask = {
      ...{ process: index, life, logFile, keyCount, sabotage: undefined },
      seed: seed * 1_000 + index * 100 + life,
      config: store.configOf(index),
      routes: store.links.routesOf(index),
      originNs: String(this.#originNs),
      isRedis: store.isRedis,
    };
    const { child, ready, ended } = startFleetWorker(file, task, (message) => this.#receive(index, message));
    this.#workers[index] = child;
    this.#ends.push(
      ended.then((crash) => {
        if (crash !== undefined && !this.#killed.has(child)) this.#crashes.push(crash);
      }),
    );
    if (this.#times !== undefined) tell(child, this.#times);
    await ready;
  }

  async #restart(index: number): Promise<void> {
    const worker = this.#workers[index] as ChildProcess;
    this.#killed.add(worker);
    worker.kill("SIGKILL");
    if (worker.exitCode === null && worker.signalCode === null) await once(worker, "exit");
    await this.#start(index);
  }

  #receive(index: number, message: TierWorkerMessage): void {
    if (message.kind === "figures") {
      for (const [name, figure] of Object.entries(message.figures)) {
        this.#figures[name] = (this.#figures[name] ?? 0) + figure;
      }
    } else if (message.kind === "receipt") {
      for (const [other, worker] of this.#workers.entries()) if (other !== index) tell(worker, message);
    }
  }

  #wipe(from: number, to: number): void {
    const keys = [...tierKeys(this.#run.keyCount).map(({ name }) => name), ...TIER_COUNTERS];
    this.#wipes.push({
      ...{ process: -1, life: 0, id: this.#wipes.length, how: "wipe", keys, from, to },
      ...{ values: undefined, ttlMs: undefined, version: undefined, isCoherent: false, result: undefined },
    });
  }

  #readHistory(): TierHistory {
    const lines: LoggedEvent[] = [];
    for (const file of this.#logFiles) for (const line of readTierLog(file)) lines.push(line);
    const history = joinHistory(lines);
    const failovers = this.#run.store.failovers?.(this.#originNs) ?? [];
    return { ...history, changes: [...history.changes, ...this.#wipes], failovers };
  }
}
