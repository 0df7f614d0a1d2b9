import { setTimeout as delay } from "node:timers/promises";
import { spoil } from "./sabotage.ts";
import type { TierOrder, TierOrderResult, TierTask } from "./tier-task.ts";
import { WorkerCalls } from "./worker-calls.ts";

/** Between two looks at a copy. */
const LOOK_PAUSE_MS = 4;

/** Does what it is told, one thing as soon as it is told. What fails is logged, and no news. */
export class OrderedCalls {
  readonly #task: TierTask;
  #calls: WorkerCalls;
  #life: number;
  #restore: () => void = () => undefined;

  constructor(calls: WorkerCalls, task: TierTask) {
    this.#calls = calls;
    this.#task = task;
    this.#life = task.life;
  }

  /** Everything that happened until then is in the log when it resolves. */
  async obey(order: TierOrder): Promise<TierOrderResult> {
    const result = await this.#obey(order);
    this.#calls.log.flush();
    return result;
  }

  close(): Promise<void> {
    return this.#calls.close();
  }

  async #obey(order: TierOrder): Promise<TierOrderResult> {
    const calls = this.#calls;
    switch (order.do) {
      case "begin":
        await calls.close();
        this.#restore();
        this.#restore = spoil(order.sabotage);
        this.#life += 1;
        this.#calls = new WorkerCalls({ ...this.#task, sabotage: order.sabotage, life: this.#life });
        await this.#calls.root.ready();
        return {};
      case "write": {
        let receipt: TierOrderResult["receipt"];
        await calls.attempt(order.ack === "all" ? "set, acknowledged" : "set", async () => {
          receipt = await calls.write(order);
        });
        return { receipt };
      }
      case "read":
        await calls.attempt("getEntry", () => calls.readEntry(calls.cache, order.key, "getEntry"));
        return {};
      case "read after":
        await calls.attempt("getEntry", () => calls.readAfter(order.receipt));
        return {};
      case "watch":
        return { hasCopy: await watch(calls, order.key, order.ms) };
      case "increment":
        await calls.increment(order.key, false);
        await calls.attempt("getEntry", () => calls.readEntry(calls.counters, order.key, "getEntry"));
        return {};
    }
  }
}

/** Looks at a copy again and again. @returns whether it was there at last */
async function watch(calls: WorkerCalls, key: string, ms: number): Promise<boolean> {
  const endAt = calls.now() + ms * 1_000;
  for (;;) {
    const hasCopy = calls.peek(key);
    if (calls.now() >= endAt) return hasCopy;
    await delay(LOOK_PAUSE_MS);
  }
}
