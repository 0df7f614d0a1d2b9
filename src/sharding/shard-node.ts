import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import type { BackendHost } from "../backend/registry.ts";
import { type BreakerSettings, CircuitBreaker } from "../foundation/circuit-breaker.ts";
import {
  BackendOverloadedError,
  BackendTimeoutError,
  BackendUnavailableError,
  OutcomeUnknownError,
} from "../foundation/errors.ts";
import { SharedAttempt } from "./shared-attempt.ts";

/** A store that keys are spread over. */
export interface ShardedNode {
  /** Its identity; see `PickerNode.name`. */
  readonly name: string;
  readonly backend: Backend;
  /** Its share, relative to the others'; > 0. Default: 1. */
  readonly weight?: number | undefined;
}

/** What a node is made of, besides the store. */
export interface ShardNodeParts {
  readonly host: Pick<BackendHost, "clock" | "random" | "onNotice">;
  readonly breaker: BreakerSettings;
  /** Called after the store was connected and before anything is asked of it; a failure leaves the node unconnected. */
  readonly onConnected: (node: ShardNode) => Promise<void>;
  /** Called after everything was removed from the store, records included. */
  readonly onEmptied: (node: ShardNode) => Promise<void>;
  /** Told when the breaker opens. */
  readonly onDead: (node: ShardNode) => void;
}

/**
 * One store with its breaker and its connection. A node that cannot be connected at the start is tried again by the first call that the
 * breaker lets through.
 */
export class ShardNode {
  readonly name: string;
  readonly weight: number;
  readonly backend: Backend;
  readonly breaker: CircuitBreaker;
  readonly #parts: ShardNodeParts;
  #isOpen = false;
  readonly #opening = new SharedAttempt((signal) => this.#openStore(signal));
  #isConnected = false;
  readonly #connecting = new SharedAttempt((signal) => this.#connect(signal));

  constructor({ name, backend, weight = 1 }: ShardedNode, parts: ShardNodeParts) {
    this.name = name;
    this.backend = backend;
    this.weight = weight;
    this.#parts = parts;
    const { clock, random, onNotice } = parts.host;
    this.breaker = new CircuitBreaker({
      ...parts.breaker,
      clock,
      random,
      onChange: (state) => {
        onNotice?.({ kind: "breaker", node: name, state });
        if (state === "open") parts.onDead(this);
      },
    });
  }

  /** Whether the store was connected and looked at. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /**
   * Asks the store something, unless its breaker is open.
   *
   * @throws BackendUnavailableError at once while the breaker is open; what the store rejects with
   */
  async call<T>(
    operation: string,
    context: OperationContext,
    invoke: (backend: Backend) => MaybePromise<T>,
  ): Promise<T> {
    const pass = this.breaker.enter();
    if (pass === undefined) throw this.unavailable(operation, "its breaker is open after calls that were not answered");
    try {
      if (!this.#isConnected) await this.connect(context);
      const answer = await invoke(this.backend);
      this.breaker.succeeded(pass);
      return answer;
    } catch (error) {
      this.#record(pass, error, context);
      throw error;
    }
  }

  /**
   * Opens the store without looking at what it holds; callers share the attempt. Does nothing when that was done. Rejects with the signal's reason when the
   * caller leaves; the attempt goes on for the others.
   */
  async open({ signal }: OperationContext): Promise<void> {
    if (!this.#isOpen) await this.#opening.join(signal);
  }

  /** Opens the store and makes it fit to serve; as {@link ShardNode.open}. */
  async connect({ signal }: OperationContext): Promise<void> {
    if (!this.#isConnected) await this.#connecting.join(signal);
  }

  /** Asks the store itself, past the breaker and before it counts as connected: for what must happen first. */
  async ask<T>(invoke: (backend: Backend) => MaybePromise<T>): Promise<T> {
    return invoke(this.backend);
  }

  /** To be called after everything was removed from the store. */
  async emptied(): Promise<void> {
    await this.#parts.onEmptied(this);
  }

  /** An error that says that this node cannot be asked. */
  unavailable(operation: string, reason: string): BackendUnavailableError {
    return new BackendUnavailableError(this.name, operation, `${this.name}: "${operation}" was not tried: ${reason}.`);
  }

  async #openStore(signal: AbortSignal): Promise<void> {
    await this.backend.connect?.({ signal });
    this.#isOpen = true;
  }

  async #connect(signal: AbortSignal): Promise<void> {
    await this.open({ signal });
    await this.#parts.onConnected(this);
    this.#isConnected = true;
  }

  #record(pass: number, error: unknown, context: OperationContext): void {
    const isCallers = context.signal?.aborted === true && error === context.signal.reason;
    if (isSilence(error)) this.breaker.failed(pass);
    // A queue that is full is this process's own: the node was not asked.
    else if (isCallers || error instanceof BackendOverloadedError) this.breaker.abandoned(pass);
    // An error is an answer too: the node lives.
    else this.breaker.succeeded(pass);
  }
}

/** Whether an error says that a node did not answer. */
function isSilence(error: unknown): boolean {
  return (
    error instanceof BackendTimeoutError ||
    error instanceof BackendUnavailableError ||
    error instanceof OutcomeUnknownError
  );
}
