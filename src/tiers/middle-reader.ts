import type { OperationContext, TierUsage } from "../backend/backend.ts";
import type { NodeReport } from "../backend/backend-report.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";
import type { CopyProof } from "../coherence/copy-proof.ts";
import type { StoredCopies } from "../coherence/stored-copies.ts";
import type { StoredStamp } from "../coherence/stored-proofs.ts";
import type { Clock } from "../foundation/clock.ts";
import type { MiddleCopy } from "./middle-copy.ts";
import type { MiddleTier } from "./middle-tier.ts";
import type { NearCopies } from "./near-copies.ts";
import type { ServerClock } from "./server-clock.ts";

/** What reads of middle tiers are made of. */
export interface MiddleReaderParts {
  /** Nearest first; at least one. */
  readonly tiers: readonly MiddleTier[];
  /** What may be served of what lies there. */
  readonly stored: StoredCopies;
  readonly copies: NearCopies;
  readonly serverClock: ServerClock;
  readonly clock: Clock;
  /** How far the shared store's clock is ahead of this process's, in ms, for a key; `undefined`: nobody knows. */
  readonly clockLeadMs: ((key: string) => number) | undefined;
  /** Names the incarnation of the shared store's data, as receipts do. */
  readonly epoch: () => string;
}

/** What was read from the middle tiers. */
export interface MiddleFindings {
  /** In the order of the keys. */
  readonly entries: (StoredEntry | undefined)[];
  /** Keys of which a copy was found that could not be proven. */
  readonly unproven: ReadonlySet<string>;
}

/** An entry that was read or written, for a copy of it in the middle tiers. */
export interface MiddleEntry {
  readonly value: unknown;
  readonly version: number;
  readonly tags: readonly string[];
  /** What is left of its time, in ms. */
  readonly remainingMs: number;
}

/**
 * Reads of the tiers between the copies of this process and the shared store, and what is put there.
 *
 * ```text
 * key ─▶ was its shard proven within the bound? ── no ─▶ the shared store
 *                    │ yes
 *                    ▼
 *               middle tier ─▶ value ─▶ one synchronous step: same life? head on the chain? nothing heard of the key and its tags since? not over?
 *                                                       └─ all yes ─▶ served, and a copy here                └─ else the next tier
 * ```
 *
 * A copy that is served is as good as an answer of the shared store from when its shard was last proven. One that soon nobody could prove any more is put again, with where the shard stands now.
 */
export class MiddleReader {
  readonly #parts: MiddleReaderParts;

  constructor(parts: MiddleReaderParts) {
    this.#parts = parts;
  }

