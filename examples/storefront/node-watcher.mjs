import { createHttpClient } from "./http-client.mjs";
import { pause } from "./pause.mjs";

const POLL_PAUSE_MS = 250;
const POLL_TIMEOUT_MS = 2_000;

/** Asks the node four times a second how its cache is doing, and keeps the last answers. */
export class NodeWatcher {
  /** @type {import("./snapshot.mjs").NodeStats | undefined} */
  stats;
  overtakenLoadCount = 0;
  #client;

  /** @param {string} origin */
  constructor(origin) {
    this.#client = createHttpClient(origin, { connectionCount: 2, timeoutMs: POLL_TIMEOUT_MS });
  }

  /** Polls until the signal is aborted, and tells after each poll. An answer that does not come leaves the last one standing. */
  async watch(signal, onPoll) {
    while (!signal.aborted) {
      await this.refresh();
      onPoll();
      await pause(POLL_PAUSE_MS, signal);
    }
  }

  /** Asks once. @returns {Promise<boolean>} whether the node answered */
  async refresh() {
    try {
      const [stats, shop] = await Promise.all([
        this.#client.json("GET", "/v1/stats"),
        this.#client.json("GET", "/app/metrics.json"),
      ]);
      this.stats = stats;
      this.overtakenLoadCount = shop.overtakenLoads;
      return true;
    } catch {
      return false;
    }
  }

  /** Closes its connections. */
  close() {
    this.#client.close();
  }
}
