import type { CoherenceMessage, DirtyMessage, HeadedShard } from "./coherence-message.ts";
import type { CoherenceNodeParts, CoherenceNodeStatus, FoundVersion } from "./coherence-node-parts.ts";
import type { CopyProof } from "./copy-proof.ts";
import { FreshnessTable } from "./freshness-table.ts";
import { type FinishedProbe, ProbeCycle } from "./probe-cycle.ts";
import { NO_TAGS, UNKNOWN_AGE } from "./provable-copy.ts";
import { RevalidationCycle, UNPROVABLE } from "./revalidation-cycle.ts";
import { RunningWork, type WorkTicket } from "./running-work.ts";
import type { ShardStamp } from "./shard-stamp.ts";
import { StoredCopies } from "./stored-copies.ts";
import { StoredProofs } from "./stored-proofs.ts";
import type { RevalidatedCopy } from "./used-copies.ts";

/**
 * One process's view of what others do to the keys of a shared store: which of its copies may be served, and which answers may become copies. Knows no
 * socket and no store; sends nothing before a copy is used.
 *
 * The order of things is the caller's: {@link CoherenceNode.begin} before a question leaves, {@link CoherenceNode.keep} and the store of the copy in one
 * synchronous step, {@link CoherenceNode.end} in any case.
 */
export class CoherenceNode {
  readonly table: FreshnessTable;
  /** Copies that lie outside this process; `undefined`: there are none. */
  readonly stored: StoredCopies | undefined;
  readonly #parts: CoherenceNodeParts;
  readonly #work = new RunningWork();
  readonly #probes: ProbeCycle | undefined;
  readonly #proofs: StoredProofs | undefined;
  readonly #looks: RevalidationCycle | undefined;
  readonly #counts = { probes: 0, probeFailures: 0, epochChanges: 0, refusedCopies: 0 };
  #changedCount = 0;

  constructor(parts: CoherenceNodeParts) {
    this.#parts = parts;
    const { clock, scheduler, maxStalenessMs, tier, onProbed, logLength = 0 } = parts;
    this.table = new FreshnessTable(parts.shardCount, maxStalenessMs, tier !== undefined, logLength);
    if (logLength > 0) this.#proofs = new StoredProofs(this.table, maxStalenessMs);
    this.stored =
      this.#proofs &&
      new StoredCopies({
        ...{ proofs: this.#proofs, table: this.table, shardOf: parts.shardOf, clock },
        onAsked: (shard) => this.#probes?.touch(shard),
        onServed: (key, version) => this.#servedStored(key, version),
      });
    if (tier === undefined) {
      this.#looks = this.#createLooks(parts);
      return;
    }
    const probing = { table: this.table, clock, scheduler, maxStalenessMs, tier };
    this.#probes = new ProbeCycle({ ...probing, onProbed: (probe) => this.#take(probe, onProbed) });
  }

  /** D, in ms. */
  get maxStalenessMs(): number {
    return this.#parts.maxStalenessMs;
  }

  /** How many questions and changes are on their way. */
  get runningCount(): number {
    return this.#work.count;
  }

  /** Takes this node's place in the store's table, so that the first copies may be served. What fails is done again by the first probe. */
  async join(): Promise<void> {
    const { tier, clock } = this.#parts;
    if (tier === undefined) return;
    const sentAtMs = clock.monotonicMs();
    try {
      await tier.join();
      this.table.renewMembership(sentAtMs);
    } catch {
      // Without it nothing is served from here, and nothing is wrong.
    }
  }

  /** The node's monotonic clock, in ms: that of `sentAtMs` and `readAtMs`. */
  nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }

