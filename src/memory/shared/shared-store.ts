import type { StoredEntry, WriteCondition, WriteResult } from "../../backend/stored-entry.ts";
import type { NamespacePath } from "../../entry/namespace-path.ts";
import { ROOT_NAMESPACE } from "../../entry/namespace-path.ts";
import type { RemovalCause } from "../../entry/removal.ts";
import type { Clock } from "../../foundation/clock.ts";
import { BackendUnavailableError } from "../../foundation/errors.ts";
import { BucketChain } from "./bucket-chain.ts";
import { DropLog } from "./drop-log.ts";
import { KeyBound } from "./key-bound.ts";
import { KeyHash } from "./key-hash.ts";
import { enterParticipant, leaveParticipant } from "./participants.ts";
import { measureBody, type RecordBody, writeBody } from "./record-body.ts";
import { isPlausible, LIST_HEADER_UNITS, RECORD, siblingCountOf } from "./record-format.ts";
import { deathCause, hasScopes } from "./record-life.ts";
import { fromTagText, readTagText } from "./record-text.ts";
import { LIST_UNITS, RecordWriter } from "./record-writer.ts";
import { ScopeHasher, type ScopeHashes } from "./scope-hashes.ts";
import { SegmentRecycler } from "./segment-recycler.ts";
import { MAIN, PROBATION, type QueueName, SegmentTable } from "./segment-table.ts";
import type { SharedSlab } from "./shared-slab.ts";
import { ValueCodec } from "./value-codec.ts";
import { VersionCells } from "./version-cells.ts";

/** What a store needs of its surroundings. */
export interface SharedStoreHost {
  readonly clock: Clock;
  /** The id of this thread, as others will name it when it has ended. */
  readonly threadId: number;
  readonly onRemoval: (storedKey: string, cause: RemovalCause) => void;
  /** Whether anybody wants to be told of removals now. */
  readonly wantsRemovals: () => boolean;
}

/** An entry about to be written, but for its value, which stands ready in the codec. */
export interface SharedDraft {
  /** Wall-clock ms; `Infinity` for never. */
  readonly expiresAt: number;
  readonly tags: readonly string[];
  readonly condition?: WriteCondition | undefined;
  readonly wantsPrevious?: boolean | undefined;
  /** For results of loads: refuse when the key, one of the tags or its namespace was written, removed or ended after this version. */
  readonly unchangedSince?: number | undefined;
}

/** What a change of an entry leads to. */
export type EntryChange =
  /** Another value, which the caller prepared in the codec; expiry and tags are given. */
  { readonly kind: "write"; readonly expiresAt: number; readonly tags: readonly string[] } | { readonly kind: "none" };

const MAX_TOUCH_COUNT = 3;
const NOTHING_FOUND = Object.freeze({ version: 0, previous: undefined });

/** One thread's way into a shared slab. All methods are synchronous, finish whatever other threads do, and are linearizable for each key. */
export class SharedStore {
  readonly slab: SharedSlab;
  readonly segments: SegmentTable;
  readonly chain: BucketChain;
  readonly codec: ValueCodec;
  readonly scopeCells: VersionCells;
  readonly drops: DropLog;
  readonly writer: RecordWriter;
  readonly recycler: SegmentRecycler;
  readonly #removalCells: VersionCells;
  readonly #host: SharedStoreHost;
  readonly #key: KeyHash;
  readonly #scopes: ScopeHasher;
  readonly #bound: KeyBound;
  readonly #clock: Clock;
  /** Drawn for what is being written. */
  #version = 0;
  #epoch = 0;
  /** Stamp for what is made of the live entry that was found. */
  #derivedStamp = 0;
  /** Where the body of what is being written stands already, from an earlier round; 0: nowhere. */
  #writtenAt = 0;

