import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { type FleetEvent, microsSince } from "./fleet-event.ts";
import type { FleetTask, SourceMessage, WorkerMessage } from "./fleet-message.ts";
import { FleetSource } from "./fleet-source.ts";

/** How to run a fleet. */
export interface FleetRun extends Omit<FleetTask, "process" | "originNs"> {
  /** The bundled worker. */
  readonly file: string;
  readonly processCount: number;
}

/** What a fleet did. */
export interface FleetRecord {
  readonly events: readonly FleetEvent[];
  readonly surprises: readonly string[];
}

/** Between the moment when the last worker is ready and the common start. */
const START_AFTER_MICROS = 50_000;

/** Runs workers until their time is over. The source of truth is here, and the workers ask it by messages. */
export async function runFleet({ file, processCount, ...task }: FleetRun): Promise<FleetRecord> {
  const originNs = process.hrtime.bigint();
  const source = new FleetSource(originNs);
  const events: FleetEvent[] = [];
  const surprises: string[] = [];
  const workers = Array.from({ length: processCount }, (_, index) => {
    const own: FleetTask = { ...task, process: index, originNs: String(originNs), seed: task.seed + index };
    return fork(file, [JSON.stringify(own)], { execArgv: [] });
  });
  try {
    const ends = workers.map((worker, index) => followWorker(worker, index));
    await Promise.race([Promise.all(ends.map(({ ready }) => ready)), ...ends.map(({ done }) => done)]);
    const at = microsSince(originNs) + START_AFTER_MICROS;
    for (const worker of workers) tell(worker, { kind: "start", at });
    await Promise.all(ends.map(({ done }) => done));
  } finally {
    for (const worker of workers) worker.kill("SIGKILL");
  }
  return { events, surprises };

  function followWorker(worker: ChildProcess, index: number): { ready: Promise<void>; done: Promise<void> } {
    let isDone = false;
    const ready = new Promise<void>((resolve) => {
      worker.on("message", (message: WorkerMessage) => {
        if (message.kind === "ready") resolve();
        if (message.kind === "done") isDone = true;
        void receive(worker, index, message);
      });
    });
    const done = once(worker, "exit").then(([code]) => {
      if (!isDone) throw new Error(`Worker ${index} ended early, with exit code ${code}.`);
    });
    return { ready, done };
  }

  async function receive(worker: ChildProcess, index: number, message: WorkerMessage): Promise<void> {
    switch (message.kind) {
      case "read":
        tell(worker, { kind: "generation", id: message.id, generation: source.read(message.key) });
        break;
      case "begin": {
        const change = await source.begin(`${index}/${message.id}`, message.keys, message.isExclusive);
        tell(worker, { kind: "change", id: message.id, change });
        break;
      }
      case "end":
        source.end(`${index}/${message.id}`);
        break;
      case "events":
        for (const event of message.events) events.push(event);
        break;
      case "surprise":
        surprises.push(`process ${index}: ${message.text}`);
        break;
      default:
    }
  }
}

function tell(worker: ChildProcess, message: SourceMessage): void {
  if (worker.connected) worker.send(message);
}