  /** What was counted, and how probes go. */
  status(): CoherenceNodeStatus {
    const cycle = this.#probes;
    const nowMs = this.nowMs();
    if (cycle === undefined) {
      // What is read is proven by its read, whether or not the store answers questions.
      const probeAgeMs = this.#looks?.answerAgeMs(nowMs);
      return { ...this.#counts, isProvable: true, probeAgeMs, repairs: this.#changedCount };
    }
    return {
      ...this.#counts,
      isProvable: cycle.unansweredMs(nowMs) <= this.#parts.maxStalenessMs,
      probeAgeMs: cycle.answerAgeMs(nowMs),
      repairs: cycle.repairCount,
    };
  }

  /** Whether the copy of a key may be served now. Also asks, in time, whether it still may be later. */
  isServable(key: string, copy: RevalidatedCopy): boolean {
    this.#probes?.touch(copy.shard);
    const isProven = this.table.isProven(copy, this.#parts.clock.monotonicMs());
    if (isProven) this.#looks?.touch(key, copy);
    return isProven;
  }

  /** To be called just before a question or a change of a key is sent. */
  begin(key: string): WorkTicket {
    const shard = this.#parts.shardOf(key);
    return this.#work.begin({
      key,
      shard,
      sentAtMs: this.#parts.clock.monotonicMs(),
      generation: this.table.generationOf(shard),
      seenHead: this.table.seenOf(shard),
      tagHead: this.table.tagHead,
      life: this.#looks?.lifeNumber() ?? UNPROVABLE,
    });
  }

  /** The other side of {@link CoherenceNode.begin}. */
  end(ticket: WorkTicket): void {
    this.#work.end(ticket);
  }

  /**
   * Whether the answer to a read may become a copy, and its proof. `undefined`: something newer was heard of, or the shard's data is another.
   *
   * @param stamp of the moment of the read; `undefined` where the store has none
   * @param found version and tags of the entry
   */
  keep(ticket: WorkTicket, stamp: ShardStamp | undefined, found: FoundVersion): CopyProof | undefined {
    const { key, shard, generation, seenHead } = ticket;
    const isSameLife = generation === this.table.generationOf(shard);
    if (isSameLife && stamp !== undefined && !this.table.admit(stamp, seenHead)) {
      this.#counts.epochChanges += 1;
      this.#parts.sink.dropAll();
      return undefined;
    }
    // A read that began in another life of the store may have its answer from either.
    const life = ticket.life === this.#looks?.lifeNumber() ? ticket.life : UNPROVABLE;
    const proof = isSameLife ? this.#keepAt(ticket, stamp?.head ?? found.version, found.tags, life) : undefined;
    // Nothing newer was heard of since the question was sent, so a copy with a larger version is of another server, or of data that was lost.
    if (proof !== undefined && this.#probes === undefined) {
      this.#parts.sink.dropOlder(key, Number.POSITIVE_INFINITY);
    }
    this.#outdate(key, stamp, found);
    return proof;
  }

  /** As {@link CoherenceNode.keep}, for what this process wrote itself: its version is the head that it was given. */
  keepWritten(ticket: WorkTicket, version: number, tags: readonly string[]): CopyProof | undefined {
    if (ticket.generation !== this.table.generationOf(ticket.shard)) return undefined;
    // The store knows what it read out; of a write it may not know whether a clear or an invalidation came between its look at the marks and its arrival.
    return this.#keepAt(ticket, version, tags, UNPROVABLE);
  }

