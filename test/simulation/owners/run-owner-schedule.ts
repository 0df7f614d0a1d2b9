import { EventQueue } from "../event-queue.ts";
import { MeshNetwork } from "../mesh/mesh-network.ts";
import type { RunLog, RunReport } from "../run-schedule.ts";
import { COUNTER_KEY, type Fault, isFault, KEYS, type Operation, type Schedule, type Step } from "../schedule.ts";
import { FleetLoads } from "./fleet-loads.ts";
import { ownedShardOf } from "./owned-shards-of.ts";
import { OwnerJudge } from "./owner-judge.ts";
import { type OwnerCounts, OwnerOperation } from "./owner-operation.ts";
import { HEARTBEAT_MS, OwnerProcess } from "./owner-process.ts";

/** Errors that calls end with where nodes come, go, and do not hear of each other. */
const EXPECTED_ERRORS: ReadonlySet<string> = new Set([
  ...(["OutcomeUnknownError", "BackendTimeoutError", "BackendUnavailableError"] as const),
  ...(["LoaderError", "SourceError", "TransactionConflictError"] as const),
]);

/** Longest time that views may take to be equal again once nothing is in the way: dials, of which the last ones may have been refused and wait as long as they ever do, rights, and the quiet time. */
const CONVERGENCE_MS = 4_000;
/**
 * The network itself may let a link seem silent when nothing else is in the way: where it takes longer for single frames than a link waits for a heartbeat. That is a fault like others: the two
 * nodes see each other again within this time, by dials of which the first may be refused.
 */
const RELINK_MS = 1_000;
/** Before anything is done: nodes find each other. */
const SETTLE_MS = 1_000;

/** A run of nodes that keep the keys themselves. */
export class OwnerFleetRun {
  readonly #schedule: Schedule;
  readonly #queue: EventQueue;
  readonly #network: MeshNetwork;
  readonly #judge: OwnerJudge;
  readonly #loads: FleetLoads;
  readonly #processes: OwnerProcess[] = [];
  /** Also those that died. */
  readonly #all: OwnerProcess[] = [];
  readonly #counts: OwnerCounts = { confirmed: new Map(), unknown: 0 };
  readonly #onEvent: RunLog | undefined;

  constructor(schedule: Schedule, onEvent: RunLog | undefined) {
    this.#schedule = schedule;
    this.#onEvent = onEvent;
    const { seed, settings, steps } = schedule;
    this.#queue = new EventQueue(seed, settings.chunkRatio);
    this.#network = new MeshNetwork({ seed, queue: this.#queue, settings, heartbeatMs: HEARTBEAT_MS });
    const nowMs = (): number => this.#queue.nowMs;
    this.#judge = new OwnerJudge(
      settings.maxStalenessMs,
      nowMs,
      () => this.#all,
      onEvent && ((text) => this.#log(text)),
    );
    const isCalm = !steps.some(({ action }) => isFault(action)) && settings.rareDelayMs < 50;
    // An answer waits for the end of its turn, and of the other end's.
    const longestWayMs = Math.max(settings.usualDelayMs, settings.rareDelayMs) + 2;
    this.#loads = new FleetLoads(this.#judge, isCalm && settings.cacheDeadlineMs > 400, longestWayMs, nowMs);
    for (let place = 0; place < settings.nodeCount; place += 1) this.#start(place);
  }

