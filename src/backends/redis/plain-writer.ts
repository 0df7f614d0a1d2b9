import { type Caller, hasLeft } from "../../backend/caller.ts";
import type { WriteResult } from "../../backend/stored-entry.ts";
import type { RedisArgument, RedisCallOptions } from "../../clients/redis/redis-client.ts";
import { RedisServerError } from "../../clients/redis/redis-reply.ts";
import { BackendUnavailableError } from "../../foundation/errors.ts";
import { PlainWriteResult } from "./plain-entry.ts";
import type { PlainKey } from "./plain-keys.ts";
import { translateRedisError } from "./redis-error.ts";
import type { StoreParts } from "./store-parts.ts";

/** From how many writes on a turn's share a call. Fewer do not make up for waiting until the turn ends. */
const MIN_SHARED_COUNT = 8;
/** Most writes of a call: the server answers others in between. */
const MAX_SHARED_COUNT = 128;
/** Values from here on go as single commands: what a command costs is little beside them, and a call of many would keep others from the server. */
const MIN_SINGLE_BYTES = 1_024;
/** How long no calls are shared after the server refused one, for it would refuse the next as well. */
const REFUSAL_PAUSE_MS = 10_000;

/** A write that asks nothing. */
interface PlainWrite {
  readonly place: PlainKey;
  readonly value: Buffer;
  readonly operation: SetOperation;
  readonly caller: Caller;
}

/** An operation that writes, with what all its writes have in common. */
export class SetOperation {
  readonly options: RedisCallOptions;
  readonly #name: string;

  /** @param name of the store */
  constructor(name: string, operation: string) {
    this.#name = name;
    this.options = { operation, kind: "write" };
  }

  /** The error that a caller of the operation is told. */
  translate(error: unknown): unknown {
    return translateRedisError(this.#name, this.options.operation, error);
  }

  /** One function for all calls. */
  readonly rethrow = (error: unknown): never => {
    throw this.translate(error);
  };
}

let capturedResolve: (result: WriteResult) => void;
let capturedReject: (error: unknown) => void;

function captureFunctions(resolve: (result: WriteResult) => void, reject: (error: unknown) => void): void {
  capturedResolve = resolve;
  capturedReject = reject;
}

/** A write that waits for the end of its turn, or for its answer. */
class WaitingWrite implements PlainWrite {
  readonly place: PlainKey;
  readonly value: Buffer;
  readonly operation: SetOperation;
  readonly caller: Caller;
  readonly promise: Promise<WriteResult>;
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: unknown) => void;

  constructor(place: PlainKey, value: Buffer, operation: SetOperation, caller: Caller) {
    this.place = place;
    this.value = value;
    this.operation = operation;
    this.caller = caller;
    this.promise = new Promise(captureFunctions);
    this.resolve = capturedResolve;
    this.reject = capturedReject;
  }
}

/**
 * Writes that ask nothing. Small ones without a TTL that are asked in one turn of the event loop share an MSET for each server (for each slot of a cluster)
 * when there are enough of them; all others go as the single commands that they are.
 *
 * They leave in the order they were asked, and before whatever is asked later: {@link flush} must be called before anything else is handed to the client.
 * A turn's first few do not wait for its end, unless the turn before had more.
 *
 * ```text
 * turn     set a   set b … set h   set i …   get a     set j …   end
 *          └ at once, each ┘       └ wait ┘  └ flush   └ wait ┘  └ flush
 * ```
 */