  /** A copy that lies outside this process was served. As with an answer of the store: who has seen it must not be served something older. */
  #servedStored(key: string, version: number): void {
    this.#work.noteChange(key, version);
    this.#parts.sink.dropOlder(key, version);
  }

  /**
   * What this process wrote was given a version. To be called in place of {@link CoherenceNode.changed}, before its own copy is kept.
   *
   * Nothing that was asked for before says how it stands to this write, whatever its version: a server that takes over may have lost it, and give out smaller ones after it. So the copy
   * there is ends, and what else is on its way for the key is not kept, other writes of this process too: of two that overlap none leaves a copy once both are answered. A version that
   * is not above what was seen when the write was sent shows such a loss: then all copies end. Not where the store has no heads: there versions of other keys may be another server's.
   */
  wrote(ticket: WorkTicket, version: number): void {
    const { key, shard, generation, seenHead } = ticket;
    if (this.#probes !== undefined && version <= seenHead && generation === this.table.generationOf(shard)) {
      this.table.loseData(shard, version);
      this.#parts.sink.dropAll();
    }
    this.#work.voidOthers(ticket);
    this.#work.noteChange(key, version);
    // A store that has lost it shows a lower head: without this a copy of it would be proven by the heads of data that never had it.
    this.table.hear(shard, version);
    this.#parts.sink.dropOlder(key, Number.POSITIVE_INFINITY);
    this.#noteStored(key, undefined);
  }

  /** A key was changed: what is on its way and older may not be kept. `version`: `undefined` when the store did not say, or did not answer. */
  changed(key: string, version: number | undefined): void {
    this.#end(key, version);
    this.#noteStored(key, version);
  }

  #end(key: string, version: number | undefined): void {
    if (version === undefined) {
      this.#work.voidKey(key);
    } else {
      this.#work.noteChange(key, version);
      this.table.hear(this.#parts.shardOf(key), version);
    }
    this.#parts.sink.dropOlder(key, version ?? Number.POSITIVE_INFINITY);
  }

  #noteStored(key: string, version: number | undefined): void {
    this.#proofs?.noteKey(key, this.#parts.shardOf(key), version ?? Number.POSITIVE_INFINITY, this.nowMs());
  }

  /** Tags were invalidated, here or elsewhere. */
  invalidated(tags: readonly string[]): void {
    this.#endTags(tags);
    this.#proofs?.noteTags(tags, this.nowMs());
  }

  #endTags(tags: readonly string[]): void {
    this.#work.noteTags(tags);
    this.#parts.sink.dropTags(tags);
  }

  /** A namespace was cleared, here or elsewhere. */
  cleared(path: string): void {
    this.#endNamespace(path);
    this.#proofs?.noteAll(this.nowMs());
  }

  #endNamespace(path: string): void {
    this.#work.noteClear((key) => this.#parts.isWithin(key, path));
    this.#parts.sink.dropNamespace(path);
  }

  /** Takes what another node, or the store, tells of changes. Acks are not its matter. */
  receive(message: CoherenceMessage): void {
    if (message.kind === "change") {
      const { key, version, previousHead } = message;
      this.#end(key, version);
      if (version !== undefined) this.#apply(this.#parts.shardOf(key), previousHead, version, [key]);
      this.#noteStored(key, version);
    } else if (message.kind === "tags") {
      const { number, previousNumber, tags } = message;
      this.#endTags(tags);
      if (number !== undefined) this.#apply(this.table.shardCount, previousNumber, number, tags);
      if (number === undefined || number > this.table.tagHead) this.#proofs?.noteTags(tags, this.nowMs());
    } else if (message.kind === "clear") {
      this.#receiveClear(message);
    } else if (message.kind === "dirty") {
      this.#doubt(message);
    } else if (message.kind === "unknown") {
      this.flush();
    }
  }

  #receiveClear({ path, heads }: Extract<CoherenceMessage, { kind: "clear" }>): void {
    this.#endNamespace(path);
    for (const { shard, previousHead, version } of heads) this.#apply(shard, previousHead, version);
    const isApplied = heads.length > 0 && heads.every(({ shard, version }) => version <= this.table.appliedOf(shard));
    if (!isApplied) this.#proofs?.noteAll(this.nowMs());
  }

  /** The shard of a key, for messages; `undefined` where the store has no heads. */
  homeOf(key: string): HeadedShard | undefined {
    const shard = this.#parts.shardOf(key);
    return this.#parts.tier && { shard, shardCount: this.table.shardCount };
  }

  /** Messages may have been missed. Nothing is dropped: what cannot be proven lapses, and the next probe comes at once. */
  noteGap(): void {
    this.#probes?.hurry();
    this.#looks?.hurry();
  }

  /** Ends all copies, and keeps nothing that is on its way. */
  flush(): void {
    this.table.forgetAll();
    this.#work.voidAll();
    this.#parts.sink.dropAll();
  }

  /** Ends the probes. */
  close(): void {
    this.#probes?.close();
    this.#looks?.close();
  }

  #doubt({ shardCount, shards }: DirtyMessage): void {
    // Of a sender whose keys fall into other shards nobody knows which are meant.
    if (shardCount !== this.table.shardCount || shards.some(({ shard }) => shard >= shardCount)) {
      this.flush();
      return;
    }
    for (const { shard, head } of shards) {
      this.#work.noteShard(shard, head);
      this.table.doubt(shard, head, this.nowMs());
    }
    this.#proofs?.noteAll(this.nowMs());
  }

  /** @param names what was changed; `undefined`: anything */
  #apply(shard: number, previousHead: number | undefined, version: number, names?: readonly string[]): void {
    // Without heads there are no chains: what is told may be of many servers, each with its own.
    if (this.#probes === undefined) return;
    // Copies of another life are never served; ending them gives their memory back.
    if (!this.table.applyChange(shard, previousHead, version, names)) this.#parts.sink.dropAll();
  }

  #createLooks({
    revalidation: store,
    clock,
    scheduler,
    maxStalenessMs,
    sink,
    onLook,
  }: CoherenceNodeParts): RevalidationCycle | undefined {
    if (store === undefined) return undefined;
    return new RevalidationCycle({
      ...{ store, clock, scheduler, maxStalenessMs },
      begin: (key) => this.begin(key),
      end: (ticket) => this.end(ticket),
      isStanding: (ticket, { head, tags }) =>
        ticket.generation === this.table.generationOf(ticket.shard) && this.#work.isKeepable(ticket, head, tags),
      holds: (key, copy) => sink.holdsCopy(key, copy),
      drop: (key, copy) => sink.dropCopy(key, copy),
      onLook: (look) => {
        if (look.isAnswered) this.#counts.probes += 1;
        else this.#counts.probeFailures += 1;
        this.#changedCount += look.changedCopies;
        onLook?.(look);
      },
    });
  }

  #keepAt(ticket: WorkTicket, head: number, tags: readonly string[], life: number): CopyProof | undefined {
    if (!this.#work.isKeepable(ticket, head, tags)) {
      this.#counts.refusedCopies += 1;
      return undefined;
    }
    const { shard, generation, sentAtMs, tagHead } = ticket;
    // Who has copies will read them. Each is asked for alone where there are no heads, so there that has to show first.
    this.#probes?.touch(shard);
    return {
      shard,
      head: this.#probes === undefined ? head : this.table.placeHead(shard, head),
      generation,
      readAtMs: sentAtMs,
      tagHead: tags.length === 0 ? NO_TAGS : tagHead,
      life,
      age: UNKNOWN_AGE,
      tagAge: UNKNOWN_AGE,
    };
  }

  /**
   * What an answer shows its caller outdates the copy there is and other answers on their way, whether or not it becomes a copy itself: or who has seen it would be served
   * something older afterwards.
   */
  #outdate(key: string, stamp: ShardStamp | undefined, { version }: FoundVersion): void {
    // An absence has no version, and may have begun without a change of the head: by an end of time or of a tag. Whatever it is that stands there later has a larger head.
    if (version > 0) this.#work.noteChange(key, version);
    else if (stamp !== undefined) this.#work.noteChange(key, stamp.head + 1);
    else this.#work.voidKey(key);
    this.#noteStored(key, version > 0 ? version : stamp && stamp.head + 1);
    if (version > 0) this.#parts.sink.dropOlder(key, version);
  }

  #take(probe: FinishedProbe, onProbed: CoherenceNodeParts["onProbed"]): void {
    const counts = this.#counts;
    if (probe.isAnswered) counts.probes += 1;
    else counts.probeFailures += 1;
    counts.epochChanges += probe.renewed.length + (probe.isTagClockLost ? 1 : 0);
    // Copies of another life are never served; ending them gives their memory back.
    if (probe.renewed.length > 0 || probe.isTagClockLost) this.#parts.sink.dropAll();
    onProbed?.(probe);
  }
}
