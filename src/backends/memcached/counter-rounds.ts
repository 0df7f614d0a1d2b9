import type { OperationContext } from "../../backend/backend.ts";
import type { CounterRequest, CounterResult } from "../../backend/counter.ts";
import { OutcomeUnknownError } from "../../foundation/errors.ts";
import { conflictError, MAX_ATTEMPTS, pauseBefore, type RetryParts } from "./conflict.ts";
import { decideCount, integerIn, type RoundDecision, type WaitingCount } from "./count-decision.ts";
import { type CountedOperation, digestOf, withVersion } from "./counted-operation.ts";
import type { FoundItem, ItemStore } from "./item-store.ts";
import type { OperationKeys } from "./operation-keys.ts";
import { isAbandoned, ServerCall } from "./server-call.ts";
import { isServerSilent } from "./store-errors.ts";

/** What {@link CounterRounds} are made with. */
export interface CounterRoundsParts extends RetryParts {
  readonly store: ItemStore;
  readonly operations: OperationKeys;
  /** Puts an empty item where nothing stands, so that a CAS number is known. @returns what stands there then */
  readonly reserve: (found: FoundItem, call: ServerCall) => Promise<FoundItem | undefined>;
}

/** Requests that one write of a counter answers. */
const MAX_ROUND_COUNT = 128;
/** Operations that stay in an item when older ones leave it. */
const KEPT_OPERATIONS = 16;
/** With so many the older ones leave it, all at once: that costs a round trip. */
const MAX_KEPT_OPERATIONS = 48;
/** Times that the fate of one write is looked up before it is said to be unknown. */
const MAX_UNKNOWN = 3;
const CALL: ServerCall = new ServerCall("increment", {});

/**
 * Counts by reading the counter and writing its successor on condition that nothing changed (CAS), for Memcached's own arithmetic stops at 0
 * and wraps at 2^64.
 *
 * Requests for one key that wait in this process are answered by one such write: each gets the result it would get if they came one after
 * another in their order, and the one version of the item. So a counter that thousands wait for costs a write for each 128.
 *
 * A write whose reply was lost may have happened. Requests with an id are then looked for in the item: there, they were counted; not there, they
 * are written again, on condition of the CAS number read then, which the lost write cannot also fit. All others are told that it is unknown.
 *
 * Source: "Flat Combining and the Synchronization-Parallelism Tradeoff", Hendler, Incze, Shavit, Tzafrir, 2010.
 */
export class CounterRounds {
  readonly #parts: CounterRoundsParts;
  readonly #waiting = new Map<string, WaitingCount[]>();

  constructor(parts: CounterRoundsParts) {
    this.#parts = parts;
  }

  /** Keys that are being counted. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Counts. Rejects with the signal's reason when nobody waits any more before the count is sent. */
  count(key: string, request: CounterRequest, context: OperationContext): Promise<CounterResult> {
    return new Promise((resolve, reject) => {
      const { opId } = request;
      const digest = opId === undefined ? undefined : digestOf(opId);
      const one: WaitingCount = { request, digest, context, resolve, reject };
      const waiting = this.#waiting.get(key);
      if (waiting === undefined) {
        this.#waiting.set(key, [one]);
        // After this turn, with all that it brings.
        queueMicrotask(() => void this.#run(key));
      } else {
        waiting.push(one);
      }
    });
  }

  async #run(key: string): Promise<void> {
    const waiting = this.#waiting.get(key) ?? [];
    while (waiting.length > 0) {
      const round = new Set(waiting.splice(0, MAX_ROUND_COUNT));
      try {
        await this.#settleRound(key, round);
      } catch (error) {
        rejectAll(round, error);
        // Those behind would find out the same, one deadline after another.
        if (isServerSilent(error)) rejectAll(waiting.splice(0), error);
      }
    }
    this.#waiting.delete(key);
  }