  async run(): Promise<RunReport> {
    const { steps } = this.#schedule;
    for (const step of steps) this.#plan(step);
    const endedAtMs = Math.max(
      SETTLE_MS,
      ...steps.map(({ atMs, action }) => SETTLE_MS + atMs + ("forMs" in action ? action.forMs : 0)),
    );
    await this.#runUntil(endedAtMs);
    for (const process of this.#processes) process.resume();
    await this.#runUntil(endedAtMs + CONVERGENCE_MS);
    while (this.#differingViews().length > 0 && this.#isRelinking()) await this.#runUntil(this.#queue.nowMs + 10);
    this.#checkViews();
    await this.#readAll(this.#queue.nowMs);
    this.#checkRest();
    const { violations, nearCount, farCount } = this.#judge;
    for (const process of this.#processes) process.kill(true);
    return { violations, eventCount: this.#queue.eventCount, nearCount, farCount, middleCount: 0 };
  }

  #plan({ id, atMs: afterMs, action }: Step): void {
    const atMs = SETTLE_MS + afterMs;
    if (isFault(action)) {
      this.#queue.at(atMs, "world", undefined, () => this.#fail(action));
      return;
    }
    this.#queue.at(atMs, "world", undefined, () => {
      const process = this.#at(action.node);
      this.#queue.at(atMs, "operation", process, () => this.#perform(process, id, action));
    });
  }

  #perform(process: OwnerProcess, id: number, operation: Operation): void {
    if (this.#onEvent !== undefined) this.#log(`${process.name} begins step ${id} ${JSON.stringify(operation)}`);
    const world = { judge: this.#judge, loads: this.#loads, queue: this.#queue, counts: this.#counts };
    new OwnerOperation(world, process, id).perform(operation).catch((error: unknown) => this.#take(process, error));
  }

  /** Nothing is in the way any more: every node sees all others. */
  #checkViews(): void {
    const ids = this.#processes.map(({ nodeId }) => nodeId);
    for (const { name, view } of this.#differingViews())
      this.#judge.report("convergence", `${name} sees ${view?.members.join(" ")}, and there are ${ids.join(" ")}`);
  }

  /** Processes that do not see exactly those that there are. */
  #differingViews(): readonly OwnerProcess[] {
    const all = this.#processes.map(({ nodeId }) => nodeId).sort();
    return this.#processes.filter(({ view }) => view?.members.join() !== all.join());
  }

  /** Whether the network itself made a link seem silent a moment ago. */
  #isRelinking(): boolean {
    return this.#queue.nowMs - this.#network.silentUntilMs < RELINK_MS;
  }

  async #readAll(fromMs: number): Promise<void> {
    const roundMs = 0.4 * this.#schedule.settings.maxStalenessMs;
    for (let round = 0; round < 3; round += 1) {
      for (const process of this.#processes)
        for (const [index, key] of KEYS.entries())
          this.#perform(process, 1_000_000 + round * 1_000 + index, { kind: "get", node: process.place, key });
      await this.#runUntil(fromMs + (round + 1) * roundMs);
    }
    // While two nodes look for each other again, copies are held against owners that change.
    if (!this.#isRelinking())
      for (const process of this.#processes) for (const key of KEYS) this.#compare(process, key);
    await this.#runUntil(this.#queue.nowMs + 2_000);
  }

  /** A copy is what the owner has. */
  #compare(process: OwnerProcess, key: string): void {
    const copy = process.copies.find(key, process.node);
    if (copy === undefined) return;
    const shard = ownedShardOf(key);
    const { nowMs } = this.#queue;
    const life = this.#judge.ownLifeOf(process, shard, nowMs);
    const value = Buffer.from(copy.value as Uint8Array).toString("latin1");
    const [, last] = life?.history.holding(key, value, 0, nowMs) ?? [-1, -1];
    if (life !== undefined && last === Math.floor(life.history.numberAt(key, nowMs))) return;
    const text = `${process.name} still serves ${value} of ${key} long after it changed`;
    this.#judge.report("convergence", `${text}\n${this.#judge.lives.describe(shard, key)}`);
  }

  #checkRest(): void {
    for (const process of this.#processes) {
      const { node, name, whole } = process;
      if (whole.loadCount > 0) this.#judge.report("rest", `${name} has ${whole.loadCount} loads that are over`);
      if (node.runningCount > 0)
        this.#judge.report("rest", `${name} has ${node.runningCount} tickets of calls that are over`);
      process.checkInvariants();
    }
    this.#checkCounts();
  }

  /** Every confirmed count was made, in the life of its shard; none was made twice; and none that was said not to be. */
  #checkCounts(): void {
    const { confirmed, unknown } = this.#counts;
    const shard = ownedShardOf(COUNTER_KEY);
    let [madeCount, confirmedCount] = [0, 0];
    for (const life of this.#judge.lives.of(shard)) madeCount += life.history.valuesOf(COUNTER_KEY).length;
    for (const [version, count] of confirmed) {
      confirmedCount += count;
      if (this.#judge.lives.ofVersion(shard, COUNTER_KEY, version).length < count)
        this.#judge.report("counters", `a count was confirmed that nobody has made, as version ${version}`);
    }
    if (madeCount > confirmedCount + unknown)
      this.#judge.report(
        "counters",
        `there were ${madeCount} counts for ${confirmedCount} that were confirmed and ${unknown} of unknown outcome`,
      );
  }

  #fail(fault: Fault): void {
    this.#log(`fault ${JSON.stringify(fault)}`);
    const { nowMs } = this.#queue;
    if (fault.kind === "mesh") {
      const [first, second] = [fault.node, fault.other].map((place) => place % this.#processes.length) as [
        number,
        number,
      ];
      if (fault.effect === "cut") this.#network.cut(first, second, nowMs + fault.forMs);
      else this.#network.hold(first, second, fault.way, nowMs + fault.forMs);
    } else if (fault.kind === "pause") {
      const process = this.#at(fault.node);
      if (process.isPaused) return;
      process.pause();
      this.#queue.at(nowMs + fault.forMs, "world", undefined, () => process.resume());
    } else if (fault.kind === "restart") {
      this.#at(fault.node).kill(fault.isSilent === true);
      this.#start(fault.node % this.#processes.length);
    }
  }

  #start(place: number): void {
    const { seed, settings } = this.#schedule;
    const life = this.#all.length + 1;
    const process = new OwnerProcess({
      ...{ seed, place, life, settings, queue: this.#queue, network: this.#network, acts: this.#judge },
    });
    this.#processes[place] = process;
    this.#all.push(process);
    process.open().catch((error: unknown) => this.#take(process, error));
  }

  #at(place: number): OwnerProcess {
    return this.#processes[place % this.#processes.length] as OwnerProcess;
  }

  #log(text: string): void {
    this.#onEvent?.(this.#queue.nowMs, text);
  }

  #runUntil(untilMs: number): Promise<void> {
    return this.#queue.runUntil(untilMs, (error) => this.#take(undefined, error));
  }

  #take(process: OwnerProcess | undefined, error: unknown): void {
    if (process?.isDead === true || (error instanceof Error && EXPECTED_ERRORS.has(error.name))) return;
    this.#judge.report("error", error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}
