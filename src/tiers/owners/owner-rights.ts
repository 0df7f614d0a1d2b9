import type { Clock } from "../../foundation/clock.ts";
import { BegunWithout } from "./begun-without.ts";
import { createOwnerView, OWNED_SHARD_COUNT, type OwnerView, ownerOf, type PickOwners } from "./owner-view.ts";

/** "I mean to act by this view; do you have it too?" */
export interface RightAsk {
  readonly view: string;
  /** Monotonic instant of who asks, in ms; comes back. */
  readonly sentAtMs: number;
}

/** "I have it too, and will own nothing by another one for D from when you asked." */
export interface RightGrant extends RightAsk {
  /**
   * How long ago, in ms, a node went that had been let own by who says this, and that may not have noticed; infinity: none ever did. Such a node may act for D from then, and copies that
   * it has proven last for another D.
   */
  readonly lostForMs: number;
  /** How many views who says this has had: another number for the same view means that it was elsewhere meanwhile, and let others own. */
  readonly viewNumber: number;
  /** How often it began to own shards, or changed all shards at once, the last time that it did so without who asked. */
  readonly ownedWithout: number;
}

/** What a node that may own shards is made of. */
export interface OwnerRightsParts {
  readonly nodeId: string;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly pickOwners: PickOwners;
  /** D: how long a right lasts, in ms. */
  readonly rightMs: number;
  /** D + e: how long nobody owns what was another's, in ms. */
  readonly quietMs: number;
  /** Sends a question to a node. */
  readonly ask: (to: string, ask: RightAsk) => void;
  /** A shard becomes this node's, empty. */
  readonly onBegin: (shard: number) => void;
  /** A shard is this node's no more; not `hasMoved`: it stays this node's, and only what is in it ends. */
  readonly onDrop: (shard: number, hasMoved: boolean) => void;
  /** Others have changed what this node was not told of: no copy that it has is good any more. */
  readonly onOutdated: () => void;
  /** The view is another one. What was another's before may be so no more; to be told before any member is. */
  readonly onView: (view: OwnerView) => void;
}

/** What this node knows of another one of its view. */
interface Member {
  /** When the question was sent that it granted last; negative infinity: none of this view. */
  grantedAtMs: number;
  /** When it lost a node last, by this node's clock, at the latest. */
  lostAtMs: number;
  viewNumber: number;
}

/** Of how many nodes is remembered what they said. */
const MAX_REMEMBERED = 4_096;

/**
 * Which shards this node may act for as their owner, and since when. Of two nodes that were in one view, never do both act for a shard at a time.
 *
 * - A node acts only while every member of its view has granted it that view within D, counted from when it asked. Whoever has changed its view grants the old one no more.
 * - A shard that was another's before is acted for once all members have granted the view, and D + e after the last of them has lost a node: members act by the new view only, and whoever
 *   is none has no right any more. Where nobody was lost, as when a node comes or says that it goes, that is at once.
 * - A node keeps what it has only if no member has begun to own, or changed all shards, without it meanwhile: else others may have changed what it owns.
 *
 * ```text
 * view changes ──▶ asking ──all have granted──▶ quiet (gained shards) ──D + e after a loss──▶ acting
 *                    ▲                             │                                            │
 *                    └──── a grant is older than D ┴────────────────────────────────────────────┘
 * ```
 */
export class OwnerRights {
  readonly #parts: OwnerRightsParts;
  readonly #members = new Map<string, Member>();
  /** How often others had begun to own without this node, as they said last. */
  readonly #ownedWithout = new Map<string, number>();
  readonly #begunWithout = new BegunWithout();
  /** Shards that this node has data of, and when it may act for them. */
  readonly #actsFrom = new Map<number, number>();
  /** Shards that are this node's by the view, and that not all members have confirmed yet. */
  readonly #gained = new Set<number>();
  #view: OwnerView | undefined;
  /** Until when all members have granted the view. */
  #agreedUntilMs = Number.NEGATIVE_INFINITY;
  /** When a node went that this node had let own, and that may not know. */
  #lostAtMs = Number.NEGATIVE_INFINITY;
  /** Whether this node has consented to another's owning, or answered as an owner itself. */
  #hasConsented = false;
  #viewCount = 0;
  /** Whether this node stood still, and not all members have granted the view since. */
  #isSuspect = false;

  constructor(parts: OwnerRightsParts) {
    this.#parts = parts;
  }

  /** Who is there, as this node sees it; `undefined` before it knows. */
  get view(): OwnerView | undefined {
    return this.#view;
  }

