import type { LetterTraces } from "../../backend/peer-mail.ts";
import type { LinkName } from "./choose-link.ts";
import { LetterQueue } from "./letter-queue.ts";
import type { Link } from "./link.ts";
import { MessageQueue, type OutgoingMessage, type QueueBounds } from "./message-queue.ts";
import { SequenceTracker, type TrackedBatch } from "./sequence-tracker.ts";
import { encodeBatch, encodeHeartbeat, encodeLetter } from "./wire/frame.ts";

/** A link, and what both ends call it. */
export interface NamedLink {
  readonly link: Link;
  readonly name: LinkName;
}

/** So many older links of a node wait for the end: more are those of a node that dials again and again. */
const MAX_OLDER_COUNT = 4;

/** One life of another node: what waits for it, what came of it, and the links to it. */
export class Peer {
  readonly id: string;
  address: string;
  /** Monotonic instant at which something was heard last, in ms. */
  heardAtMs: number = Number.NEGATIVE_INFINITY;
  /** Number of its newest dial that is known to be over. */
  endedDialNumber = 0;
  readonly #queue: MessageQueue;
  readonly #letters: LetterQueue;
  readonly #batchBytes: number;
  readonly #received = new SequenceTracker();
  /** Links that are written to no more, and are not over yet. */
  readonly #older = new Set<Link>();
  #current: NamedLink | undefined;
  /** Whether something came over the current link: then the other end writes to it, and needs no older one. */
  #isHeard = false;
  /** Whether a number came since the link is up. */
  #isCounting = false;
  #sequence: number;

  /** @param sequence number of the last message that the node may have been sent before, in this life of ours */
  constructor(id: string, address: string, sequence: number, bounds: QueueBounds, batchBytes: number) {
    this.id = id;
    this.address = address;
    this.#sequence = sequence;
    this.#queue = new MessageQueue(bounds);
    this.#letters = new LetterQueue(bounds);
    this.#batchBytes = batchBytes;
  }

  /** The link that is written to; `undefined` while there is none. */
  get current(): NamedLink | undefined {
    return this.#current;
  }

  /** Every link to it that is not over. */
  links(): readonly Link[] {
    return [...(this.#current === undefined ? [] : [this.#current.link]), ...this.#older];
  }

  /** Number of the last message that was sent, or lost. */
  get sequence(): number {
    return this.#sequence;
  }

  /** How many messages wait. */
  get queuedCount(): number {
    return this.#queue.count;
  }

  /**
   * Puts a message into the queue; without a link it is lost, and its number with it, so that the other end hears of the loss.
   *
   * @returns whether there is something to flush later
   */
  push(message: OutgoingMessage): boolean {
    if (this.#current === undefined) {
      this.#sequence += 1;
      return false;
    }
    this.#queue.push(message);
    if (this.#queue.bytes < this.#batchBytes) return true;
    this.flush();
    // What a full link does not take leaves when the link has room again.
    return this.#current.link.isWritable && this.#queue.count > 0;
  }

  /** Sends a letter, now or when the link has room. @returns false when there is no link, or too much waits */
  sendLetter(content: Uint8Array, traces?: LetterTraces): boolean {
    const link = this.#current?.link;
    if (link === undefined || link.isOver) return false;
    const frame = encodeLetter(content, traces);
    if (!link.isWritable || this.#letters.count > 0) return this.#letters.push(frame);
    link.send(frame);
    return true;
  }

  /** Sends what waits, as far as the link takes it. */
  flush(): void {
    const link = this.#current?.link;
    while (link?.isWritable && this.#letters.count > 0) link.send(this.#letters.take() as Buffer);
    while (link?.isWritable) {
      const taken = this.#queue.take(this.#batchBytes);
      if (taken === undefined) return;
      const firstSequence = this.#sequence + 1;
      this.#sequence += taken.messages.length;
      link.send(encodeBatch(firstSequence, taken.messages, taken.totalBytes));
    }
  }

  /** Tells the number of the last message. Not while the link is full: then the other end has enough to hear, or hears nothing at all. */
  beat(): void {
    const link = this.#current?.link;
    if (link?.isWritable) link.send(encodeHeartbeat(this.#sequence));
  }

  /** From now on this link is written to. */
  take(current: NamedLink): void {
    this.#current = current;
    this.#isHeard = false;
  }

  /**
   * A link is not written to, for there is a better one. Ends it once something has come over the better one. Whatever it ended by would otherwise overtake the greeting that is on its way over
   * the other: for that moment the other end would have no link, and what it is told would be lost.
   */
  retire(link: Link): void {
    this.#older.add(link);
    if (this.#isHeard) link.finish();
    for (const oldest of [...this.#older].slice(0, -MAX_OLDER_COUNT)) oldest.finish();
  }

  /** A frame came over one of its links. */
  noteFrame(link: Link): void {
    if (this.#isHeard || this.#current?.link !== link) return;
    this.#isHeard = true;
    for (const older of this.#older) older.finish();
  }

  /** A link that was not written to is over. */
  noteEnded(link: Link): void {
    this.#older.delete(link);
  }

  /** A link is up after there was none: its first number is where counting begins; that something may have been lost before is told anyway. */
  restart(): void {
    this.#isCounting = false;
  }

  /** The node says the number of its last message. @returns whether some have not come */
  noteSent(sequence: number): boolean {
    if (this.#isCounting) return this.#received.noteSent(sequence);
    this.#isCounting = true;
    this.#received.restart(sequence);
    return false;
  }

  /** Messages came from it. */
  receive(firstSequence: number, count: number): TrackedBatch {
    if (!this.#isCounting) this.noteSent(firstSequence - 1);
    return this.#received.receive(firstSequence, count);
  }

  /** The link is over: what waits is lost. No older link is gone back to: they end, so that the other end, which may write to one of them, hears of the loss at once. */
  lose(): void {
    this.#current = undefined;
    this.#letters.clear();
    this.#sequence += this.#queue.clear();
    for (const link of this.#older) link.leave();
  }
}
