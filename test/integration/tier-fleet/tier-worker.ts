import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import type { Cache } from "../../../src/cache/cache.ts";
import { RandomCalls } from "./random-calls.ts";
import { rerouteConnections } from "./reroute.ts";
import { spoil } from "./sabotage.ts";
import { TIER_COUNTERS, type TierParentMessage, type TierTask, type TierWorkerMessage, tierKeys } from "./tier-task.ts";
import { WorkerCalls } from "./worker-calls.ts";
import { OrderedCalls } from "./worker-orders.ts";

const HEARTBEAT_MS = 20;
/** A heartbeat that is later than this is a stall. */
const STALL_MS = 60;
const REST_ATTEMPTS = 25;
const REST_PAUSE_MS = 200;
const BOOT_ATTEMPTS = 30;

type Times = Extract<TierParentMessage, { kind: "times" }>;

const task = JSON.parse(process.argv[2] as string) as TierTask;
spoil(task.sabotage);
rerouteConnections(task.routes);
const calls = new WorkerCalls(task);
const { root, cache, counters, log, now, actor } = calls;
const ordered = new OrderedCalls(calls, task);
const byItself = new RandomCalls(calls, task, send);

function send(message: TierWorkerMessage): void {
  if (process.connected) process.send?.(message);
}

function isUp(): Promise<boolean> {
  return root.ready().then(
    () => true,
    () => false,
  );
}

/** Reads everything when all is quiet. */
async function readAtRest(view: Cache, name: string): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await calls.readEntry(view, name, "rest");
    } catch (error) {
      if (tried === REST_ATTEMPTS) throw error;
      await delay(REST_PAUSE_MS);
    }
  }
}

async function runByItself({ endAt, settleAt }: Times): Promise<void> {
  await byItself.run(endAt);
  await delay(Math.max(0, (settleAt - now()) / 1_000));
  for (const { name } of tierKeys(task.keyCount)) await readAtRest(cache, name);
  for (const name of TIER_COUNTERS) await readAtRest(counters, name);
}

function tellFigures(): void {
  const { coherence } = root.stats();
  if (coherence === undefined) return;
  const { probes, probeFailures, repairs, epochChanges, refusedCopies, gaps, messagesReceived } = coherence;
  const peers = coherence.peers.filter(({ state }) => state === "connected").length;
  const figures = { probes, probeFailures, repairs, epochChanges, refusedCopies, gaps, messagesReceived, peers };
  send({ kind: "figures", figures });
}

const told = new Promise<Times>((resolve) => {
  process.on("message", (message: TierParentMessage) => {
    if (message.kind === "times") resolve(message);
    else if (message.kind === "receipt") byItself.take(message.receipt);
    else void ordered.obey(message.order).then((result) => send({ kind: "done", id: message.id, result }));
  });
});
process.once("disconnect", () => process.exit(1));

let beatAt = now();
const heartbeat = setInterval(() => {
  const from = beatAt;
  beatAt = now();
  if (beatAt - from > STALL_MS * 1_000) log.write({ kind: "stall", ...actor, from, to: beatAt });
}, HEARTBEAT_MS);

// Who is started anew may find its store away: its calls say so.
const boots = task.life === 0 ? BOOT_ATTEMPTS : 1;
for (let tried = 0; tried < boots && !(await isUp()); tried += 1);
send({ kind: "ready" });
// Who only does what it is told waits here until it is killed.
await runByItself(await told);
tellFigures();
clearInterval(heartbeat);
await ordered.close();
process.removeAllListeners("disconnect");
process.disconnect();
