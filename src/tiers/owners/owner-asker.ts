import { assertWanted } from "../../backend/caller.ts";
import type { TierContext } from "../../backend/load-tier.ts";
import type { TracerSlot } from "../../events/call-tracer.ts";
import type { Clock } from "../../foundation/clock.ts";
import { BackendError, CacheClosedError } from "../../foundation/errors.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import type { CallOutcome, OwnerCalls } from "./owner-calls.ts";
import type { OwnerDesk } from "./owner-desk.ts";
import { letterTooLarge, lostOnTheWay, timedOut, toOwnerError, unavailable } from "./owner-errors.ts";
import { ANSWERS } from "./owner-letter.ts";
import { isRepeatable, type OwnerAnswers, type OwnerOp, type OwnerRequest } from "./owner-request.ts";
import type { OwnerRights } from "./owner-rights.ts";
import { type OwnerView, ownerOf } from "./owner-view.ts";
import { requestBytes, shardsOf } from "./request-extent.ts";
import type { Signal } from "./signal.ts";

/** What finds owners and asks them is made of. */
export interface OwnerAskerParts {
  /** For messages. */
  readonly name: string;
  readonly nodeId: string;
  readonly rights: OwnerRights;
  readonly desk: OwnerDesk;
  readonly shardOf: (key: string) => number;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly scheduler: Scheduler;
  /** Rings when the view is another one, or a member has granted it. */
  readonly changed: Signal;
  /** Who traces; its traces go with the questions. */
  readonly tracing: TracerSlot;
  /** `undefined` before the mail is open. */
  readonly links: () => { readonly calls: OwnerCalls; readonly maxLetterBytes: number } | undefined;
  readonly isClosed: () => boolean;
}

/** Longest that a call whose caller has no deadline goes on looking for an owner that may act, in ms. */
export const CALL_TIMEOUT_MS = 3_000;
/** Pause before an owner is asked again, in ms; a change of the view ends it. */
export const RETRY_MS = 20;
/** Longest pause, in ms. */
const MAX_PAUSE_MS = 1_000;
/** So long before its caller's deadline, in ms, a call that waits for its owner is over: the caller is told that nothing was done, and not that nobody knows. */
const MARGIN_MS = 10;
/** What a letter has besides one large entry, in bytes, at most: others of the same turn, and a key as JSON. */
const LETTER_ROOM_BYTES = 524_288;

/** Finds the owners of keys, and asks them until one answers that may, or the caller's deadline comes. */
export class OwnerAsker {
  readonly #parts: OwnerAskerParts;

  constructor(parts: OwnerAskerParts) {
    this.#parts = parts;
  }