  /** Begins to connect the tiers, in the background. */
  open(): void {
    for (const tier of this.#parts.tiers) tier.open();
  }

  /** Drains what waits, and frees what the tiers hold. */
  async close(): Promise<void> {
    await Promise.all(this.#parts.tiers.map((tier) => tier.close()));
  }

  /** What each tier holds. */
  usages(): readonly TierUsage[] {
    return this.#parts.tiers.map((tier) => tier.usage());
  }

  /** How each tier is. Never rejects. */
  async report(): Promise<readonly NodeReport[]> {
    return (await Promise.all(this.#parts.tiers.map((tier) => tier.report()))).flat();
  }

  /** The entries that the tiers have and this process can prove. One round trip for each tier that is asked. Never rejects. */
  async find(keys: readonly string[], context: OperationContext): Promise<MiddleFindings> {
    const { stored, tiers } = this.#parts;
    const entries: (StoredEntry | undefined)[] = new Array(keys.length).fill(undefined);
    const unproven = new Set<string>();
    let missing = keys.flatMap((key, index) => (stored.mayProve(key) ? [index] : []));
    if (missing.length === 0) return { entries, unproven };
    for (const [place, tier] of tiers.entries()) {
      const asked = missing.map((index) => keys[index] as string);
      const copies = await tier.find(asked, context.signal);
      const served = await Promise.all(
        asked.map(async (key, at) => {
          const copy = copies[at];
          const entry = copy && (await this.#serve(place, key, copy, context));
          if (copy !== undefined && entry === undefined) unproven.add(key);
          return entry;
        }),
      );
      for (const [at, index] of missing.entries()) entries[index] = served[at];
      missing = missing.filter((_, at) => served[at] === undefined);
      if (missing.length === 0) break;
    }
    return { entries, unproven };
  }

  /** Puts a copy of what the shared store answered, or was given. `stamp`: `undefined` when nobody could prove it. */
  keep(key: string, entry: MiddleEntry, stamp: StoredStamp | undefined, isWritten: boolean): void {
    const tiers = this.#parts.tiers.filter((tier) => tier.keepsWrites || !isWritten);
    if (isWritten) for (const tier of this.#parts.tiers) if (!tiers.includes(tier)) tier.drop(key);
    const serverEndAt = this.#serverEndOf(key, entry.remainingMs);
    if (stamp === undefined || serverEndAt === undefined) {
      for (const tier of tiers) tier.drop(key);
      return;
    }
    const { version, tags, value, remainingMs } = entry;
    if (remainingMs <= 0) return;
    for (const tier of tiers) tier.put(key, { ...stamp, version, tags, serverEndAt }, value, remainingMs);
  }

  /** Ends the copies of a key, to give their room back. Nothing depends on it. */
  drop(key: string): void {
    for (const tier of this.#parts.tiers) tier.drop(key);
  }

  async #serve(
    place: number,
    key: string,
    copy: MiddleCopy,
    context: OperationContext,
  ): Promise<StoredEntry | undefined> {
    const tier = this.#parts.tiers[place] as MiddleTier;
    // Bytes of a copy that cannot be served are not worth reading.
    const { stored } = this.#parts;
    if (this.#isLate(key, context) || this.#remainingOf(key, copy) <= 0 || !stored.isCurrent(key, copy)) {
      tier.note("unproven");
      return undefined;
    }
    try {
      const decoded = tier.decode(key, copy);
      const value = decoded instanceof Promise ? await decoded : decoded;
      const entry = this.#accept(place, key, copy, value);
      tier.note(entry === undefined ? "unproven" : "hits");
      return entry;
    } catch {
      tier.note("unproven");
      return undefined;
    }
  }

  /** Proves a copy, keeps it here, and hands it out. One synchronous step. */
  #accept(place: number, key: string, copy: MiddleCopy, value: unknown): StoredEntry | undefined {
    const { stored, copies, serverClock, tiers } = this.#parts;
    const remainingMs = this.#remainingOf(key, copy);
    const proof = remainingMs > 0 ? stored.prove(key, copy) : undefined;
    if (proof === undefined) return undefined;
    const { version, tags } = copy;
    const entry = { value, version, tags, expiresAt: serverClock.nowMs() + remainingMs };
    copies.keep(key, entry, proof);
    this.#spread(place, key, copy, { ...entry, remainingMs }, proof);
    return { ...entry, tier: (tiers[place] as MiddleTier).name };
  }

  /** Into the tiers in front; and into this one again, before nobody can prove the copy any more. */
  #spread(place: number, key: string, copy: MiddleCopy, entry: MiddleEntry, proof: CopyProof): void {
    const { stored, tiers } = this.#parts;
    const isAging = stored.isAging(proof, copy);
    if (place === 0 && !isAging) return;
    const stamped = { ...copy, ...stored.restamp(proof, copy) };
    for (const tier of tiers.slice(0, place)) tier.put(key, stamped, entry.value, entry.remainingMs);
    if (isAging) tiers[place]?.putAgain(key, stamped, entry.remainingMs);
  }

  /** What is left of the time of a copy's entry, in ms. A clock that is behind is corrected by what the store has said. */
  #remainingOf(key: string, { serverEndAt }: MiddleCopy): number {
    const { serverClock, clockLeadMs } = this.#parts;
    return serverEndAt - (clockLeadMs?.(key) ?? 0) - serverClock.nowMs();
  }

  #serverEndOf(key: string, remainingMs: number): number | undefined {
    const { clock, clockLeadMs } = this.#parts;
    if (remainingMs === Number.POSITIVE_INFINITY) return remainingMs;
    return clockLeadMs && clock.wallMs() + clockLeadMs(key) + remainingMs;
  }

  /** Whether a caller knows something to be committed that this process cannot prove a copy to hold: it has not followed the shard that far. */
  #isLate(key: string, { notBefore }: OperationContext): boolean {
    if (notBefore === undefined) return false;
    const { stored, epoch } = this.#parts;
    return notBefore.epoch !== epoch() || notBefore.version === 0 || stored.appliedOf(key) < notBefore.version;
  }
}