  /**
   * The nodes that are linked are these. Asks them for the right, when they are others than before.
   *
   * @param hasLeft whether a node that is not among them has said that it goes, so that it acts no more and has no copies
   */
  setPeers(peers: readonly string[], hasLeft: (id: string) => boolean = () => false): void {
    const { nodeId, pickOwners, clock, quietMs } = this.#parts;
    const view = createOwnerView(new Set([nodeId, ...peers]), pickOwners);
    if (view.id === this.#view?.id) return;
    this.#begunWithout.count(clock.monotonicMs());
    const gone = (this.#view?.members ?? []).filter((id) => !view.members.includes(id));
    if (this.#hasConsented && !gone.every(hasLeft)) this.noteLoss(clock.monotonicMs());
    this.#view = view;
    this.#viewCount += 1;
    // Nobody begins before D + e are over since this node has lost another one: that is what it tells all whom it lets own.
    this.#begunWithout.noteView(view.members, this.#lostAtMs + quietMs);
    this.#members.clear();
    for (const id of view.members) {
      if (id === nodeId) continue;
      const [grantedAtMs, lostAtMs] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
      this.#members.set(id, { grantedAtMs, lostAtMs, viewNumber: 0 });
    }
    this.#agree();
    this.#parts.onView(view);
    this.#takeShards(view);
    if (this.#isSuspect) this.#loseAll();
    this.#isSuspect = false;
    this.askAll();
    this.#confirm();
  }

  /**
   * This node stood still for so long that others may have given it up, and may have begun to own what is its own. What it has stays only if all members of the same view grant it again:
   * they say so then.
   */
  noteStandstill(): void {
    this.#isSuspect ||= !this.isAgreed();
  }

  /** This node acts no more, and lets nobody act. For good. */
  leave(): void {
    this.#view = undefined;
    this.#members.clear();
  }

  /** Nodes that this one, or its life before, had let own may not be among the peers since then (monotonic, in ms). */
  noteLoss(atMs: number): void {
    this.#lostAtMs = Math.max(this.#lostAtMs, atMs);
  }

  /** This node answers as an owner: from now on somebody may have copies. `isWide`: it changes all shards, which needs no quiet time. To be called before it does so. */
  noteServed(isWide: boolean): void {
    this.#hasConsented = true;
    if (isWide) this.#begunWithout.noteWide();
    else this.#begunWithout.noteUsed();
  }

  /** For how long, in ms, this node may not change all that is its own; infinity: not all have granted its view. */
  get restQuietMs(): number {
    if (!this.isAgreed() || this.#gained.size > 0) return Number.POSITIVE_INFINITY;
    let untilMs = Number.NEGATIVE_INFINITY;
    for (const fromMs of this.#actsFrom.values()) untilMs = Math.max(untilMs, fromMs);
    return Math.max(0, untilMs - this.#parts.clock.monotonicMs());
  }

  /** Asks all members for the right: to be called three times in each D. */
  askAll(): void {
    for (const id of this.#members.keys()) this.#ask(id);
  }

  /** Somebody asks. @returns what it is told; `undefined` when its view is another one */
  answer(from: string, { view, sentAtMs }: RightAsk): RightGrant | undefined {
    if (view !== this.#view?.id) return undefined;
    // It has come to this view after this node asked it.
    if (this.#members.get(from)?.grantedAtMs === Number.NEGATIVE_INFINITY) this.#ask(from);
    this.#hasConsented = true;
    const nowMs = this.#parts.clock.monotonicMs();
    this.#begunWithout.count(nowMs);
    this.#begunWithout.noteUsed();
    const [lostForMs, ownedWithout] = [nowMs - this.#lostAtMs, this.#begunWithout.of(from)];
    return { view, sentAtMs, lostForMs, viewNumber: this.#viewCount, ownedWithout };
  }

  /** A member has granted the right. */
  takeGrant(from: string, { view, sentAtMs, lostForMs, viewNumber, ownedWithout }: RightGrant): void {
    const member = this.#members.get(from);
    if (member === undefined || view !== this.#view?.id || sentAtMs <= member.grantedAtMs) return;
    const nowMs = this.#parts.clock.monotonicMs();
    // What was said of the time before this grant is not of this node's making.
    if (sentAtMs > nowMs) return;
    // Before anything is done by this right.
    const known = this.#ownedWithout.get(from) ?? 0;
    this.#ownedWithout.delete(from);
    this.#ownedWithout.set(from, ownedWithout);
    if (this.#ownedWithout.size > MAX_REMEMBERED) forgetOldest(this.#ownedWithout);
    if (known !== ownedWithout) this.#loseAll();
    const hasStrayed = member.viewNumber !== 0 && member.viewNumber !== viewNumber;
    member.grantedAtMs = sentAtMs;
    member.lostAtMs = nowMs - lostForMs;
    member.viewNumber = viewNumber;
    if (hasStrayed) this.#waitAnew();
    this.#agree();
    if (this.isAgreed()) this.#isSuspect = false;
    this.#confirm();
  }

  /** Whether every member agrees that this node acts by its view. */
  isAgreed(): boolean {
    return this.#view !== undefined && this.#agreedUntilMs > this.#parts.clock.monotonicMs();
  }

  /** Whether this node owns a shard by its view, whether or not it may act. */
  isOwn(shard: number): boolean {
    return this.#view !== undefined && ownerOf(this.#view, shard) === this.#parts.nodeId;
  }

  /**
   * For how long, in ms, this node may not yet change a shard that is its own; 0: it may, while {@link OwnerRights.isAgreed}. Infinity: nobody knows, and there is nothing to read
   * either.
   */
  quietMs(shard: number): number {
    const fromMs = this.#actsFrom.get(shard) ?? Number.POSITIVE_INFINITY;
    return Math.max(0, fromMs - this.#parts.clock.monotonicMs());
  }

  /** Whether a member has granted this node's view, at any time; this node itself always has. What it says is worth nothing before: it may know of what others have done meanwhile. */
  hasGrantOf(id: string): boolean {
    const grantedAtMs = this.#members.get(id)?.grantedAtMs;
    return grantedAtMs === undefined ? id === this.#parts.nodeId : grantedAtMs > Number.NEGATIVE_INFINITY;
  }

  /** Monotonic instant until which all members have granted the view, in ms. */
  get agreedUntilMs(): number {
    return this.#view === undefined ? Number.NEGATIVE_INFINITY : this.#agreedUntilMs;
  }

  /**
   * How long ago, in ms, the last right of any node that is no member ended; negative: it may last for that long still. The copies that were proven by such a right last D + e longer.
   */
  get settledForMs(): number {
    return this.#parts.clock.monotonicMs() - this.#foreignUntilMs();
  }

  #ask(to: string): void {
    const { ask, clock } = this.#parts;
    ask(to, { view: this.#view?.id ?? "", sentAtMs: clock.monotonicMs() });
  }

  #agree(): void {
    let grantedAtMs = Number.POSITIVE_INFINITY;
    for (const member of this.#members.values()) grantedAtMs = Math.min(grantedAtMs, member.grantedAtMs);
    this.#agreedUntilMs = grantedAtMs + this.#parts.rightMs;
  }

  /** What is gained is empty, and what is lost is gone. What stays goes on. */
  #takeShards(view: OwnerView): void {
    const { nodeId, onDrop } = this.#parts;
    for (let shard = 0; shard < OWNED_SHARD_COUNT; shard += 1) {
      const isOwn = ownerOf(view, shard) === nodeId;
      if (!isOwn) {
        this.#gained.delete(shard);
        if (this.#actsFrom.delete(shard)) onDrop(shard, true);
      } else if (!this.#actsFrom.has(shard)) this.#gained.add(shard);
    }
  }

  /** Others have changed what was this node's, or what it has copies of: what it has may be older than what they answered. */
  #loseAll(): void {
    for (const shard of this.#actsFrom.keys()) {
      this.#gained.add(shard);
      this.#parts.onDrop(shard, false);
    }
    this.#actsFrom.clear();
    this.#parts.onOutdated();
  }

  /** A member was with nodes that this one does not know of: whom it let own there acts for D after it has left. */
  #waitAnew(): void {
    const untilMs = this.#foreignUntilMs();
    for (const [shard, fromMs] of this.#actsFrom) this.#actsFrom.set(shard, Math.max(fromMs, untilMs));
  }

  /** All have granted the view: what is gained begins, empty. */
  #confirm(): void {
    if (this.#gained.size === 0 || !this.isAgreed()) return;
    const fromMs = Math.max(this.#parts.clock.monotonicMs(), this.#foreignUntilMs());
    for (const shard of this.#gained) {
      this.#actsFrom.set(shard, fromMs);
      this.#parts.onBegin(shard);
    }
    this.#gained.clear();
  }

  /** Until when a node that is no member may act, as far as the members know. */
  #foreignUntilMs(): number {
    let lostAtMs = this.#lostAtMs;
    for (const member of this.#members.values()) lostAtMs = Math.max(lostAtMs, member.lostAtMs);
    return lostAtMs + this.#parts.quietMs;
  }
}

function forgetOldest(map: Map<string, number>): void {
  for (const id of map.keys()) {
    map.delete(id);
    return;
  }
}
