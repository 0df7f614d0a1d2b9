import { EventQueue } from "./event-queue.ts";
import { Judge, type Violation } from "./judge.ts";
import { KeyHistory } from "./key-history.ts";
import { MeshNetwork } from "./mesh/mesh-network.ts";
import { MiddleModel } from "./middle-model.ts";
import { OwnerFleetRun } from "./owners/run-owner-schedule.ts";
import { type OperationWorld, PerformedOperation } from "./perform-operation.ts";
import { WholeOperation } from "./perform-whole.ts";
import { COUNTER_KEY, type Fault, isFault, KEYS, type Operation, type Schedule, type Step } from "./schedule.ts";
import { SharedStoreModel } from "./shared-store-model.ts";
import { HEARTBEAT_MS, SimulatedProcess } from "./simulated-process.ts";

/** What a run found, and how much it did. */
export interface RunReport {
  readonly violations: readonly Violation[];
  readonly eventCount: number;
  /** Reads served from copies, and by the store. */
  readonly nearCount: number;
  readonly farCount: number;
  /** Served from what lies between them; those of whole caches count as the store's. */
  readonly middleCount: number;
}

/** Errors that calls of a broken network end with. */
const EXPECTED_ERRORS: ReadonlySet<string> = new Set([
  "OutcomeUnknownError",
  "BackendTimeoutError",
  "LoaderError",
  "SourceError",
  "TransactionConflictError",
]);

/** Runs a schedule on virtual time: the same one always with the same result. */
export function runSchedule(schedule: Schedule, onEvent?: RunLog): Promise<RunReport> {
  const { isOwned } = schedule.settings;
  return (isOwned ? new OwnerFleetRun(schedule, onEvent) : new SimulatedFleet(schedule, onEvent)).run();
}

/** Is told what happens, for people. */
export type RunLog = (atMs: number, text: string) => void;

class SimulatedFleet {
  readonly #schedule: Schedule;
  readonly #queue: EventQueue;
  readonly #history = new KeyHistory();
  readonly #judge: Judge;
  readonly #store: SharedStoreModel;
  readonly #network: MeshNetwork;
  readonly #processes: SimulatedProcess[] = [];
  readonly #middle: MiddleModel | undefined;
  readonly #counts = { confirmed: 0, unknown: 0 };
  #lifeCount = 0;
  #isCounterKept = true;

  readonly #onEvent: RunLog | undefined;

