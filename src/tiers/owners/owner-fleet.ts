import type { TierContext } from "../../backend/load-tier.ts";
import type { LetterTraces, PeerMail, PeerMailListener } from "../../backend/peer-mail.ts";
import type { TracerSlot } from "../../events/call-tracer.ts";
import type { CarriedTrace } from "../../events/carried-trace.ts";
import type { Clock } from "../../foundation/clock.ts";
import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";
import { OwnedLocks } from "./owned-locks.ts";
import { OwnedShards } from "./owned-shards.ts";
import type { OwnedStore } from "./owned-store.ts";
import { CALL_TIMEOUT_MS, OwnerAsker, RETRY_MS } from "./owner-asker.ts";
import { OwnerCalls } from "./owner-calls.ts";
import { OwnerDesk } from "./owner-desk.ts";
import { decodeOwnerLetter, encodeOwnerLetter, type OwnerCall, type OwnerLetter } from "./owner-letter.ts";
import { OwnerPost } from "./owner-post.ts";
import type { OwnerAnswers, OwnerNews, OwnerOp, OwnerRequest } from "./owner-request.ts";
import { OwnerRights } from "./owner-rights.ts";
import type { OwnerView, PickOwners } from "./owner-view.ts";
import { newsBytes, replyBytes } from "./request-extent.ts";
import { serveTraced } from "./serve-traced.ts";
import { Signal } from "./signal.ts";

/** What a node of a fleet without a store is made of. */
export interface OwnerFleetParts {
  /** For messages. */
  readonly name: string;
  readonly nodeId: string;
  readonly store: OwnedStore;
  readonly openMail: (listener: PeerMailListener) => PeerMail;
  readonly pickOwners: PickOwners;
  readonly shardOf: (key: string) => number;
  /** D, in ms. */
  readonly rightMs: number;
  /** D + e, in ms. */
  readonly quietMs: number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Who traces what is asked of others, and what they ask. Default: nobody. */
  readonly tracing?: TracerSlot | undefined;
}

/** Questions for the right in each D, so that two may be lost. */
const ASKS_PER_RIGHT = 3;
/** Of D: a node that does nothing for so long, though it has a timer for each third, stood still. */
const STANDSTILL_RATIO = 2 / 3;
/** How long a node that listens looks for others before it counts as alone where nobody has accepted a connection, in ms. */
const LOOK_MS = 2_000;
const LOOK_EVERY_MS = 10;
/** A look that is later than this was due in a time in which this node stood still, in ms. */
const LOOK_LATE_MS = 100;

/**
 * This node among those that own the keys: finds the owner of what is asked, asks it, and answers as an owner itself.
 *
 * ```text
 * ask ─▶ view ─▶ owner ── this node ─▶ may it act? ─▶ shards
 *          ▲        └── another ─▶ letter ─▶ the same there
 *          └──────── other view, not yet ──────┘
 * ```
 *
 * A request is carried out only where both ends have the same view: so nobody acts, and no copy is proven, by who was there before.
 */
export class OwnerFleet {
  readonly shards: OwnedShards;
  /** Of this node's callers. */
  readonly locks: OwnedLocks;
  readonly #parts: OwnerFleetParts;
  readonly #tracing: TracerSlot;
  readonly #rights: OwnerRights;
  readonly #desk: OwnerDesk;
  readonly #asker: OwnerAsker;
  readonly #changed = new Signal();
  readonly #listeners = new Set<(news: OwnerNews) => void>();
  #links: { readonly mail: PeerMail; readonly post: OwnerPost; readonly calls: OwnerCalls } | undefined;
  #timer: ScheduledTask | undefined;
  #isLeaving = false;
  #isClosed = false;
  #malformedCount = 0;
  #openedAtMs = 0;
  /** Until when it looks for others; `undefined`: it does not listen yet. */
  #lookUntilMs: number | undefined;
  #lookDueMs = Number.POSITIVE_INFINITY;
  #turnAtMs = Number.POSITIVE_INFINITY;
  /** Nodes that have said that they go, and whose links are not over yet. */
  readonly #leaving = new Set<string>();

