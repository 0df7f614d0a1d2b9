import type { Greeting } from "./greet-server.ts";
import type { MemcachedSettings } from "./memcached-settings.ts";
import { isSameProcess, type SeenIdentity } from "./server-identity.ts";

/** What a client knows of its server over all connections: version, features, and which process it is. */
export class ServerKnowledge {
  #version: string | undefined;
  #features: Readonly<Record<string, boolean>> = Object.freeze({});
  #maxItemBytes: number | undefined;
  #seen: SeenIdentity | undefined;
  #aliveAt = Number.NEGATIVE_INFINITY;
  #incarnation = 0;
  #hasWarnedOfCredentials = false;

  get version(): string | undefined {
    return this.#version;
  }

  get features(): Readonly<Record<string, boolean>> {
    return this.#features;
  }

  get maxItemBytes(): number | undefined {
    return this.#maxItemBytes;
  }

  /** Grows whenever the server is not for certain the process that it was; 0 before the first connection. */
  get incarnation(): number {
    return this.#incarnation;
  }

  /** A request that was sent then has been answered. */
  serverLivedAt(aliveAt: number): void {
    this.#aliveAt = Math.max(this.#aliveAt, aliveAt);
  }

  /**
   * Takes what a new connection was told.
   *
   * @param nowMs the monotonic clock
   * @returns warnings, each told once
   */
  learn(greeting: Greeting, nowMs: number, settings: MemcachedSettings): readonly string[] {
    const { identity, features, version } = greeting;
    const isSame =
      this.#seen !== undefined && identity !== undefined && isSameProcess(this.#seen, identity, this.#aliveAt);
    if (!isSame) {
      this.#incarnation += 1;
      this.#aliveAt = Number.NEGATIVE_INFINITY;
      this.#seen = identity && { identity, seenAt: nowMs };
    }
    this.#version = version;
    if (features !== undefined) {
      this.#features = features.found;
      this.#maxItemBytes = features.maxItemBytes;
    }
    return this.#warnings(greeting, settings);
  }

  #warnings(greeting: Greeting, settings: MemcachedSettings): readonly string[] {
    if (settings.credentials === undefined || greeting.isAuthenticated || this.#hasWarnedOfCredentials) return [];
    this.#hasWarnedOfCredentials = true;
    return ["It demands no user, so the credentials were not sent. Anybody who reaches it can read and write."];
  }
}