  constructor(schedule: Schedule, onEvent: RunLog | undefined) {
    this.#schedule = schedule;
    this.#onEvent = onEvent;
    const { settings, seed } = schedule;
    this.#queue = new EventQueue(seed, settings.chunkRatio);
    const nowMs = (): number => this.#queue.nowMs;
    this.#middle = settings.middle === "none" ? undefined : new MiddleModel(settings.middle === "hostile");
    this.#judge = new Judge(this.#history, settings.maxStalenessMs, nowMs, onEvent && ((text) => this.#log(text)));
    this.#store = new SharedStoreModel({
      shardCount: settings.shardCount,
      isServerKnown: settings.isServerKnown,
      remembers: schedule.steps.some(({ action }) => action.kind === "failover"),
      nowMs,
      history: this.#history,
      publish: (change) => {
        for (const process of this.#processes) process.hearStore(change);
      },
      post: (letter, to) => {
        for (const process of this.#processes)
          if (to === undefined || process.nodeId === to) process.hearLetter(letter);
      },
      watch: this.#judge.loads,
    });
    this.#judge.isServerKnown = settings.isServerKnown;
    this.#judge.isStoreAnswering = isStoreAnswering(schedule);
    // The answer to the write, and the table of nodes, whose leases are waited for from when it is here: who has a longer bound has a longer lease.
    if (this.#judge.isStoreAnswering)
      this.#judge.ackSlackMs = 10 + 3 * (1 + Math.max(settings.rareDelayMs, settings.usualDelayMs));
    this.#network = new MeshNetwork({ seed, queue: this.#queue, settings, heartbeatMs: HEARTBEAT_MS });
    for (let place = 0; place < settings.nodeCount; place += 1) this.#start(place);
  }

  async run(): Promise<RunReport> {
    const { steps } = this.#schedule;
    for (const step of steps) this.#plan(step);
    const endedAtMs = Math.max(0, ...steps.map(({ atMs, action }) => atMs + ("forMs" in action ? action.forMs : 0)));
    await this.#runUntil(endedAtMs);
    for (const process of this.#processes) this.#queue.resume(process);
    await this.#settle(endedAtMs);
    const { violations, nearCount, farCount, middleCount } = this.#judge;
    for (const process of this.#processes) process.kill(true);
    return { violations, eventCount: this.#queue.eventCount, nearCount, farCount, middleCount };
  }

  #plan({ id, atMs, action }: Step): void {
    if (isFault(action)) {
      this.#queue.at(atMs, "world", undefined, () => this.#fail(action));
      return;
    }
    const operation = action;
    if (operation.kind === "clear" && operation.path === "") this.#isCounterKept = false;
    this.#queue.at(atMs, "world", undefined, () => {
      // Of the process that lives then; one that stands still does it when it goes on.
      const process = this.#at(operation.node);
      this.#queue.at(atMs, "operation", process, () => this.#perform(process, id, operation));
    });
  }

  #perform(process: SimulatedProcess, id: number, operation: Operation): void {
    if (this.#onEvent !== undefined) this.#log(`${process.name} begins step ${id} ${JSON.stringify(operation)}`);
    const world: OperationWorld = {
      judge: this.#judge,
      queue: this.#queue,
      counts: this.#counts,
      processes: () => this.#processes,
    };
    const { whole } = process;
    const performed = whole
      ? new WholeOperation(world, { process, whole }, id)
      : new PerformedOperation(world, process, id);
    performed.perform(operation).catch((error: unknown) => this.#take(error));
  }

  /** Nothing more goes wrong: what was said meanwhile arrives, and everybody reads for longer than the bound of staleness. */
  async #settle(endedAtMs: number): Promise<void> {
    const { maxStalenessMs, callDeadlineMs, rareDelayMs } = this.#schedule.settings;
    const quietAtMs = endedAtMs + 2 * callDeadlineMs + 2 * rareDelayMs + 1_000;
    await this.#runUntil(quietAtMs);
    const roundMs = 0.4 * maxStalenessMs;
    const roundCount = 3;
    for (let round = 0; round < roundCount; round += 1) {
      this.#readAll(1_000_000 + round * 1_000);
      await this.#runUntil(quietAtMs + (round + 1) * roundMs);
    }
    this.#compare();
    await this.#runUntil(this.#queue.nowMs + 2 * maxStalenessMs + 2 * callDeadlineMs);
    this.#checkRest();
  }

  #readAll(id: number): void {
    for (const process of this.#processes)
      for (const [index, key] of KEYS.entries())
        this.#perform(process, id + index, { kind: "get", node: process.place, key });
  }

  /** All processes serve what the store has. */
  #compare(): void {
    for (const process of this.#processes) {
      for (const key of KEYS) {
        const copy = process.copies.find(key, process.node);
        if (copy === undefined) continue;
        const { nowMs } = this.#queue;
        const [, last] = this.#history.holding(key, copy.value, 0, nowMs) ?? [-1, -1];
        const current = Math.floor(this.#history.numberAt(key, nowMs));
        if (last === current) continue;
        const text = `${process.name} still serves ${String(copy.value)} of ${key} long after it changed`;
        this.#judge.report("convergence", `${text}\n${this.#history.describe(key)}`);
      }
    }
  }

  /** Nothing is left of what is over. */
  #checkRest(): void {
    for (const process of this.#processes) {
      const { node, nodeTimers, name } = process;
      const loadCount = process.whole?.loadCount ?? 0;
      if (loadCount > 0) this.#judge.report("rest", `${name} has ${loadCount} loads that are over`);
      if (node.runningCount > 0)
        this.#judge.report("rest", `${name} has ${node.runningCount} tickets of calls that are over`);
      if (nodeTimers.size > 0)
        this.#judge.report("rest", `${name} has ${nodeTimers.size} timers although nobody reads`);
      process.checkInvariants();
    }
    this.#checkTokens();
    const { confirmed, unknown } = this.#counts;
    const counted = Number(this.#store.entry(COUNTER_KEY)?.value ?? 0n);
    if (this.#isCounterKept && (counted < confirmed || counted > confirmed + unknown))
      this.#judge.report(
        "counters",
        `the counter is ${counted} after ${confirmed} counts and ${unknown} of unknown outcome`,
      );
  }

  /** Tokens are left only of processes that died, or asked the store no more, and where its answer, or what was sent to give the token back, was lost. */
  #checkTokens(): void {
    for (const [key, { token, holder }] of this.#store.heldTokens()) {
      const process = this.#processes.find(({ nodeId }) => nodeId === holder);
      const lost = process?.link.lostOperations;
      if (
        lost === undefined ||
        process?.whole?.hasLeftStore === true ||
        ["lease", "fill", "renew", "release"].some((call) => lost.has(`${call} ${key}`))
      )
        continue;
      this.#judge.report("rest", `${holder} holds ${token} of ${key}, and loads nothing`);
    }
  }

