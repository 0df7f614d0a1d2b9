import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { microsSince } from "../fleet/fleet-event.ts";
import type { FaultProxy } from "../support/fault-proxy.ts";
import { type FleetWorker, startFleetWorker, tell } from "./fleet-worker.ts";
import { type ChangeEvent, joinHistory, type LoggedEvent, type TierHistory } from "./tier-event.ts";
import { readTierLog } from "./tier-log.ts";
import type { TierStore } from "./tier-store.ts";
import type { TierOrder, TierOrderResult } from "./tier-task.ts";

/** A process that does what it is told. */
export interface OrderedWorker {
  /** Its way to the store. */
  readonly link: FaultProxy;
  /** Its way to the middle tier, where there is one. */
  readonly middleLink: FaultProxy | undefined;
  do(order: TierOrder): Promise<TierOrderResult>;
}

/** Processes over one store that do what they are told. */
export interface OrderedFleet {
  readonly workers: readonly OrderedWorker[];
  /** Does something after which what the store had of these keys is gone. */
  wipe(keys: readonly string[], run: () => Promise<void>): Promise<void>;
  /** What happened so far, of what was ordered and is done. */
  history(): TierHistory;
  /** Ends all. */
  end(): void;
}

/** Starts some. All are ready when it resolves. */
export async function openOrderedFleet(file: string, store: TierStore, processCount: number): Promise<OrderedFleet> {
  const folder = mkdtempSync(join(tmpdir(), "gocachex-tier-orders-"));
  const originNs = process.hrtime.bigint();
  const indexes = Array.from({ length: processCount }, (_, index) => index);
  const logFiles = indexes.map((index) => join(folder, `${index}.jsonl`));
  const waiting = new Map<number, (result: TierOrderResult) => void>();
  const wipes: ChangeEvent[] = [];
  let nextId = 1;
  const started = indexes.map((index): FleetWorker => {
    const task = {
      ...{ process: index, life: 0, seed: index, keyCount: 0, sabotage: undefined },
      ...{ config: store.configOf(index), routes: store.links.routesOf(index) },
      ...{ originNs: String(originNs), logFile: logFiles[index] as string, isRedis: store.isRedis },
    };
    return startFleetWorker(file, task, (message) => {
      if (message.kind !== "done") return;
      waiting.get(message.id)?.(message.result);
      waiting.delete(message.id);
    });
  });
  await Promise.all(started.map(({ ready }) => ready));
  return {
    workers: started.map(({ child }, index) => ({
      link: store.links.groupsOf(index)[0]?.links[0] as FaultProxy,
      middleLink: store.links.groupsOf(index)[0]?.links[1],
      do: (order) => {
        const id = nextId;
        nextId += 1;
        const result = new Promise<TierOrderResult>((resolve) => waiting.set(id, resolve));
        tell(child, { kind: "order", id, order });
        return result;
      },
    })),
    wipe: async (keys, run) => {
      const from = microsSince(originNs);
      await run();
      const times = { process: -1, life: 0, id: wipes.length, from, to: microsSince(originNs) };
      const nothing = { values: undefined, ttlMs: undefined, version: undefined, isCoherent: false, result: undefined };
      wipes.push({ ...times, ...nothing, how: "wipe", keys });
    },
    history: () => {
      const lines: LoggedEvent[] = logFiles.flatMap((logFile) => readTierLog(logFile));
      const history = joinHistory(lines);
      return { ...history, changes: [...history.changes, ...wipes] };
    },
    end: () => {
      for (const { child } of started) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
