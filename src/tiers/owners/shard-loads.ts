import type { Clock } from "../../foundation/clock.ts";

/** The right to load a key, as its owner remembers it. */
export interface OwnedToken {
  readonly id: string;
  /** Version counter when it was given out: tags that were invalidated since have larger numbers. */
  readonly stamp: number;
  /** Monotonic instant at which others may have it, in ms. */
  readonly endsAtMs: number;
}

/** Refreshes that run, and tokens, are forgotten from the oldest on beyond so many of each: then a fill is refused, or one more refreshes. */
const MAX_COUNT = 65_536;

/** The loads of the keys that a node owns. Whatever happens to a key ends its token. */
export class ShardLoads {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #tokens = new Map<string, OwnedToken>();
  readonly #claims = new Map<string, { readonly version: number; readonly endsAtMs: number }>();

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** Who loads a key; also who takes too long and was not taken over. */
  find(key: string): OwnedToken | undefined {
    return this.#tokens.get(key);
  }

  /** For how long, in ms, others have to wait for a key; 0: not at all. */
  remainingMs(key: string): number {
    const token = this.#tokens.get(key);
    return token === undefined ? 0 : Math.max(0, token.endsAtMs - this.#clock.monotonicMs());
  }

  /** Gives the right to load, and takes it from who had it. */
  give(key: string, id: string, stamp: number, tokenMs: number): void {
    this.#tokens.delete(key);
    forgetOldest(this.#tokens);
    this.#tokens.set(key, { id, stamp, endsAtMs: this.#clock.monotonicMs() + tokenMs });
  }

  /** Ends the right to load a key. @returns whether somebody had it */
  void(key: string): boolean {
    this.#claims.delete(key);
    return this.#tokens.delete(key);
  }

  /** Ends the right to load the keys that are covered. O(tokens) @returns the keys */
  voidAll(covers: (key: string) => boolean): readonly string[] {
    for (const key of this.#claims.keys()) if (covers(key)) this.#claims.delete(key);
    const ended = [...this.#tokens.keys()].filter(covers);
    for (const key of ended) this.#tokens.delete(key);
    return ended;
  }

  /** Gives one caller the leave to refresh a version. */
  claim(key: string, version: number, claimMs: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    const held = this.#claims.get(key);
    if (held !== undefined && held.version === version && held.endsAtMs > nowMs) return false;
    this.#claims.delete(key);
    forgetOldest(this.#claims);
    this.#claims.set(key, { version, endsAtMs: nowMs + claimMs });
    return true;
  }

  /** Takes it back. */
  unclaim(key: string, version: number): boolean {
    return this.#claims.get(key)?.version === version && this.#claims.delete(key);
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size < MAX_COUNT) return;
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