  /** @throws ConfigError when no more writers can be attached */
  constructor(slab: SharedSlab, host: SharedStoreHost) {
    this.slab = slab;
    this.#host = host;
    this.#clock = host.clock;
    const { layout } = slab;
    this.segments = new SegmentTable(slab);
    this.chain = new BucketChain(slab, this.segments);
    this.codec = new ValueCodec(slab, this.segments);
    this.#key = new KeyHash(slab);
    this.#scopes = new ScopeHasher(new KeyHash(slab));
    this.scopeCells = new VersionCells(slab, layout.scopeCellAt, layout.scopeCellCount);
    this.#removalCells = new VersionCells(slab, layout.removalCellAt, layout.removalCellCount);
    const { segments, scopeCells, clock } = { ...this, ...host };
    this.drops = new DropLog({ slab, segments, scopeCells, removalCells: this.#removalCells, ...host });
    this.writer = new RecordWriter(slab, segments, this.chain, enterParticipant(slab, host.threadId));
    const parts = { slab, segments, chain: this.chain, writer: this.writer, cells: scopeCells };
    this.recycler = new SegmentRecycler(parts, clock, this.drops);
    this.#bound = new KeyBound({ ...parts, recycler: this.recycler });
  }

  /** The live entry of a key; counts as a use. */
  get(key: string): StoredEntry | undefined {
    this.#key.set(key);
    for (;;) {
      if (!this.#locateLive(key)) return undefined;
      const entry = this.#copyFound();
      if (entry === undefined) continue;
      this.#touch();
      return entry;
    }
  }

  /** The live value of a key; counts as a use. */
  peek(key: string): unknown {
    this.#key.set(key);
    const { chain, slab } = this;
    for (;;) {
      if (!this.#locateLive(key)) return undefined;
      const flags = slab.i32[chain.found * 2 + RECORD.flags] as number;
      const copied = this.codec.copy(chain.found);
      if (!chain.isStable()) continue;
      this.#touch();
      return this.codec.reveal(flags, copied);
    }
  }

  /**
   * Writes the value that stands ready in the codec, if the draft's conditions hold.
   *
   * @throws EntryTooLargeError; then nothing changed
   */
  put(key: string, draft: SharedDraft): WriteResult {
    const scopes = this.#scopes.ofEntry(key, draft.tags);
    this.#key.set(key);
    const body = measureBody(this.slab, this.codec, this.#key, { key, tags: draft.tags, scopes });
    this.#writtenAt = 0;
    for (;;) {
      const result = this.#tryPut(key, draft, body);
      if (result !== undefined) return result;
    }
  }

  /**
   * Reads an entry and replaces it in one atomic step.
   *
   * @param decide gets the live entry; may prepare a value and say how to write it; may be called again; what it throws changes nothing
   * @returns the version of what was written; `undefined` when nothing was
   */
  change(key: string, decide: (current: StoredEntry | undefined) => EntryChange): number | undefined {
    for (;;) {
      const current = this.get(key);
      const change = decide(current);
      if (change.kind === "none") return undefined;
      const condition: WriteCondition =
        current === undefined ? { kind: "absent" } : { kind: "version", version: current.version };
      const result = this.put(key, { ...change, condition });
      if (result.stored) return result.version;
    }
  }

  /** Removes a key. @returns whether a live entry was there */
  remove(key: string, cause: RemovalCause): boolean {
    this.#key.set(key);
    const { chain, slab } = this;
    // First, and also when there is nothing: a load that began before must find it, or find the bucket changed.
    chain.locate(this.#key, key);
    this.#removalCells.raiseOne(chain.bucket ^ this.#key.high, this.#key.high, slab.nextVersion());
    for (;;) {
      const isLive = this.#locateLive(key);
      if (chain.found === 0) {
        if (chain.replace(chain.head)) return false;
        continue;
      }
      const outcome = this.writer.unlink(chain.found, PROBATION);
      if (outcome === -1) this.#makeRoom(PROBATION, LIST_UNITS + LIST_HEADER_UNITS);
      if (outcome !== 1) continue;
      if (isLive) this.#host.onRemoval(key, cause);
      return isLive;
    }
  }

  /** Gives a live entry another end, by writing it again as it is. @returns whether a live entry was there */
  setExpiry(key: string, expiresAt: number): boolean {
    this.#key.set(key);
    const { chain, slab } = this;
    for (;;) {
      if (!this.#locateLive(key)) return false;
      const word = chain.found * 2;
      const flags = slab.i32[word + RECORD.flags] as number;
      const units = (slab.i32[word + RECORD.size] as number) - siblingCountOf(flags);
      if (!chain.isStable()) continue;
      const queue = this.segments.queueOf(this.segments.of(chain.found));
      const place = this.#placeFor(queue, units);
      if (place === 0) continue;
      slab.i32.copyWithin(place * 2, word, word + units * 2);
      slab.f64[place + 6] = expiresAt;
      const touches = this.writer.touchesOf(chain.found);
      if (!this.writer.publish(queue, units, chain.found, this.drops)) continue;
      this.writer.setTouches(place, touches);
      return true;
    }
  }

  /**
   * Ends every entry that carries one of the tags. Twice over: a writer may have drawn its version after the first version was drawn
   * and looked before the first raising; the second version is drawn after that, and so is above its.
   */
  invalidateTags(tags: readonly string[]): void {
    this.#end(tags.map((tag) => this.#scopes.ofTag(tag)));
  }

  /** Ends every entry of a namespace and those inside it. */
  clear(path: NamespacePath): void {
    this.#end([this.#scopes.ofNamespace(path)]);
    if (path === ROOT_NAMESPACE) this.slab.raiseClearEpoch();
  }

  /** Gives back what this store holds of the slab. Nothing may be called afterwards. */
  close(): void {
    this.recycler.close();
    this.segments.releaseHolder(this.writer.holder);
    leaveParticipant(this.slab, this.#host.threadId, this.writer.holder);
  }

  #end(pairs: readonly ScopeHashes[]): void {
    const { slab } = this;
    slab.countInvalidation(1);
    for (let phase = 0; phase < 2; phase += 1) {
      const version = slab.nextVersion();
      for (const [low, high] of pairs) this.scopeCells.raise(low as number, high as number, version);
    }
    slab.countInvalidation(-1);
  }

  /** @returns `undefined` when the bucket changed meanwhile */
  #tryPut(key: string, draft: SharedDraft, body: RecordBody): WriteResult | undefined {
    const { chain, writer } = this;
    const found = this.#look(key, draft);
    if (found === undefined) return undefined;
    if (!holds(found.version, draft.condition)) return toResult(false, found.version, found.previous);
    const queue = this.#queueFor();
    const place = this.#placeFor(queue, body.units);
    if (place === 0) return undefined;
    if (draft.unchangedSince !== undefined && !this.#isUnchangedSince(draft.unchangedSince, body.scopes)) {
      return chain.isStable() ? toResult(false, found.version, found.previous) : undefined;
    }
    if (this.#writtenAt !== place) writeBody(this.slab, this.segments, this.codec, place, body);
    this.#writtenAt = place;
    this.#writeWords(place, draft.expiresAt, this.#stampFor(draft, body));
    const replaced = chain.found;
    const touches = replaced === 0 ? 0 : Math.min(MAX_TOUCH_COUNT, writer.touchesOf(replaced) + 1);
    const version = this.#version;
    if (!writer.publish(queue, body.units, replaced, this.drops)) return undefined;
    this.#published(key, { place, replaced, touches, isReplacing: found.version !== 0 });
    return toResult(true, version, found.previous);
  }

  /** The version of the live entry (0: none) and, if it is asked for, the entry; `undefined` when the bucket changed meanwhile. */
  #look(key: string, draft: SharedDraft): { version: number; previous: StoredEntry | undefined } | undefined {
    if (!this.#locateToWrite(key)) return NOTHING_FOUND;
    if (draft.wantsPrevious === true) {
      const previous = this.#copyFound();
      return previous && { version: previous.version, previous };
    }
    const version = this.slab.f64[this.chain.found + 4] as number;
    return this.chain.isStable() ? { version, previous: undefined } : undefined;
  }

  /**
   * What is made of an entry carries its stamp, for which the scopes must be that entry's; anything else its own version. A tag that it did not have may have been ended long before.
   */
  #stampFor({ condition, wantsPrevious }: SharedDraft, { scopes }: RecordBody): number {
    const isDerived = condition?.kind === "version" || wantsPrevious === true;
    if (!isDerived || this.#derivedStamp === this.#version) return this.#version;
    return hasScopes(this.slab, this.chain.found, scopes) ? this.#derivedStamp : this.#version;
  }

  #writeWords(place: number, expiresAt: number, stamp: number): void {
    const { i32, f64 } = this.slab;
    i32[place * 2 + RECORD.epoch] = this.#epoch;
    f64[place + 4] = this.#version;
    f64[place + 5] = stamp;
    f64[place + 6] = expiresAt;
  }

  #published(key: string, record: { place: number; replaced: number; touches: number; isReplacing: boolean }): void {
    if (record.touches > 0) this.writer.setTouches(record.place, record.touches);
    if (record.isReplacing) this.#host.onRemoval(key, "replaced");
    if (record.replaced === 0) this.#bound.enforce(record.place);
  }

  /** Locates the key whose hash is ready. @returns whether a live entry was found; a dead one stays in `chain.found` */
  #locateLive(key: string): boolean {
    const { chain } = this;
    for (;;) {
      chain.locate(this.#key, key);
      if (chain.found === 0) return false;
      if (!isPlausible(this.slab, chain.found)) continue;
      if (deathCause(this.slab, this.scopeCells, this.#clock, chain.found) === undefined) return true;
      if (chain.isStable()) return false;
    }
  }

  /**
   * As {@link SharedStore.#locateLive}, and draws the version and the epoch that what is written will have.
   *
   * Of a live entry they are drawn before it is judged: a clear or an invalidation that comes in between ends what is written too,
   * as it would have ended what it was made of. (Drawn afterwards, an increment of a value that was just cleared would live on.)
   * One that has its version already and raises its cells in the middle of this would end the entry for readers, and what is written bring it back until it raises them a
   * second time; so while any is under way what is made of the entry keeps its stamp.
   * Where there is none they are drawn afterwards: absent it stays until the bucket changes, and what is written must outlive what ended the former entry.
   */
  #locateToWrite(key: string): boolean {
    const { chain } = this;
    for (;;) {
      chain.locate(this.#key, key);
      this.#draw();
      if (chain.found === 0) return false;
      if (!isPlausible(this.slab, chain.found)) continue;
      if (this.slab.hasInvalidationsInFlight()) this.#derivedStamp = this.slab.f64[chain.found + 5] as number;
      if (deathCause(this.slab, this.scopeCells, this.#clock, chain.found, this.#epoch) === undefined) return true;
      if (!chain.isStable()) continue;
      this.#draw();
      return false;
    }
  }

  /** After the head was loaded: whoever published since makes the publication fail, so versions of a key only grow. */
  #draw(): void {
    this.#version = this.slab.nextVersion();
    this.#derivedStamp = this.#version;
    this.#epoch = this.slab.clearEpoch();
  }

  /** The entry found, or `undefined` when its segment was given out meanwhile. */
  #copyFound(): StoredEntry | undefined {
    const { chain, slab } = this;
    const address = chain.found;
    const flags = slab.i32[address * 2 + RECORD.flags] as number;
    if (!isPlausible(slab, address)) return undefined;
    const copied = this.codec.copy(address);
    const tagText = readTagText(slab, this.segments, address);
    const version = slab.f64[address + 4] as number;
    const expiresAt = slab.f64[address + 6] as number;
    if (!chain.isStable()) return undefined;
    return { value: this.codec.reveal(flags, copied), version, expiresAt, tags: fromTagText(tagText) };
  }

  #touch(): void {
    const touches = this.writer.touchesOf(this.chain.found);
    if (touches < MAX_TOUCH_COUNT) this.writer.setTouches(this.chain.found, touches + 1);
  }

  /** The queue of the entry that is replaced; of a new one, the main queue if it left probation too early before. */
  #queueFor(): QueueName {
    const { chain } = this;
    if (chain.found !== 0) return this.segments.queueOf(this.segments.of(chain.found));
    return this.drops.isHaunted(chain.bucket, this.#key.high) ? MAIN : PROBATION;
  }

  /** A place for a record, or 0 when room had to be made: then the bucket must be looked at again. */
  #placeFor(queue: QueueName, units: number): number {
    const place = this.writer.place(queue, units + LIST_UNITS);
    if (place === 0) this.#makeRoom(queue, units + LIST_UNITS);
    return place;
  }

  #makeRoom(queue: QueueName, units: number): void {
    // Records that are moved may be written where the body stood.
    this.#writtenAt = 0;
    if (this.recycler.makeRoom(queue, units)) return;
    const message = "memory: every segment is held by other threads. Report threads that ended, or attach fewer.";
    throw new BackendUnavailableError("memory", "set", message);
  }

  #isUnchangedSince(stamp: number, scopes: ScopeHashes): boolean {
    const { chain, scopeCells, slab } = this;
    const high = this.#key.high;
    if (chain.found !== 0 && (slab.f64[chain.found + 4] as number) > stamp) return false;
    if (this.#removalCells.newestOne(chain.bucket ^ high, high) > stamp) return false;
    const [rootLow, rootHigh] = this.#scopes.ofNamespace(ROOT_NAMESPACE);
    if (scopeCells.newest(rootLow as number, rootHigh as number) > stamp) return false;
    for (let index = 0; index < scopes.length; index += 2) {
      if (scopeCells.newest(scopes[index] as number, scopes[index + 1] as number) > stamp) return false;
    }
    return true;
  }
}

function holds(liveVersion: number, condition: WriteCondition | undefined): boolean {
  if (condition === undefined) return true;
  return condition.kind === "absent" ? liveVersion === 0 : liveVersion !== 0 && liveVersion === condition.version;
}

function toResult(stored: boolean, version: number, previous: StoredEntry | undefined): WriteResult {
  return previous === undefined ? { stored, version } : { stored, version, previous };
}