  #fail(fault: Fault): void {
    this.#log(`fault ${JSON.stringify(fault)}`);
    const { nowMs } = this.#queue;
    if (fault.kind === "wipe") this.#lose(false, () => this.#store.wipe());
    else if (fault.kind === "failover") this.#lose(true, () => this.#store.failOver(fault.lostMs, fault.clockByMs));
    else if (fault.kind === "clock") this.#store.setClock(fault.byMs);
    else if (fault.kind === "link")
      this.#at(fault.node).link.impair(fault.ways, fault.effect, nowMs + fault.forMs, fault.byMs);
    else if (fault.kind === "mesh") this.#failMesh(fault);
    else if (fault.kind === "reset") this.#reset(this.#at(fault.node), fault.forMs);
    else if (fault.kind === "pause") this.#pause(this.#at(fault.node), fault.forMs);
    else if (fault.kind === "wall") this.#at(fault.node).wallLeadMs += fault.byMs;
    else {
      this.#at(fault.node).kill(fault.isSilent === true);
      this.#start(fault.node);
    }
  }

  #failMesh({ node, other, way, effect, forMs }: Extract<Fault, { readonly kind: "mesh" }>): void {
    const untilMs = this.#queue.nowMs + forMs;
    if (effect === "cut") this.#network.cut(node, other, untilMs);
    else this.#network.hold(node, other, way, untilMs);
  }

  #lose(isTableKept: boolean, change: () => void): void {
    this.#isCounterKept = false;
    this.#judge.storeLostWrites(isTableKept);
    change();
  }

  #reset(process: SimulatedProcess, forMs: number): void {
    const queue = this.#queue;
    queue.at(queue.nowMs, "feed", process, () => {
      process.link.reset();
      process.noteGap(false);
    });
    process.link.impair(["feed"], "drop", queue.nowMs + forMs);
    queue.at(queue.nowMs + forMs, "feed", process, () => process.noteGap(true));
  }

  #pause(process: SimulatedProcess, forMs: number): void {
    if (process.isPaused) return;
    process.isPaused = true;
    this.#queue.at(this.#queue.nowMs + forMs, "world", undefined, () => this.#queue.resume(process));
  }

  #start(place: number): void {
    this.#lifeCount += 1;
    const { seed, settings } = this.#schedule;
    this.#processes[place] = new SimulatedProcess({
      seed,
      place,
      life: this.#lifeCount,
      settings,
      queue: this.#queue,
      store: this.#store,
      history: this.#history,
      network: this.#network,
      middle: this.#middle,
      others: () => this.#processes,
      onEvent: this.#onEvent && ((text) => this.#log(text)),
    });
    this.#at(place)
      .open()
      .catch((error: unknown) => this.#take(error));
  }

  #at(place: number): SimulatedProcess {
    return this.#processes[place % this.#processes.length] as SimulatedProcess;
  }

  #log(text: string): void {
    this.#onEvent?.(this.#queue.nowMs, text);
  }

  #runUntil(untilMs: number): Promise<void> {
    return this.#queue.runUntil(untilMs, (error) => this.#take(error));
  }

  #take(error: unknown): void {
    if (error instanceof Error && EXPECTED_ERRORS.has(error.name)) return;
    this.#judge.report("error", describeError(error));
  }
}

/** Whether no call can take longer than somebody waits for it. */
function isStoreAnswering({ settings, steps }: Schedule): boolean {
  // What lies between takes time of its own.
  if (settings.middle !== "none") return false;
  const longestMs = 2 * (1 + Math.max(settings.rareDelayMs, settings.usualDelayMs));
  const waits = steps.map(({ action }) =>
    action.kind === "fetch" || action.kind === "fetch-multi"
      ? Math.min(action.softTimeoutMs, action.hardTimeoutMs / 2)
      : Number.POSITIVE_INFINITY,
  );
  const shortestMs = Math.min(settings.cacheDeadlineMs, settings.callDeadlineMs, ...waits);
  return longestMs < shortestMs && !steps.some(({ action }) => isFault(action));
}

/** The sources are a bundle, whose address is its text. */
function describeError(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.replace(/data:text\/javascript[^:)\s]*;base64,[A-Za-z0-9+/=]*/g, "bundle");
}
