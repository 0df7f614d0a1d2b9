import type { ServerResponse } from "node:http";

/** The requests that a node is answering, so that closing can wait for them. */
export class RunningRequests {
  readonly #responses = new Set<ServerResponse>();
  #isDraining = false;
  #onEmpty: (() => void) | undefined;

  /** Counts a request in until its answer has left or its client has gone. */
  add(response: ServerResponse): void {
    this.#responses.add(response);
    if (this.#isDraining) response.shouldKeepAlive = false;
    response.once("close", () => {
      this.#responses.delete(response);
      if (this.#responses.size === 0) this.#onEmpty?.();
    });
  }

  /** Waits until no request is running, at most `timeoutMs`. Connections end with their running answer from now on. */
  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    for (const response of this.#responses) {
      if (!response.headersSent) response.shouldKeepAlive = false;
    }
    if (this.#responses.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