  /**
   * Asks the owner of the keys of a request, which must be of one shard.
   *
   * @throws BackendTimeoutError, BackendUnavailableError, OutcomeUnknownError for a change of which nobody knows; what the owner's store throws
   */
  async ask<Op extends OwnerOp>(
    request: Extract<OwnerRequest, { readonly op: Op }>,
    context: TierContext,
  ): Promise<OwnerAnswers[Op]> {
    const [shard = 0] = shardsOf(request, this.#parts.shardOf);
    return this.#askUntil(request, context, (view) => ownerOf(view, shard));
  }

  /** As {@link OwnerAsker.ask}, one node, whatever it owns. */
  askNode<Op extends OwnerOp>(
    to: string,
    request: Extract<OwnerRequest, { readonly op: Op }>,
    context: TierContext,
  ): Promise<OwnerAnswers[Op]> {
    return this.#askUntil(request, context, (view) => (view.members.includes(to) ? to : undefined));
  }

  /**
   * Asks all nodes at one view; begins anew when it is another one meanwhile.
   *
   * @returns the answers, of all members
   * @throws OutcomeUnknownError for a change that some members may have made, and not all
   */
  async askAll<Op extends OwnerOp>(
    request: Extract<OwnerRequest, { readonly op: Op }>,
    context: TierContext,
  ): Promise<ReadonlyArray<OwnerAnswers[Op]>> {
    const { name, rights } = this.#parts;
    const timeoutMs = this.#timeoutMs(context);
    const untilMs = this.#now() + timeoutMs;
    for (let wasSent = false; ; ) {
      this.#assertOpen(context);
      const restMs = untilMs - this.#now();
      if (restMs <= MARGIN_MS) throw this.#lateError(request, wasSent, timeoutMs, 0);
      const { view } = rights;
      if (view?.members.every((id) => rights.hasGrantOf(id)) !== true) {
        await this.#pause(restMs, untilMs);
        continue;
      }
      const outcomes = await Promise.all(view.members.map((to) => this.#send(to, view.id, request, restMs, context)));
      const failed = outcomes.find(({ kind }) => kind === "failed");
      if (failed?.kind === "failed") throw toOwnerError(name, request, failed);
      const answers = outcomes.flatMap((outcome) => (outcome.kind === "answer" ? [outcome.answer] : []));
      if (answers.length === outcomes.length) return answers as readonly OwnerAnswers[Op][];
      wasSent ||= outcomes.some(({ kind }) => kind === "answer" || kind === "silent");
      await this.#pause(RETRY_MS, untilMs);
    }
  }

  async #askUntil<Op extends OwnerOp>(
    request: Extract<OwnerRequest, { readonly op: Op }>,
    context: TierContext,
    find: (view: OwnerView) => string | undefined,
  ): Promise<OwnerAnswers[Op]> {
    const { name } = this.#parts;
    const timeoutMs = this.#timeoutMs(context);
    const untilMs = this.#now() + timeoutMs;
    for (let wasSent = false, waitMs = 0; ; ) {
      this.#assertOpen(context);
      const restMs = untilMs - this.#now();
      if (restMs <= MARGIN_MS && waitMs > 0) throw this.#lateError(request, wasSent, timeoutMs, waitMs);
      const outcome = await this.#askOnce(request, context, find, restMs);
      if (outcome.kind === "answer") return outcome.answer as OwnerAnswers[Op];
      if (outcome.kind === "failed") throw toOwnerError(name, request, outcome);
      wasSent ||= outcome.kind === "silent";
      if (wasSent && !isRepeatable(request)) throw lostOnTheWay(name, request, timeoutMs);
      // Also where that is too late: the owner that was there before may be back at any time.
      waitMs = outcome.kind === "later" ? outcome.waitMs : RETRY_MS;
      await this.#pause(Math.min(waitMs, MAX_PAUSE_MS), untilMs);
    }
  }

  async #askOnce(
    request: OwnerRequest,
    context: TierContext,
    find: (view: OwnerView) => string | undefined,
    restMs: number,
  ): Promise<CallOutcome> {
    const { name, rights } = this.#parts;
    const { view } = rights;
    if (view === undefined) return { kind: "away" };
    const to = find(view);
    if (to === undefined) throw unavailable(name, request, "the node has gone");
    // Until a member has granted the view, this node does not know what it has missed of what others did.
    if (!rights.hasGrantOf(to)) return { kind: "away" };
    return this.#send(to, view.id, request, Math.max(1, restMs), context);
  }

  /** Asks a node, or this one. */
  async #send(
    to: string,
    view: string,
    request: OwnerRequest,
    timeoutMs: number,
    context: TierContext,
  ): Promise<CallOutcome> {
    const { nodeId, desk } = this.#parts;
    const links = this.#parts.links();
    if (links === undefined) return { kind: "unsent" };
    // Also what is this node's own: another node could not read it, and may own the key tomorrow.
    const sizeBytes = requestBytes(request);
    const limitBytes = links.maxLetterBytes - LETTER_ROOM_BYTES;
    if (sizeBytes > limitBytes) throw letterTooLarge(sizeBytes, limitBytes);
    if (to === nodeId) return desk.serve(view, request);
    const trace = this.#parts.tracing.current?.carry();
    const outcome = await links.calls.send({ to, view, request, sizeBytes, trace }, timeoutMs, context);
    if (outcome.kind === "answer") this.#assertAnswer(request, outcome.answer);
    return outcome;
  }

  #lateError(request: OwnerRequest, wasSent: boolean, timeoutMs: number, waitMs: number): Error {
    const { name } = this.#parts;
    return wasSent ? lostOnTheWay(name, request, timeoutMs) : timedOut(name, request, waitMs);
  }

  #timeoutMs({ untilMs }: TierContext): number {
    return untilMs === undefined ? CALL_TIMEOUT_MS : untilMs - this.#now();
  }

  async #pause(ms: number, untilMs: number): Promise<void> {
    const { changed, scheduler, isClosed } = this.#parts;
    // Nobody rings any more.
    if (isClosed()) throw new CacheClosedError();
    await changed.wait(Math.max(1, Math.min(ms, untilMs - MARGIN_MS - this.#now())), scheduler);
  }

  #now(): number {
    return this.#parts.clock.monotonicMs();
  }

  #assertOpen(context: TierContext): void {
    assertWanted(context);
    if (this.#parts.isClosed()) throw new CacheClosedError();
  }

  #assertAnswer({ op }: OwnerRequest, answer: unknown): void {
    try {
      ANSWERS[op](answer, "answer");
    } catch (cause) {
      const { name } = this.#parts;
      const message = `${name}: "${op}" was answered with something else.`;
      throw new BackendError("GCX_BACKEND_FAILED", name, op, message, { cause });
    }
  }
}