  constructor(parts: OwnerFleetParts) {
    const { name, nodeId, store, shardOf, clock, scheduler, pickOwners, rightMs, quietMs } = parts;
    this.#parts = parts;
    this.#tracing = parts.tracing ?? { current: undefined };
    this.shards = new OwnedShards({ nodeId, store, shardOf, clock, onNews: (news) => this.#tell(news) });
    this.locks = new OwnedLocks({ clock, scheduler, rightMs });
    this.#rights = new OwnerRights({
      ...{ nodeId, clock, pickOwners, rightMs, quietMs },
      ask: (to, ask) => this.#say(to, { clock: 0, ask }),
      onBegin: (shard) => this.shards.begin(shard),
      onDrop: (shard, hasMoved) => this.shards.drop(shard, hasMoved),
      onView: (view) => this.locks.noteView(view),
      onOutdated: () => {
        this.locks.endAll();
        // Copies of this node; nobody else needs to be told.
        this.#hear({ kind: "unknown" });
      },
    });
    this.#desk = new OwnerDesk({ rights: this.#rights, shards: this.shards, shardOf });
    this.#asker = new OwnerAsker({
      ...{ name, nodeId, shardOf, clock, scheduler },
      ...{ rights: this.#rights, desk: this.#desk, changed: this.#changed, tracing: this.#tracing },
      links: () => this.#links && { calls: this.#links.calls, maxLetterBytes: this.#links.mail.maxLetterBytes },
      isClosed: () => this.#isClosed || this.#isLeaving,
    });
  }

  /** Who is there; `undefined` before that is known. */
  get view(): OwnerView | undefined {
    return this.#rights.view;
  }

  /** As `OwnerRights.settledForMs`; `undefined` while not all agree. */
  get settledForMs(): number | undefined {
    return this.#rights.isAgreed() ? this.#rights.settledForMs : undefined;
  }

  /** Letters that could not be read, since the start. */
  get malformedCount(): number {
    return this.#malformedCount;
  }

  /** Opens the mail, once the mesh is open or opening. */
  open(): void {
    if (this.#links !== undefined || this.#isClosed) return;
    const { openMail, scheduler, clock, store } = this.#parts;
    store.connect();
    const mail = openMail({
      onLetter: (letter, from, traces) => this.#receive(letter, from, traces),
      onGap: () => undefined,
      onPeers: () => this.#notePeers(),
    });
    const post = new OwnerPost({
      ...{ mail, scheduler },
      clockNow: () => this.shards.version,
      onUnsent: (_to, calls) => this.#links?.calls.noteUnsent(calls),
    });
    this.#links = { mail, post, calls: new OwnerCalls(post, clock, scheduler) };
    this.#openedAtMs = clock.monotonicMs();
    this.#look();
  }

  /** Waits until there is a view that all agree on, as long as a call would. Never rejects but with the reason of the signal. */
  async settle({ signal }: TierContext, untilMs: number = this.#now() + CALL_TIMEOUT_MS): Promise<void> {
    while (!this.#isClosed && !this.#rights.isAgreed() && this.#now() < untilMs) {
      signal?.throwIfAborted();
      await this.#changed.wait(RETRY_MS, this.#parts.scheduler);
    }
  }

  /** As {@link OwnerFleet.settle}, and until this node may act for all that is its own: most often the others may then, too. */
  async settleAll(context: TierContext): Promise<void> {
    const untilMs = this.#now() + CALL_TIMEOUT_MS;
    for (;;) {
      await this.settle(context, untilMs);
      const restMs = this.#rights.restQuietMs;
      if (restMs === 0 || this.#isClosed || this.#now() >= untilMs) return;
      await this.#changed.wait(Math.min(restMs, RETRY_MS * 5), this.#parts.scheduler);
    }
  }

  /**
   * Gives up what this node owns, and tells the others so, who need not wait then: to be called when its copies are gone. It answers nothing any more, and asks nothing.
   */
  leave(): void {
    const mail = this.#links?.mail;
    if (mail === undefined || this.#isLeaving || this.#isClosed) return;
    this.#isLeaving = true;
    this.#timer?.cancel();
    // Nobody tells this node any more that one has moved.
    this.locks.endAll();
    this.#rights.leave();
    this.#links?.post.flush();
    for (const to of mail.peers()) this.#say(to, { clock: 0, leaving: true });
    this.#changed.ring();
  }

  /** Ends everything: what is asked has no answer. */
  close(): void {
    this.#isClosed = true;
    this.locks.close();
    this.#timer?.cancel();
    this.#links?.calls.close();
    this.#links?.post.close();
    this.#links?.mail.close();
    this.shards.close();
    this.#parts.store.close();
    this.#listeners.clear();
    this.#changed.ring();
  }

  /** Tells what owners tell, until the returned function is called. */
  watch(listener: (news: OwnerNews) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** As `OwnerAsker.ask`. */
  ask<Op extends OwnerOp>(
    request: Extract<OwnerRequest, { readonly op: Op }>,
    context: TierContext,
  ): Promise<OwnerAnswers[Op]> {
    return this.#asker.ask(request, context);
  }

  /** As `OwnerAsker.askNode`. */
  askNode<Op extends OwnerOp>(
    to: string,
    request: Extract<OwnerRequest, { readonly op: Op }>,
    context: TierContext,
  ): Promise<OwnerAnswers[Op]> {
    return this.#asker.askNode(to, request, context);
  }

  /** As `OwnerAsker.askAll`. */
  askAll<Op extends OwnerOp>(
    request: Extract<OwnerRequest, { readonly op: Op }>,
    context: TierContext,
  ): Promise<ReadonlyArray<OwnerAnswers[Op]>> {
    return this.#asker.askAll(request, context);
  }

  #receive(bytes: Buffer, from: string, traces: LetterTraces = []): void {
    let letter: OwnerLetter;
    try {
      letter = decodeOwnerLetter(bytes);
    } catch {
      this.#malformedCount += 1;
      return;
    }
    if (this.#isClosed) return;
    this.#noteTurn();
    const { clock, ask, grant, leaving, replies = [], news = [], calls = [] } = letter;
    this.shards.noteVersion(clock);
    if (grant !== undefined) {
      this.#rights.takeGrant(from, grant);
      this.locks.noteAgreed(this.#rights.agreedUntilMs);
      this.#changed.ring();
    }
    if (ask !== undefined) {
      const answer = this.#rights.answer(from, ask);
      if (answer !== undefined) this.#say(from, { clock: 0, grant: answer });
    }
    if (leaving === true) this.#noteLeaving(from);
    for (const each of news) this.#hear(each);
    for (const [id, reply] of replies) this.#links?.calls.receive(from, id, reply);
    const traceOf = new Map(traces);
    for (const call of calls) this.#answer(from, call, traceOf.get(call.id));
  }

  #answer(from: string, { id, view, request }: OwnerCall, trace: CarriedTrace | undefined): void {
    const post = this.#links?.post;
    const reply = serveTraced(this.#tracing, request.op, trace, () => this.#desk.serve(view, request));
    if (reply instanceof Promise) void reply.then((settled) => post?.reply(from, id, settled, replyBytes(settled)));
    else post?.reply(from, id, reply, replyBytes(reply));
  }

  /** Something happens. Where nothing has for long, not even by a timer, this node stood still. To be called before anything follows from it. */
  #noteTurn(): void {
    const nowMs = this.#now();
    if (nowMs - this.#turnAtMs > this.#parts.rightMs * STANDSTILL_RATIO) this.#rights.noteStandstill();
    this.#turnAtMs = nowMs;
  }

  #notePeers(): void {
    this.#noteTurn();
    const mail = this.#links?.mail;
    if (mail === undefined || this.#isClosed || this.#isLeaving) return;
    const linked = mail.peers();
    this.#links?.calls.noteGone((id) => linked.includes(id));
    if (this.#rights.view !== undefined) this.#setPeers(linked);
    else this.#look();
    this.#changed.ring();
  }

  /** A node that goes is none of the fleet from now on, however long its links take to end. */
  #noteLeaving(from: string): void {
    this.#leaving.add(from);
    this.#notePeers();
  }

  #setPeers(linked: readonly string[]): void {
    const present = linked.filter((id) => !this.#leaving.has(id));
    this.#rights.setPeers(present, (id) => this.#leaving.has(id));
    this.locks.noteAgreed(this.#rights.agreedUntilMs);
    for (const id of this.#leaving) if (!linked.includes(id)) this.#leaving.delete(id);
  }

  /**
   * Looks for other nodes until each address was tried, and takes the first view then: before who is there could be known, a part of the fleet would count as all of it. The time that this may
   * take begins when this node listens, for it may be a busy machine on which that takes long; what it stands still itself does not count; and who has accepted a connection is there,
   * however long it takes to say so.
   */
  #look(): void {
    const mail = this.#links?.mail;
    if (mail === undefined || this.#isClosed) return;
    this.#timer?.cancel();
    const search = mail.search();
    // It is told when it listens.
    if (search === "unopened") return;
    const nowMs = this.#now();
    const lateMs = nowMs - this.#lookDueMs;
    this.#lookUntilMs = (this.#lookUntilMs ?? nowMs + LOOK_MS) + (lateMs > LOOK_LATE_MS ? lateMs : 0);
    this.#lookDueMs = nowMs + LOOK_EVERY_MS;
    const isLooking = search === "answer-due" || (search === "dialing" && nowMs < this.#lookUntilMs);
    if (!isLooking) this.#begin();
    else this.#timer = this.#parts.scheduler.after(LOOK_EVERY_MS, () => this.#look());
  }

  /** Takes the first view. */
  #begin(): void {
    const mail = this.#links?.mail;
    if (mail === undefined) return;
    this.#timer?.cancel();
    this.#turnAtMs = this.#now();
    // Behind an address that does not answer may be a node that the life of this one before has let own.
    if (mail.search() !== "over") this.#rights.noteLoss(this.#openedAtMs);
    this.#setPeers(mail.peers());
    this.#changed.ring();
    this.#keepAsking();
  }

  #keepAsking(): void {
    const { scheduler, rightMs } = this.#parts;
    this.#timer = scheduler.after(rightMs / ASKS_PER_RIGHT, () => {
      if (this.#isClosed) return;
      this.#noteTurn();
      this.#rights.askAll();
      this.#keepAsking();
    });
  }

  #hear(news: OwnerNews): void {
    for (const listener of [...this.#listeners]) listener(news);
  }

  #tell(news: OwnerNews): void {
    this.#hear(news);
    this.#links?.post.tell(news, newsBytes(news));
  }

  #say(to: string, letter: OwnerLetter): void {
    const bytes = encodeOwnerLetter({ ...letter, clock: this.shards.version });
    // Asked again soon.
    this.#links?.mail.send(bytes, to).catch(() => undefined);
  }

  #now(): number {
    return this.#parts.clock.monotonicMs();
  }
}
