import type { Cache } from "../../cache/cache.ts";
import type { LiveServer } from "./live-document.ts";

/** Servers come and go in a cluster; those that changed longest ago are forgotten beyond this. */
const MAX_SERVER_COUNT = 64;

/** What events told last of each server of a store: its connection and its breaker. */
export class ServerStates {
  readonly #wallMs: () => number;
  /** In the order of the latest change. */
  readonly #servers = new Map<string, LiveServer>();

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  /** Listens to a cache. @returns what stops it */
  listenTo(cache: Cache): () => void {
    const stops = [
      cache.on("connection", ({ backend, node, state }) => this.#change(backend, node, { connection: state })),
      cache.on("breaker", ({ backend, node, state }) => this.#change(backend, node, { breaker: state })),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Latest change first. */
  list(): readonly LiveServer[] {
    return [...this.#servers.values()].reverse();
  }

  #change(backend: string, node: string, change: Partial<Pick<LiveServer, "connection" | "breaker">>): void {
    const label = `${backend} ${node}`;
    const known = this.#servers.get(label) ?? { backend, node, connection: null, breaker: null };
    this.#servers.delete(label);
    this.#servers.set(label, { ...known, ...change, changedAt: this.#wallMs() });
    const [oldest] = this.#servers.keys();
    if (this.#servers.size > MAX_SERVER_COUNT && oldest !== undefined) this.#servers.delete(oldest);
  }
}
