import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { OwnerOrder } from "./owner-worker.ts";

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

type Question = OwnerOrder extends infer Order
  ? Order extends { readonly id: number }
    ? Omit<Order, "id">
    : never
  : never;

/** A process with a cache in it. `boundMs`: D; `extra`: what else its configuration says. */
export class OwnerProcess {
  readonly child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #count = 0;

  constructor(file: string, port: number, boundMs: number, peers: readonly string[], extra: object = {}) {
    const config = {
      ...{ backend: "memory", distributed: true, grpc: { port, peers } },
      consistency: { maxStaleness: boundMs },
      deadlines: { write: "5s" },
      ...extra,
    };
    this.child = fork(file, [JSON.stringify(config)], { execArgv: [] });
    this.child.once("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("The process is gone."));
      this.#waiting.clear();
    });
    this.child.on("message", (message) => {
      const { id, result, error } = message as Reply;
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error));
    });
  }

  /** Asks the process. Rejects with the code of its error, or when the process is gone. */
  ask<T>(question: Question): Promise<T> {
    this.#count += 1;
    const id = this.#count;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (value) => resolve(value as T), reject });
      this.child.send({ id, ...question }, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  /** Ends in order. */
  async close(): Promise<void> {
    const over = once(this.child, "exit");
    await this.ask({ kind: "close" }).catch(() => undefined);
    await over;
  }

  /** Ends at once. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const over = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await over;
  }
}
