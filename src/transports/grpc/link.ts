import type { Clock } from "../../foundation/clock.ts";
import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";
import type { GrpcStream } from "./grpc-library.ts";
import { decodeFrame, type Frame } from "./wire/frame.ts";

/** How long an end that was agreed on may take. */
const FINISH_MS = 500;

/** Who is told of a link. Must not throw. */
export interface LinkListener {
  /** A frame came. */
  onFrame(frame: Frame): void;
  /** More can be written. */
  onDrain(): void;
  /** The link is over; told once. `error`: why, when nobody wanted it. */
  onEnded(error: Error | undefined): void;
}

/** What a link is made of. */
export interface LinkParts {
  readonly stream: GrpcStream;
  /** Whether this node dialed. */
  readonly isDialed: boolean;
  /** Where the other end is, as far as it is known. */
  readonly remote: string;
  /** Gives the stream up at once, without a word that could wait in a buffer. */
  readonly abandon: (error: Error | undefined) => void;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly scheduler: Pick<Scheduler, "after">;
}

/**
 * One stream to another node, whoever dialed it.
 *
 * ```text
 * open ──finish()──▶ finishing ──(other end is done, or FINISH_MS)──▶ ended
 *   └──────────(end, error, abort())──────────────────────────────────▶ ended
 * ```
 *
 * - open: frames go both ways
 * - finishing: nothing is written any more; what the other end has on its way still comes
 * - ended: nothing is told any more
 */
export class Link {
  readonly isDialed: boolean;
  readonly remote: string;
  /** Monotonic instant of the last frame, in ms. */
  heardAtMs: number;
  readonly #parts: LinkParts;
  #listener: LinkListener;
  #state: "open" | "finishing" | "ended" = "open";
  #isWritable = true;
  #timer: ScheduledTask | undefined;

  constructor(parts: LinkParts, listener: LinkListener) {
    const { stream, isDialed, remote, clock } = parts;
    this.#parts = parts;
    this.#listener = listener;
    this.isDialed = isDialed;
    this.remote = remote;
    this.heardAtMs = clock.monotonicMs();
    stream.on("data", (bytes) => this.#receive(bytes));
    stream.on("drain", () => this.#drained());
    stream.on("error", (error) => this.#end(error));
    stream.on("cancelled", () => this.#end(new Error("the connection was lost or the other end gave it up")));
    stream.on("end", () => this.#otherEndFinished());
    stream.on("close", () => this.#end(undefined));
  }

  /** Whether a frame can be sent without being kept in memory here. */
  get isWritable(): boolean {
    return this.#isWritable && this.#state === "open";
  }

  /** Whether frames are sent no more. */
  get isOver(): boolean {
    return this.#state !== "open";
  }

  /** Who is told from now on. */
  set listener(listener: LinkListener) {
    this.#listener = listener;
  }

  /** Sends a frame, if the link is open. */
  send(frame: Buffer): void {
    if (this.#state === "open") this.#isWritable = this.#parts.stream.write(frame);
  }

  /** Ends the link when the other end has sent what is on its way. */
  finish(): void {
    if (this.#state !== "open") return;
    this.#state = "finishing";
    // Who accepted waits for the other end: its end is a status, with which the call is over at once, and what comes in would be thrown away.
    if (this.isDialed) this.#parts.stream.end();
    this.#timer = this.#parts.scheduler.after(FINISH_MS, () => this.abort(undefined));
  }

  /** Sends what was written, and ends the link. What is on its way to here is lost. */
  leave(): void {
    this.finish();
    if (this.#state === "finishing") this.#parts.stream.end();
  }

  /** Ends the link at once. `error`: why. */
  abort(error: Error | undefined): void {
    if (this.#state === "ended") return;
    this.#end(error);
  }

  #receive(bytes: Buffer): void {
    if (this.#state === "ended") return;
    this.heardAtMs = this.#parts.clock.monotonicMs();
    let frame: Frame;
    try {
      frame = decodeFrame(bytes);
    } catch (error) {
      // Nothing that follows can be trusted: who sends it speaks something else, or is broken.
      this.abort(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#listener.onFrame(frame);
  }

  #drained(): void {
    this.#isWritable = true;
    if (this.#state === "open") this.#listener.onDrain();
  }

  #otherEndFinished(): void {
    if (this.#state !== "ended") this.#parts.stream.end();
    this.#end(undefined);
  }

  #end(error: Error | undefined): void {
    if (this.#state === "ended") return;
    const wasWanted = this.#state === "finishing";
    this.#state = "ended";
    this.#timer?.cancel();
    this.#parts.abandon(error);
    this.#listener.onEnded(wasWanted ? undefined : error);
  }
}
