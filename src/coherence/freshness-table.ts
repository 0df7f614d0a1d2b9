import type { ChangeLog } from "./change-log.ts";
import { EarlyChanges } from "./early-changes.ts";
import type { ProbeFindings } from "./probe-findings.ts";
import { NO_TAG_AGE, NO_TAGS, type ProvableCopy } from "./provable-copy.ts";
import { ShardChain } from "./shard-chain.ts";
import { ShardDoubts } from "./shard-doubts.ts";
import type { ShardStamp } from "./shard-stamp.ts";

const NEVER = Number.NEGATIVE_INFINITY;

/**
 * What is known about the shards of a shared store, and what that proves about copies in this process. Pure bookkeeping.
 *
 * Every change of a shard has a version larger than the shard's head before, and becomes its head. What is told of a change names both, so changes form a
 * chain, in whatever order they are heard of:
 *
 * ```text
 * floor ……… applied ──▶ (heard of, not yet connected) ………… head of the server
 *   │          └─ every change from the floor up to here was applied to the copies
 *   └─ copies whose head is below were there before something that nobody told of: this table proves nothing about them
 * ```
 *
 * A probe asks for the head. If it is not above `applied`, every copy from the floor on was current in the moment when the probe was sent; else changes are on their
 * way, or were lost: then the floor rises to the head. Tags have a clock of their own, which is one more place of the table.
 */
export class FreshnessTable {
  readonly shardCount: number;
  readonly #maxStalenessMs: number;
  readonly #logLength: number;
  readonly #epochs: (string | undefined)[];
  readonly #generations: Float64Array;
  /** 0: nothing known. */
  readonly #applied: Float64Array;
  readonly #floors: Float64Array;
  /** Largest version heard of by any way. */
  readonly #seen: Float64Array;
  readonly #freshAtMs: Float64Array;
  /** What the last probe found beyond `applied`; 0: nothing. */
  readonly #owedHeads: Float64Array;
  readonly #owedAtMs: Float64Array;
  readonly #early: readonly EarlyChanges[];
  readonly #doubts: ShardDoubts;
  readonly #chains: ShardChain[];
  /** Grows when the floor rises, or a life ends: a copy that was above the floor at this age still is. Small numbers, so that a hit compares no boxed ones. */
  readonly #ages: Int32Array;
  /** Until when copies above the floor are proven, in monotonic ms. */
  readonly #provenUntilMs: Float64Array;
  /** Since when this process has been in the table of nodes without a gap, and when it was last known to be. */
  #memberFromMs = NEVER;
  #memberAtMs = Number.POSITIVE_INFINITY;

  /**
   * @param hasMembers whether copies are served only while this process is in the store's table of nodes: see {@link FreshnessTable.renewMembership}
   * @param logLength changes of each shard that are remembered by what they concerned: see {@link FreshnessTable.logOf}; 0: none
   */
  constructor(shardCount: number, maxStalenessMs: number, hasMembers: boolean = false, logLength: number = 0) {
    this.#logLength = logLength;
    if (hasMembers) this.#memberAtMs = NEVER;
    this.shardCount = shardCount;
    this.#maxStalenessMs = maxStalenessMs;
    const places = shardCount + 1;
    this.#epochs = new Array<string | undefined>(places).fill(undefined);
    this.#generations = new Float64Array(places);
    this.#applied = new Float64Array(places);
    this.#floors = new Float64Array(places);
    this.#seen = new Float64Array(places);
    this.#freshAtMs = new Float64Array(places).fill(NEVER);
    this.#owedHeads = new Float64Array(places);
    this.#owedAtMs = new Float64Array(places).fill(NEVER);
    this.#early = Array.from({ length: places }, () => new EarlyChanges());
    this.#doubts = new ShardDoubts(places);
    this.#chains = Array.from({ length: places }, () => new ShardChain(logLength));
    this.#ages = new Int32Array(places);
    this.#provenUntilMs = new Float64Array(places).fill(NEVER);
  }

