import type { ServerResponse } from "node:http";
import type { Connections } from "./connections.ts";
import { HttpProblem } from "./problem.ts";

const IS_ADMITTED: unique symbol = Symbol("is admitted");

interface TrackedResponse extends ServerResponse {
  [IS_ADMITTED]?: true;
}

/** The requests that a node is answering: closing waits for them, and there may only be so many at a time. */
export class RunningRequests {
  readonly #maxCount: number;
  readonly #connections: Connections;
  readonly #onClose: (this: TrackedResponse) => void;
  #runningCount = 0;
  #admittedCount = 0;
  #isDraining = false;
  #onEmpty: (() => void) | undefined;

  /** @param maxCount most requests that are carried out at a time */
  constructor(maxCount: number, connections: Connections) {
    this.#maxCount = maxCount;
    this.#connections = connections;
    const leave = (response: TrackedResponse): void => this.#leave(response);
    // One function for all responses: to make one for each costs more than what it does.
    this.#onClose = function onClose() {
      leave(this);
    };
  }

  /** Requests that are carried out now. */
  get admittedCount(): number {
    return this.#admittedCount;
  }

  /** Counts a request in until its answer has left or its client has gone. */
  add(response: ServerResponse): void {
    this.#runningCount += 1;
    this.#connections.use(response.req.socket, response);
    if (this.#isDraining) response.shouldKeepAlive = false;
    response.on("close", this.#onClose);
  }

  /**
   * Lets a request be carried out.
   *
   * @throws HttpProblem 503 with `Retry-After` when too many are
   */
  admit(response: TrackedResponse): void {
    if (this.#admittedCount >= this.#maxCount) {
      throw new HttpProblem(
        503,
        `The node carries out ${this.#maxCount} requests already (its maxRunningRequests). Try again in a moment.`,
        { "Retry-After": "1" },
      );
    }
    // A client that left while its body came in has no close to come that would take it out again.
    if (response.destroyed) return;
    response[IS_ADMITTED] = true;
    this.#admittedCount += 1;
  }

  /** Waits until no request is running, at most `timeoutMs`. Connections end with their running answer from now on. */
  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    this.#connections.endAfterAnswer();
    if (this.#runningCount === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #leave(response: TrackedResponse): void {
    this.#runningCount -= 1;
    if (response[IS_ADMITTED] === true) this.#admittedCount -= 1;
    this.#connections.rest(response.req.socket);
    if (this.#runningCount === 0) this.#onEmpty?.();
  }
}
