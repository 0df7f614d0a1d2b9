import type { WriteResult } from "../../backend/stored-entry.ts";
import type { MemcachedAnswer, MemcachedReceiver } from "../../clients/memcached/memcached-client.ts";
import { isSameMark } from "./mark.ts";
import type { NamespaceState } from "./namespace-state.ts";
import { casOf } from "./reply-cas.ts";
import type { StateWaiter, TurnState } from "./turn-state.ts";
import { versionOf } from "./version-number.ts";

/** How a write ends; promises settle it as well. */
type Resolve = (result: WriteResult | Promise<WriteResult | undefined>) => void;

/** Who writes with guesses. */
export interface GuessedWriter<Outgoing> {
  /** The guess was wrong: writes it again, by what is known now. */
  writeAnew(outgoing: Outgoing): Promise<WriteResult | undefined>;
  /** The error of a write that came through, while its marks could not be read. */
  unverified(outgoing: Outgoing, error: unknown): unknown;
  /** The error of a write, as the store tells it. */
  refused(outgoing: Outgoing, error: unknown): unknown;
}

/** A write with a guess of its namespaces' state, which waits for its own reply, and then for the marks that were read behind it. */
export class CoherentWrite<Outgoing> implements MemcachedReceiver, StateWaiter {
  readonly #writer: GuessedWriter<Outgoing>;
  readonly #outgoing: Outgoing;
  readonly #guess: NamespaceState;
  readonly #turn: TurnState;
  readonly #resolve: Resolve;
  readonly #reject: (error: unknown) => void;
  #version = 0;

  constructor(
    writer: GuessedWriter<Outgoing>,
    outgoing: Outgoing,
    guess: NamespaceState,
    turn: TurnState,
    resolve: Resolve,
    reject: (error: unknown) => void,
  ) {
    this.#writer = writer;
    this.#outgoing = outgoing;
    this.#guess = guess;
    this.#turn = turn;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  resolve({ reply }: MemcachedAnswer): void {
    this.#version = versionOf(this.#guess.versionBase, casOf(reply.flags));
    this.#turn.tell(this);
  }

  reject(error: unknown): void {
    this.#reject(this.#writer.refused(this.#outgoing, error));
  }

  onState(state: NamespaceState | undefined): void {
    if (isSameState(this.#guess, state)) this.#resolve({ stored: true, version: this.#version });
    else this.#resolve(this.#writer.writeAnew(this.#outgoing));
  }

  onStateError(error: unknown): void {
    this.#reject(this.#writer.unverified(this.#outgoing, error));
  }
}

/** Whether two states are one: nothing was cleared or lost between them. */
export function isSameState(one: NamespaceState | undefined, other: NamespaceState | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return isSameMark(one.mark, other.mark) && one.versionBase === other.versionBase;
}
