import type { StoredEntry } from "../../../src/backend/stored-entry.ts";
import { settledAfterMs } from "../../../src/coherence/ack-waits.ts";
import type { MemoryBackend } from "../../../src/memory/memory-backend.ts";
import { toOwnedKey } from "../../../src/tiers/owners/owned-keys.ts";
import type { Violation } from "../judge.ts";
import { COUNTER_KEY, KEYS } from "../schedule.ts";
import { STORE_WALL_MS } from "../shared-store-model.ts";
import { type FoundPeriod, type OwnedLife, OwnedLives } from "./owned-lives.ts";
import { ownedShardOf } from "./owned-shards-of.ts";
import type { OwnerProcess } from "./owner-process.ts";
import type { OwnerActs } from "./watched-owner.ts";

/** A read that has begun. */
export interface BegunOwnerRead {
  readonly key: string;
  readonly startMs: number;
  /** The newest that the process had seen then. */
  readonly seen: SeenPeriod | undefined;
}

/** Something that a process has seen of a key: what is older may not be served to it afterwards. */
export interface SeenPeriod {
  readonly life: OwnedLife;
  readonly number: number;
  readonly atMs: number;
  /** When it asked for it: an answer may be of a view that is over when it comes. */
  readonly askedAtMs: number;
}

/** What a process owns now, of the keys that are used. */
interface HeldShard {
  readonly life: OwnedLife;
  /** What its keys are called in the process's store. */
  readonly innerLife: number;
}

interface OwnerRecord {
  readonly held: Map<number, HeldShard>;
  beginCount: number;
}

const ALL_KEYS: readonly string[] = [...KEYS, COUNTER_KEY];
const SHARDS: ReadonlySet<number> = new Set(ALL_KEYS.map(ownedShardOf));
const ROUNDING_MS = 0.001;

/**
 * Holds what a fleet of owners serves against what its owners had:
 *
 * - everything served was its key's at an owner at most D ago; where the views of reader and owner are equal and older than D + e, at that owner
 * - nothing older than what the process had seen, or was confirmed to it, unless its view is another one since it asked
 * - no two nodes of one view change a shard at a time: who has another one in its view has nothing that is older than what that one changed last
 * - an owner keeps what it has, as long as it lives, the shard is its own, and it has to fear nothing: no node has gone by a view without it since that was asked for what it granted last, or
 *   ever, if it never granted anything; and it did not stand still so long that it may have missed its loss, or all have granted its view again since
 */
export class OwnerJudge implements OwnerActs {
  readonly violations: Violation[] = [];
  readonly lives: OwnedLives = new OwnedLives();
  nearCount = 0;
  farCount = 0;
  readonly #maxStalenessMs: number;
  readonly #nowMs: () => number;
  readonly #processes: () => readonly OwnerProcess[];
  readonly #onEvent: ((text: string) => void) | undefined;
  readonly #records = new Map<OwnerProcess, OwnerRecord>();
  readonly #seen = new Map<string, SeenPeriod>();
  /** By shard and node, when it changed something there last. */
  readonly #actedAtMs = new Map<number, Map<string, number>>();
  readonly #deletedAtMs = new Map<string, number>();

  constructor(
    maxStalenessMs: number,
    nowMs: () => number,
    processes: () => readonly OwnerProcess[],
    onEvent: ((text: string) => void) | undefined,
  ) {
    this.#maxStalenessMs = maxStalenessMs;
    this.#nowMs = nowMs;
    this.#processes = processes;
    this.#onEvent = onEvent;
  }