  /** Settles each of a round; throws what all that are left shall be rejected with. */
  async #settleRound(key: string, round: Set<WaitingCount>): Promise<void> {
    let unknownCount = 0;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      dropAborted(round);
      if (round.size === 0) return;
      try {
        if (await this.#tryRound(key, round)) return;
      } catch (error) {
        unknownCount += 1;
        if (!(error instanceof OutcomeUnknownError) || unknownCount >= MAX_UNKNOWN) throw error;
        rejectAll(withoutId(round), error, round);
      }
      await pauseBefore(attempt, this.#parts);
    }
    throw conflictError(this.#parts.name, "increment");
  }

  /** @returns whether all of the round are settled */
  async #tryRound(key: string, round: Set<WaitingCount>): Promise<boolean> {
    const { store, operations } = this.#parts;
    const withId = [...round].filter(({ digest }) => digest !== undefined);
    const lookups = withId.map(({ digest }) => operations.request(key, digest as string));
    let found = await store.find(key, CALL, lookups);
    const counted = new Map<string, CountedOperation>();
    for (const [index, { digest }] of withId.entries()) {
      const reply = found.others[index];
      const operation = reply && operations.operationIn(reply, digest as string);
      if (operation !== undefined) counted.set(operation.digest, operation);
    }
    const decision = decideCount(found, [...round], counted, store.nowMs());
    for (const settle of decision.settled) settle();
    for (const one of decision.done) round.delete(one);
    if (decision.accepted.length === 0) return true;
    if (found.cas === undefined && decision.operations.length > 0) {
      // A write on condition of absence could come through late, after a repetition of it was counted and the key deleted again.
      const reserved = await this.#parts.reserve(found, CALL);
      if (reserved === undefined) return false;
      found = reserved;
    }
    const version = await this.#write(found, decision);
    if (version === undefined) return false;
    await this.#keepNew(key, decision.operations, version);
    for (const { one, result } of decision.accepted) one.resolve({ value: result, version });
    round.clear();
    return true;
  }

  async #write(found: FoundItem, decision: RoundDecision): Promise<number | undefined> {
    const { store } = this.#parts;
    const payload = Buffer.from(decision.value.toString(), "latin1");
    const operations = await this.#withRoom(found, decision.operations);
    if (found.live !== undefined) {
      const from = BigInt(integerIn(found.live.payload) ?? 0);
      const moved = store.move === undefined ? "other" : await store.move(found, from, decision.value, CALL);
      if (moved !== "other") return moved;
      return store.replace(found, store.redraft(found, { payload, operations }), CALL);
    }
    const { ttlMs, tags = [] } = decision.creator as CounterRequest;
    const draft = await store.draft(found.key, { value: payload, ttlMs, tags }, CALL);
    if (draft === undefined) return undefined;
    return store.replace(found, { ...draft, item: { ...draft.item, operations } }, CALL);
  }

  /** The operations of the item and the new ones; older ones get keys of their own before they leave it. */
  async #withRoom(found: FoundItem, added: readonly CountedOperation[]): Promise<readonly CountedOperation[]> {
    const before = withVersion(found.item?.operations ?? [], found.itemVersion);
    if (before.length <= MAX_KEPT_OPERATIONS) return [...before, ...added];
    const leaving = before.slice(0, -KEPT_OPERATIONS);
    await this.#parts.store.keepOperations(found.key, leaving, found.itemVersion, CALL);
    return [...before.slice(-KEPT_OPERATIONS), ...added];
  }

  /** So that they are remembered whatever becomes of the item. They were counted already: that this failed is no failure of theirs. */
  async #keepNew(key: string, operations: readonly CountedOperation[], version: number): Promise<void> {
    if (operations.length === 0) return;
    try {
      await this.#parts.store.keepOperations(key, operations, version, CALL);
    } catch {
      // They stand in the item.
    }
  }
}

function dropAborted(round: Set<WaitingCount>): void {
  for (const one of round) {
    if (!isAbandoned(one.context)) continue;
    one.reject(one.context.signal?.reason);
    round.delete(one);
  }
}

function withoutId(round: ReadonlySet<WaitingCount>): readonly WaitingCount[] {
  return [...round].filter(({ digest }) => digest === undefined);
}

function rejectAll(ones: Iterable<WaitingCount>, error: unknown, round?: Set<WaitingCount>): void {
  for (const one of ones) {
    one.reject(error);
    round?.delete(one);
  }
}