  /** Whether a copy was current in the shared store at most `maxStalenessMs` ago. */
  isProven(copy: ProvableCopy, nowMs: number): boolean {
    const { shard, tagAge } = copy;
    const tags = this.shardCount;
    if (copy.age === this.#ages[shard] && nowMs <= (this.#provenUntilMs[shard] as number)) {
      if (tagAge === NO_TAG_AGE) return true;
      if (tagAge === this.#ages[tags] && nowMs <= (this.#provenUntilMs[tags] as number)) return true;
    }
    return this.#isProvenAtAll(copy, nowMs);
  }

  /** As {@link FreshnessTable.isProven}, by everything that is known. */
  #isProvenAtAll(copy: ProvableCopy, nowMs: number): boolean {
    const { shard } = copy;
    if (copy.generation !== this.#generations[shard]) return false;
    if (this.#doubts.concern(copy)) return false;
    const boundMs = nowMs - this.#maxStalenessMs;
    if (this.#memberAtMs < boundMs) return false;
    const tags = this.shardCount;
    if (copy.head >= (this.#floors[shard] as number)) copy.age = this.#ages[shard] as number;
    if (copy.tagHead === NO_TAGS) copy.tagAge = NO_TAG_AGE;
    else if (copy.tagHead >= (this.#floors[tags] as number)) copy.tagAge = this.#ages[tags] as number;
    const sinceMs = Math.max(boundMs, this.#memberFromMs);
    if (copy.readAtMs >= sinceMs) return true;
    if ((this.#freshAtMs[shard] as number) < sinceMs || copy.age !== this.#ages[shard]) return false;
    if (copy.tagHead === NO_TAGS) return true;
    return (this.#freshAtMs[tags] as number) >= sinceMs && copy.tagAge === this.#ages[tags];
  }

  /** Whether the process is in the table of nodes, for all that it knows. */
  isMember(nowMs: number): boolean {
    return this.#memberAtMs >= nowMs - this.#maxStalenessMs;
  }

  /**
   * The store has this process in its table of nodes, by a request sent at this instant, in monotonic ms.
   *
   * Who changes something and wants to know when no copy is left asks the nodes of the table, and waits for nobody else. So a process that was not in it serves no copy that was
   * proven before it came back: what changed meanwhile was not told to it. Its heads must be asked for after the table has it.
   */
  renewMembership(sentAtMs: number): void {
    if (this.#memberAtMs === Number.POSITIVE_INFINITY) return;
    if (sentAtMs - this.#memberAtMs > this.#maxStalenessMs) this.#memberFromMs = sentAtMs;
    if (sentAtMs > this.#memberAtMs) this.#memberAtMs = sentAtMs;
    for (let shard = 0; shard <= this.shardCount; shard += 1) this.#reckon(shard);
  }

  /** Which life of a shard's data this is; grows when its data was lost or replaced. */
  generationOf(shard: number): number {
    return this.#generations[shard] as number;
  }

  /** Id of a shard's data; `undefined`: not known. */
  epochOf(shard: number): string | undefined {
    return this.#epochs[shard];
  }

  /** Up to which version every change of a shard from the floor on was applied; 0: nothing is known. */
  appliedOf(shard: number): number {
    return this.#applied[shard] as number;
  }

  /** What the last changes of a shard concerned; the place `shardCount` is the clock of tags. */
  logOf(shard: number): ChangeLog | undefined {
    return this.#chain(shard).log;
  }

  /** Since when a shard, or the clock of tags, is proven to have had no change that was not applied, in monotonic ms; `undefined`: that is too long ago, or was before this process came to the table of nodes. */
  provenAtMs(shard: number, nowMs: number): number | undefined {
    return nowMs <= (this.#provenUntilMs[shard] as number) ? (this.#freshAtMs[shard] as number) : undefined;
  }

  /** The largest version of a shard that was heard of; what answers later with a smaller head has lost something. */
  seenOf(shard: number): number {
    return this.#seen[shard] as number;
  }

  /** A shard gave out this version; which changes were before it is not known. */
  hear(shard: number, version: number): void {
    if (version > (this.#seen[shard] as number)) this.#seen[shard] = version;
  }

  /** Up to which number every invalidation of tags was applied here. */
  get tagHead(): number {
    return this.#applied[this.shardCount] as number;
  }

  /**
   * Takes the stamp of a read or a write.
   *
   * @param seenAtSend {@link FreshnessTable.seenOf} the shard when the question was sent
   * @returns whether the shard's data is the same as before
   */
  admit({ shard, head, epoch }: ShardStamp, seenAtSend: number): boolean {
    if (this.#isOther(shard, head, epoch, seenAtSend)) {
      this.#renew(shard, head, epoch, NEVER);
      return false;
    }
    this.#epochs[shard] = epoch;
    this.hear(shard, head);
    return true;
  }

  /**
   * A change was heard of, and applied to the copies.
   *
   * @param previousHead the shard's head before it; `undefined` when nobody said: then it proves nothing
   * @param names what it concerned; `undefined`: anything
   * @returns whether the shard's data is the same as before
   */
  applyChange(shard: number, previousHead: number | undefined, version: number, names?: readonly string[]): boolean {
    const applied = this.#applied[shard] as number;
    this.hear(shard, version);
    if (previousHead === undefined || version <= applied) return true;
    this.logOf(shard)?.note(version, names);
    if (applied !== 0 && previousHead <= applied) {
      // No head was between the two: one that was applied, or that a copy has, was lost.
      if (previousHead === applied && this.#advance(shard, version)) return true;
      this.loseData(shard, version);
      return false;
    }
    this.#early[shard]?.add(previousHead, version);
    return true;
  }

  /** As {@link FreshnessTable.applyChange}, for an invalidation of tags and the clock of tags: when that was lost, so was everything. */
  applyTags(previousHead: number | undefined, number: number): boolean {
    return this.applyChange(this.shardCount, previousHead, number);
  }

  /** Which head of its shard's chain a copy that was read at this head may be proven by; `OFF_CHAIN`: none. */
  placeHead(shard: number, head: number): number {
    return this.#chain(shard).place(head, this.#applied[shard] as number);
  }

  /**
   * Takes the answer of a probe.
   *
   * @param seenAtSend for each stamp, {@link FreshnessTable.seenOf} its shard when the probe was sent
   * @param sentAtMs monotonic instant of that
   */
  applyHeads(stamps: readonly ShardStamp[], seenAtSend: readonly number[], sentAtMs: number): ProbeFindings {
    const owed: number[] = [];
    const renewed: number[] = [];
    for (const [index, { shard, head, epoch }] of stamps.entries()) {
      if (this.#isOther(shard, head, epoch, seenAtSend[index] as number)) {
        this.#renew(shard, head, epoch, sentAtMs);
        renewed.push(shard);
        continue;
      }
      this.#epochs[shard] = epoch;
      if (this.#applyHead(shard, head, sentAtMs)) owed.push(shard);
    }
    return { owed, renewed };
  }

  /**
   * Takes the clock of tags from a probe; `seenAtSend` is {@link FreshnessTable.seenOf} the place `shardCount`.
   *
   * A clock that lost an invalidation and was moved on by the next before anybody looked has not gone back; that it is another server's shows by its epoch.
   *
   * @returns `"lost"`: the clock went back, or is another, so nothing that was read before may be served; `"owed"`: invalidations of which nothing was heard yet
   */
  applyTagHead(head: number, seenAtSend: number, sentAtMs: number, epoch?: string): "lost" | "owed" | "known" {
    const known = this.#epochs[this.shardCount];
    if (head < seenAtSend) {
      this.#renewTags(head, epoch, sentAtMs);
      return "lost";
    }
    if (epoch !== undefined && known !== undefined && known !== epoch) {
      this.#renewTags(head, epoch, sentAtMs);
      return "lost";
    }
    if (epoch !== undefined) this.#epochs[this.shardCount] = epoch;
    return this.#applyHead(this.shardCount, head, sentAtMs) ? "owed" : "known";
  }

  /**
   * Gives up waiting for the changes that a probe found: what was read before them is no longer proven by the shard.
   *
   * @returns whether some were missing still
   */
  settle(shard: number): boolean {
    const head = this.#owedHeads[shard] as number;
    if (head === 0) return false;
    const atMs = this.#owedAtMs[shard] as number;
    this.#restart(shard, head);
    this.#prove(shard, atMs);
    return true;
  }

  /**
   * Copies of a shard that were read below a head may be outdated, see {@link ShardDoubts}. `head`: `undefined` when nobody knows; then every copy of the shard is over.
   */
  doubt(shard: number, head: number | undefined, nowMs: number): void {
    if (head === undefined) {
      this.#forget(shard);
      return;
    }
    this.hear(shard, head);
    this.#doubts.raise(shard, head, nowMs);
    if (head > (this.#applied[shard] as number)) this.#restart(shard, head);
    // Each is looked at anew.
    else this.#ages[shard] = (this.#ages[shard] as number) + 1;
  }

  /** Nothing that was read before may be served any more. */
  forgetAll(): void {
    for (let shard = 0; shard <= this.shardCount; shard += 1) this.#forget(shard);
  }

  /** Tells whether changes are missing. */
  #applyHead(shard: number, head: number, sentAtMs: number): boolean {
    this.hear(shard, head);
    if (this.#applied[shard] === 0) this.#restart(shard, head);
    if (head <= (this.#applied[shard] as number)) {
      this.#prove(shard, sentAtMs);
      return false;
    }
    this.#owedHeads[shard] = head;
    this.#owedAtMs[shard] = sentAtMs;
    return true;
  }

  #isOther(shard: number, head: number, epoch: string, seenAtSend: number): boolean {
    const known = this.#epochs[shard];
    return (known !== undefined && known !== epoch) || head < seenAtSend;
  }

  /** The shard, or the clock of tags, is known to have lost data, and is at this head. */
  loseData(shard: number, head: number): void {
    if (shard === this.shardCount) this.#renewTags(head, this.#epochs[shard], NEVER);
    else this.#renew(shard, head, this.#epochs[shard], NEVER);
  }

  #renewTags(head: number, epoch: string | undefined, sentAtMs: number): void {
    for (let shard = 0; shard < this.shardCount; shard += 1) this.#forget(shard);
    this.#renew(this.shardCount, head, epoch, sentAtMs);
  }

  #renew(shard: number, head: number, epoch: string | undefined, sentAtMs: number): void {
    this.#forget(shard);
    this.#epochs[shard] = epoch;
    this.#seen[shard] = head;
    this.#applied[shard] = head;
    this.#floors[shard] = head;
    this.#chain(shard).restart(head);
    this.#freshAtMs[shard] = sentAtMs;
    this.#reckon(shard);
  }

  #forget(shard: number): void {
    this.#generations[shard] = (this.#generations[shard] as number) + 1;
    this.#ages[shard] = (this.#ages[shard] as number) + 1;
    this.#epochs[shard] = undefined;
    this.#applied[shard] = 0;
    this.#floors[shard] = 0;
    this.#seen[shard] = 0;
    this.#freshAtMs[shard] = NEVER;
    this.#owedHeads[shard] = 0;
    this.#doubts.forget(shard);
    this.#early[shard]?.clear();
    this.#chains[shard] = new ShardChain(this.#logLength);
    this.#reckon(shard);
  }

  #chain(shard: number): ShardChain {
    return this.#chains[shard] as ShardChain;
  }

  /** Goes on from a head, without the changes before it. */
  #restart(shard: number, head: number): void {
    this.#raiseFloor(shard, head);
    this.#chain(shard).restart(head);
    this.#applied[shard] = head;
    const early = this.#early[shard] as EarlyChanges;
    early.forgetUpTo(head);
    const next = early.takeAfter(head);
    if (next === undefined) this.#settleOwed(shard);
    else if (!this.#advance(shard, next)) this.loseData(shard, next);
  }

  #raiseFloor(shard: number, head: number): void {
    this.#floors[shard] = head;
    this.#ages[shard] = (this.#ages[shard] as number) + 1;
  }

  /** Sums up what `freshAt` and the membership prove. */
  #reckon(shard: number): void {
    const freshAtMs = this.#freshAtMs[shard] as number;
    const provenAtMs = freshAtMs >= this.#memberFromMs ? Math.min(freshAtMs, this.#memberAtMs) : NEVER;
    this.#provenUntilMs[shard] = provenAtMs + this.#maxStalenessMs;
  }

  #prove(shard: number, atMs: number): void {
    if (atMs <= (this.#freshAtMs[shard] as number)) return;
    this.#freshAtMs[shard] = atMs;
    this.#reckon(shard);
  }

  /** Moves `applied` over a change, and over those that came early, and settles what was owed. @returns false when one of them passed over the head of a copy */
  #advance(shard: number, version: number): boolean {
    const chain = this.#chain(shard);
    const early = this.#early[shard] as EarlyChanges;
    let applied = version;
    if (!chain.step(applied)) return false;
    for (let next = early.takeAfter(applied); next !== undefined; next = early.takeAfter(applied)) {
      applied = next;
      if (!chain.step(applied)) return false;
    }
    early.forgetUpTo(applied);
    this.#applied[shard] = applied;
    this.#settleOwed(shard);
    return true;
  }

  /** What a probe found is applied. */
  #settleOwed(shard: number): void {
    const owed = this.#owedHeads[shard] as number;
    if (owed === 0 || owed > (this.#applied[shard] as number)) return;
    this.#owedHeads[shard] = 0;
    this.#prove(shard, this.#owedAtMs[shard] as number);
  }
}