  report(rule: string, text: string): void {
    this.violations.push({ rule, atMs: this.#nowMs(), text });
  }

  began(process: OwnerProcess, shard: number): void {
    process.noteView();
    const record = this.#recordOf(process);
    record.beginCount += 1;
    if (!SHARDS.has(shard)) return;
    const life = this.lives.begin(shard, process.nodeId, this.#nowMs());
    record.held.set(shard, { life, innerLife: record.beginCount });
    this.#onEvent?.(`${process.name} begins life ${life.number} of shard ${shard}`);
  }

  dropped(process: OwnerProcess, shard: number): void {
    const held = this.#recordOf(process).held.get(shard);
    if (held === undefined) return;
    this.#recordOf(process).held.delete(shard);
    held.life.toMs = this.#nowMs();
    this.#onEvent?.(`${process.name} drops life ${held.life.number} of shard ${shard}`);
    process.noteView();
    if (process.ownerIdOf(shard) !== process.nodeId) return;
    if (process.knowledge.isInDoubt || this.#mayHaveOwnedWithout(process)) return;
    this.report("an owner keeps what it has", `${process.name} dropped shard ${shard}, though nobody owned without it`);
  }

  changed(process: OwnerProcess, store: MemoryBackend, leadMs: number): void {
    process.noteView();
    const nowMs = this.#nowMs();
    for (const key of ALL_KEYS) {
      const shard = ownedShardOf(key);
      const held = this.#recordOf(process).held.get(shard);
      if (held === undefined) continue;
      const { life, innerLife } = held;
      const before = life.history.numberAt(key, nowMs);
      const state = toState(store.inspect(toOwnedKey(shard, innerLife, key)), leadMs);
      const hasValue = state !== undefined;
      life.history.note(key, nowMs, state);
      const after = life.history.numberAt(key, nowMs);
      // An entry whose time is over ends by itself.
      if (Math.floor(after) !== Math.floor(before) && (Number.isInteger(before) || hasValue))
        this.#noteAct(process, life);
    }
  }

  deleted(key: string): void {
    this.#deletedAtMs.set(key, this.#nowMs());
  }

  /** When any owner deleted a key last, whether or not there was anything: its right to load ended then. */
  deletedAtMs(key: string): number {
    return this.#deletedAtMs.get(key) ?? Number.NEGATIVE_INFINITY;
  }

  ended(process: OwnerProcess): void {
    for (const { life } of this.#recordOf(process).held.values()) life.toMs = this.#nowMs();
    this.#records.delete(process);
  }

  begin(process: OwnerProcess, key: string): BegunOwnerRead {
    return { key, startMs: this.#nowMs(), seen: this.#seen.get(`${process.name} ${key}`) };
  }

  /** A process was given a value: from its copy, in the step in which the read began; or by an owner. `sinceMs`: what it had to be current after. */
  served(process: OwnerProcess, begun: BegunOwnerRead, value: unknown, isNear: boolean): void {
    const { key, startMs } = begun;
    if (isNear) this.nearCount += 1;
    else this.farCount += 1;
    this.#onEvent?.(`${process.name} is given ${String(value)} of ${key}, asked at ${startMs}`);
    const shard = ownedShardOf(key);
    const sinceMs = value === undefined ? startMs : startMs - this.#maxStalenessMs - ROUNDING_MS;
    const found = this.lives.find(shard, key, value, sinceMs, this.#nowMs());
    if (found.length === 0) {
      // A shard that nobody had for a moment has nothing.
      if (value === undefined && !this.#wasHeldThroughout(shard, startMs)) return;
      this.#reportServed("G2 bounded staleness", process, begun, value);
      return;
    }
    this.#checkOwner(process, begun, value, found);
    this.#checkOrder(process, begun, value, found);
    // Of an absence nobody can say whose it was where there are several.
    if (value !== undefined || found.length === 1)
      this.see(process, key, found.at(-1) as FoundPeriod, "first", startMs);
  }

  /** A process knows of a period. `askedAtMs`: since when it waited for that. */
  see(
    process: OwnerProcess,
    key: string,
    { life, first, last }: FoundPeriod,
    which: "first" | "last",
    askedAtMs: number = this.#nowMs(),
  ): void {
    const name = `${process.name} ${key}`;
    const before = this.#seen.get(name);
    const number = which === "first" ? first : last;
    if (before?.life === life && before.number >= number) return;
    if (before !== undefined && before.life.number > life.number && this.#hasSameView(process, before)) return;
    this.#seen.set(name, { life, number, atMs: this.#nowMs(), askedAtMs });
  }

  /** Processes with the view of this one. */
  agreeing({ view }: OwnerProcess): readonly OwnerProcess[] {
    return this.#processes().filter((other) => !other.isDead && other.view?.id === view?.id);
  }

  /** What a process owns now: for each used shard its life. */
  heldBy(process: OwnerProcess): ReadonlyMap<number, HeldShard> {
    return this.#recordOf(process).held;
  }

  /** The life that a shard has now where a process looks for it, if the two have had equal views since an instant. */
  ownLifeOf(process: OwnerProcess, shard: number, sinceMs: number): OwnedLife | undefined {
    const ownerId = process.ownerIdOf(shard);
    const owner = this.#processes().find(({ nodeId, isDead }) => nodeId === ownerId && !isDead);
    if (owner === undefined || owner.view?.id !== process.view?.id) return undefined;
    if (Math.max(owner.viewSinceMs, process.viewSinceMs) > sinceMs) return undefined;
    const life = this.heldBy(owner).get(shard)?.life;
    return life !== undefined && life.fromMs <= sinceMs ? life : undefined;
  }

  /** With views that have been equal for D + e nothing is served but what that owner has. */
  #checkOwner(process: OwnerProcess, begun: BegunOwnerRead, value: unknown, found: readonly FoundPeriod[]): void {
    const quietMs = settledAfterMs(this.#maxStalenessMs);
    const life = this.ownLifeOf(process, ownedShardOf(begun.key), begun.startMs - quietMs - ROUNDING_MS);
    if (life === undefined || found.some((period) => period.life === life)) return;
    this.#reportServed("G2 at equal views", process, begun, value);
  }

  #checkOrder(process: OwnerProcess, begun: BegunOwnerRead, value: unknown, found: readonly FoundPeriod[]): void {
    const { seen } = begun;
    if (seen === undefined) return;
    const isRight = found.some(
      ({ life, last }) => life.number > seen.life.number || (life === seen.life && last >= seen.number),
    );
    if (isRight || !this.#hasSameView(process, seen)) return;
    this.#reportServed("G1 nothing older than seen, G3 own writes", process, begun, value);
  }

  #hasSameView({ viewSinceMs }: OwnerProcess, { askedAtMs }: SeenPeriod): boolean {
    return viewSinceMs < askedAtMs;
  }

  #reportServed(rule: string, process: OwnerProcess, { key, startMs, seen }: BegunOwnerRead, value: unknown): void {
    const after = seen === undefined ? "" : ` after #${seen.number} of life ${seen.life.number}`;
    const text = `${process.name} was given ${String(value)} of ${key}, asked at ${startMs.toFixed(1)}${after}`;
    this.report(rule, `${text}\n${this.lives.describe(ownedShardOf(key), key)}`);
  }

  #noteAct(process: OwnerProcess, life: OwnedLife): void {
    const { shard } = life;
    const acted = this.#actedAtMs.get(shard) ?? new Map<string, number>();
    this.#actedAtMs.set(shard, acted);
    for (const [nodeId, atMs] of acted) {
      if (nodeId === process.nodeId || atMs <= life.fromMs || !process.view?.members.includes(nodeId)) continue;
      const text = `${process.name} changed shard ${shard} in a life that began at ${life.fromMs.toFixed(1)}`;
      this.report("one owner", `${text}, and ${nodeId} of its view has changed it at ${atMs.toFixed(1)}`);
    }
    acted.set(process.nodeId, this.#nowMs());
  }

  /** Whether another process has gone by a view without this one since it was asked for its last grant: then it may have owned, as far as this one can know. */
  #mayHaveOwnedWithout({ nodeId, knowledge }: OwnerProcess): boolean {
    return this.#processes().some((other) => {
      const sinceMs = knowledge.askedAtMs(other.nodeId);
      return other.views.some(({ members }, index) => {
        const untilMs = other.views[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
        return untilMs >= sinceMs && !members.includes(nodeId);
      });
    });
  }

  #wasHeldThroughout(shard: number, sinceMs: number): boolean {
    return this.lives.of(shard).some(({ fromMs, toMs }) => fromMs < sinceMs && toMs > this.#nowMs());
  }

  #recordOf(process: OwnerProcess): OwnerRecord {
    let record = this.#records.get(process);
    if (record === undefined) {
      record = { held: new Map(), beginCount: 0 };
      this.#records.set(process, record);
    }
    return record;
  }
}

function toState(entry: StoredEntry | undefined, leadMs: number) {
  if (entry === undefined) return undefined;
  const { value, version, expiresAt } = entry;
  return { value: textOf(value), version, expiresAtMs: expiresAt - STORE_WALL_MS - leadMs };
}

/** What bytes say. */
export function textOf(value: unknown): string | undefined {
  return value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : undefined;
}
