import { OPAQUE_COUNT } from "./encode-meta-request.ts";
import type { MemcachedServerError } from "./memcached-server-error.ts";
import type { MetaReply, MetaRequest, MetaStatus } from "./meta-message.ts";

/** What became of a reply that was given to a batch. `foreign`: it is not one of the batch's, so the stream is out of step. */
export type BatchProgress = "more" | "done" | "foreign";

/** One of the replies. A class: literals that live until the batch is done cost more from their first garbage collection on. */
class BatchReply implements MetaReply {
  readonly status: MetaStatus;
  readonly value: Buffer | undefined;
  readonly flags: string;

  constructor(status: MetaStatus, value: Buffer | undefined, flags: string) {
    this.status = status;
    this.value = value;
    this.flags = flags;
  }
}

const MISS: MetaReply = Object.freeze(new BatchReply("EN", undefined, ""));

/**
 * Collects the replies to a batch of requests whose opaque numbers follow each other.
 *
 * A batch of gets alone is quiet: the server sends no misses, but for the last get's, and a noop at its end says that nothing more comes.
 * The noop's reply has no number; that it is this batch's is known by the last get's reply before it, which has one.
 * Every other batch gets a reply for each request, for quiet writes do not say which of them an error belongs to, and versions differ in
 * what they keep quiet about.
 */
export class BatchReplies {
  readonly isQuiet: boolean;
  readonly requests: readonly MetaRequest[];
  readonly #replies: (MetaReply | MemcachedServerError | undefined)[];
  #firstOpaque = 0;
  #isStarted = false;
  /** Place of the reply that must come next; in a quiet batch, the first that may. */
  #next = 0;
  #error: MemcachedServerError | undefined;

  constructor(requests: readonly MetaRequest[]) {
    this.requests = requests;
    this.isQuiet = areGets(requests);
    this.#replies = new Array(requests.length).fill(undefined);
  }

  /** Begins, or begins anew on another connection. */
  start(firstOpaque: number): void {
    this.#firstOpaque = firstOpaque;
    this.#next = 0;
    this.#error = undefined;
    // Nothing came yet, unless it begins anew.
    if (this.#isStarted) this.#replies.fill(undefined);
    this.#isStarted = true;
  }

  /** The request whose reply comes next; `undefined` in a quiet batch. */
  get current(): MetaRequest | undefined {
    return this.isQuiet ? undefined : this.requests[this.#next];
  }

  accept(status: MetaStatus, opaque: number, value: Buffer | undefined, flags: string): BatchProgress {
    if (status === "MN") return this.#acceptNoop();
    const place = (opaque - this.#firstOpaque + OPAQUE_COUNT) % OPAQUE_COUNT;
    // Replies keep the order of their requests; one that does not belongs to somebody else.
    const isExpected = this.isQuiet ? place >= this.#next && place < this.requests.length : place === this.#next;
    if (opaque < 0 || !isExpected || this.current?.kind === "noop") return "foreign";
    this.#replies[place] = new BatchReply(status, value, flags);
    return this.#advance(place + 1);
  }

  acceptError(error: MemcachedServerError): BatchProgress {
    if (this.isQuiet) {
      this.#error = error;
      return "more";
    }
    this.#replies[this.#next] = error;
    return this.#advance(this.#next + 1);
  }

  /** The replies in their order; to be asked once done. */
  finish(): readonly (MetaReply | MemcachedServerError)[] {
    const replies = this.#replies;
    for (let index = 0; index < replies.length; index += 1) replies[index] ??= this.#error ?? MISS;
    return replies as (MetaReply | MemcachedServerError)[];
  }

  #acceptNoop(): BatchProgress {
    if (this.isQuiet) return this.#next === this.requests.length || this.#error !== undefined ? "done" : "foreign";
    if (this.current?.kind !== "noop") return "foreign";
    this.#replies[this.#next] = new BatchReply("MN", undefined, "");
    return this.#advance(this.#next + 1);
  }

  #advance(next: number): BatchProgress {
    this.#next = next;
    return !this.isQuiet && next === this.requests.length ? "done" : "more";
  }
}

function areGets(requests: readonly MetaRequest[]): boolean {
  for (const { kind } of requests) if (kind !== "get") return false;
  return true;
}
