import type { Clock } from "../foundation/clock.ts";
import type { CopyProof } from "./copy-proof.ts";
import type { FreshnessTable } from "./freshness-table.ts";
import { NO_TAGS, UNKNOWN_AGE } from "./provable-copy.ts";
import { UNPROVABLE } from "./revalidation-cycle.ts";
import type { WorkTicket } from "./running-work.ts";
import type { StoredCopy, StoredProofs, StoredStamp } from "./stored-proofs.ts";

/** What copies outside the process are made of. */
export interface StoredCopiesParts {
  readonly proofs: StoredProofs;
  readonly table: FreshnessTable;
  readonly shardOf: (key: string) => number;
  readonly clock: Clock;
  /** Somebody wants to read copies of a shard. */
  readonly onAsked: (shard: number) => void;
  /** A copy was served, in this step. */
  readonly onServed: (key: string, version: number) => void;
}

/** Copies that lie outside this process, as the node sees them: which may be served, and what a new one has to say. */
export class StoredCopies {
  readonly #parts: StoredCopiesParts;

  constructor(parts: StoredCopiesParts) {
    this.#parts = parts;
  }

  /** Whether a copy of this key could be proven now, if it is young enough: if not, it need not be asked for. Also asks, in time, whether it could be later. */
  mayProve(key: string): boolean {
    const { shardOf, onAsked, table } = this.#parts;
    const shard = shardOf(key);
    onAsked(shard);
    return table.provenAtMs(shard, this.#nowMs()) !== undefined;
  }

  /** Up to which version every change of a key's shard is known; 0: nothing is. */
  appliedOf(key: string): number {
    const { shardOf, table } = this.#parts;
    return table.appliedOf(shardOf(key));
  }

  /** Whether a copy could be served now, if its value were here. */
  isCurrent(key: string, copy: StoredCopy): boolean {
    const { proofs, shardOf } = this.#parts;
    return proofs.provenAtMs(key, shardOf(key), copy, this.#nowMs()) !== undefined;
  }

  /**
   * Whether a copy may be served now, and become a copy here, with its proof: that of an answer of the moment in which the shard was last proven. To be called in one synchronous step with both. Needs no ticket:
   * all that was heard of while the copy was on its way is known of its key.
   */
  prove(key: string, copy: StoredCopy): CopyProof | undefined {
    const { proofs, shardOf, table, onServed } = this.#parts;
    const { tags, version } = copy;
    const shard = shardOf(key);
    const readAtMs = proofs.provenAtMs(key, shard, copy, this.#nowMs());
    if (readAtMs === undefined) return undefined;
    onServed(key, version);
    return {
      shard,
      // Nothing happened to it up to here, so it is what a read of this head would have found.
      head: table.appliedOf(shard),
      generation: table.generationOf(shard),
      readAtMs,
      tagHead: tags.length === 0 ? NO_TAGS : table.tagHead,
      age: UNKNOWN_AGE,
      tagAge: UNKNOWN_AGE,
      life: UNPROVABLE,
    };
  }

  /**
   * What a copy of an answer has to say when it is put outside this process; `undefined`: nobody could prove it.
   *
   * @param head of the answer, or the version of what this process wrote
   * @param epoch of the answer; `undefined`: that of the shard as it is known
   */
  stamp(
    { shard, generation, tagHead }: WorkTicket,
    head: number,
    epoch: string | undefined,
    tags: readonly string[],
  ): StoredStamp | undefined {
    const { table } = this.#parts;
    const known = epoch ?? table.epochOf(shard);
    if (known === undefined || generation !== table.generationOf(shard)) return undefined;
    if (tags.length === 0) return { epoch: known, head, tagHead: 0 };
    return tagHead === 0 ? undefined : { epoch: known, head, tagHead };
  }

  /** The stamp of a copy that was proven just now. */
  restamp({ shard }: CopyProof, { epoch, tags }: StoredCopy): StoredStamp {
    const { table } = this.#parts;
    return { epoch, head: table.appliedOf(shard), tagHead: tags.length === 0 ? 0 : table.tagHead };
  }

  /** Whether a copy will soon be older than all that is known of its shard. */
  isAging({ shard }: CopyProof, copy: StoredCopy): boolean {
    return this.#parts.proofs.isAging(shard, copy);
  }

  #nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }
}
