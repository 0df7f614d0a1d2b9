import process from "node:process";
import type { FleetEvent } from "./fleet-event.ts";
import type { SourceMessage, WorkerMessage } from "./fleet-message.ts";
import type { SourceChange } from "./fleet-source.ts";

const EVENTS_PER_MESSAGE = 500;

/** A worker's way to the source of truth, in the process that started it. */
export class SourceClient {
  readonly #waiting = new Map<number, (message: SourceMessage) => void>();
  #askCount = 0;
  #events: FleetEvent[] = [];

  /** Listens until {@link SourceClient.close}. @returns the common instant at which the run begins, in µs as all others */
  open(): Promise<number> {
    return new Promise((resolve) => {
      process.on("message", (message: SourceMessage) => {
        if (message.kind === "start") {
          resolve(message.at);
          return;
        }
        this.#waiting.get(message.id)?.(message);
        this.#waiting.delete(message.id);
      });
      this.#send({ kind: "ready" });
    });
  }

  async read(key: string): Promise<number> {
    const answer = await this.#ask((id) => ({ kind: "read", id, key }));
    return (answer as SourceMessage & { kind: "generation" }).generation;
  }

  /** Changes keys of the source. @returns what it is now, and a function that ends the change */
  async begin(keys: readonly string[], isExclusive: boolean): Promise<SourceChange & { end(): void }> {
    let changeId = 0;
    const answer = await this.#ask((id) => {
      changeId = id;
      return { kind: "begin", id, keys, isExclusive };
    });
    const { change } = answer as SourceMessage & { kind: "change" };
    return { ...change, end: () => this.#send({ kind: "end", id: changeId }) };
  }

  log(event: FleetEvent): void {
    this.#events.push(event);
    if (this.#events.length >= EVENTS_PER_MESSAGE) this.#flush();
  }

  surprise(text: string): void {
    this.#send({ kind: "surprise", text });
  }

  close(): void {
    this.#flush();
    this.#send({ kind: "done" });
    process.disconnect();
  }

  #flush(): void {
    this.#send({ kind: "events", events: this.#events });
    this.#events = [];
  }

  #ask(question: (id: number) => WorkerMessage): Promise<SourceMessage> {
    this.#askCount += 1;
    const id = this.#askCount;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#send(question(id));
    });
  }

  #send(message: WorkerMessage): void {
    process.send?.(message);
  }
}