export class PlainWriter {
  readonly #parts: StoreParts;
  readonly #isCluster: boolean;
  #waiting: WaitingWrite[] = [];
  #isTurnOpen = false;
  #turnCount = 0;
  #lastTurnCount = 0;
  /** Monotonic ms; 0: calls are shared. */
  #pausedUntilMs = 0;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#isCluster = parts.client.topology === "cluster";
  }

  /**
   * Writes, now or at the end of this turn.
   *
   * @param ttl as commands take it; `"0"` for ever
   */
  write(place: PlainKey, value: Buffer, ttl: string, operation: SetOperation, caller: Caller): Promise<WriteResult> {
    if (ttl === "0" && value.length < MIN_SINGLE_BYTES && this.#isBusy()) {
      const waiting = new WaitingWrite(place, value, operation, caller);
      this.#waiting.push(waiting);
      return waiting.promise;
    }
    this.flush();
    const { redisKey, slot } = place;
    const args = ttl === "0" ? ["SET", redisKey, value] : ["SET", redisKey, value, "PX", ttl];
    return this.#parts.client
      .call(slot, args, operation.options)
      .then(() => new PlainWriteResult(value), operation.rethrow);
  }

  /** Hands to the client what waits for the end of the turn. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const writes = this.#waiting;
    this.#waiting = [];
    if (!this.#isCluster) {
      this.#send(writes);
      return;
    }
    const slots = new Map<number, WaitingWrite[]>();
    for (const write of writes) {
      const own = slots.get(write.place.slot);
      if (own === undefined) slots.set(write.place.slot, [write]);
      else own.push(write);
    }
    for (const own of slots.values()) this.#send(own);
  }

  /** Counts a write that might share a call, and tells whether so many come that it should. */
  #isBusy(): boolean {
    this.#turnCount += 1;
    if (!this.#isTurnOpen) {
      this.#isTurnOpen = true;
      process.nextTick(this.#endTurn);
    }
    if (this.#turnCount <= MIN_SHARED_COUNT && this.#lastTurnCount < 2 * MIN_SHARED_COUNT) return false;
    if (this.#pausedUntilMs === 0) return true;
    if (this.#parts.clock.monotonicMs() < this.#pausedUntilMs) return false;
    this.#pausedUntilMs = 0;
    return true;
  }

  readonly #endTurn = (): void => {
    this.flush();
    this.#isTurnOpen = false;
    this.#lastTurnCount = this.#turnCount;
    this.#turnCount = 0;
  };

  /** Writes of one server, or slot. */
  #send(writes: readonly WaitingWrite[]): void {
    for (let from = 0; from < writes.length; from += MAX_SHARED_COUNT) {
      const own: WaitingWrite[] = [];
      for (const write of writes.slice(from, from + MAX_SHARED_COUNT)) {
        if (hasLeft(write.caller)) write.reject(write.caller.signal?.reason);
        else own.push(write);
      }
      if (own.length < MIN_SHARED_COUNT) this.#sendEach(own);
      else this.#sendTogether(own);
    }
  }

  #sendEach(writes: readonly WaitingWrite[]): void {
    for (const { place, value, operation, resolve, reject } of writes) {
      this.#parts.client.call(place.slot, ["SET", place.redisKey, value], operation.options).then(
        () => resolve(new PlainWriteResult(value)),
        (error) => reject(operation.translate(error)),
      );
    }
  }

  #sendTogether(writes: readonly WaitingWrite[]): void {
    const { place, operation } = writes[0] as WaitingWrite;
    const args: RedisArgument[] = ["MSET"];
    for (const write of writes) args.push(write.place.redisKey, write.value);
    this.#parts.client.call(place.slot, args, operation.options).then(
      () => {
        for (const { value, resolve } of writes) resolve(new PlainWriteResult(value));
      },
      (error) => this.#fail(writes, error),
    );
  }

  #fail(writes: readonly WaitingWrite[], error: unknown): void {
    if (isRefusalOfSharing(error)) {
      this.#pausedUntilMs = this.#parts.clock.monotonicMs() + REFUSAL_PAUSE_MS;
      this.#sendEach(writes);
      return;
    }
    for (const { operation, reject } of writes) reject(operation.translate(error));
  }
}

/**
 * Whether a server executed nothing because of what the call is, and not because of what it writes: an account that may not use the command or one of the
 * keys, a server or proxy that does not know the command, keys of a slot that are just moving and lie on two nodes.
 */
function isRefusalOfSharing(error: unknown): boolean {
  if (error instanceof RedisServerError) return error.prefix !== "OOM" && error.prefix !== "MISCONF";
  const cause = error instanceof BackendUnavailableError ? error.cause : undefined;
  return cause instanceof RedisServerError && cause.prefix === "TRYAGAIN";
}
