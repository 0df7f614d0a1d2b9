import { type ChangeTrace, DroppedChanges } from "./dropped-changes.ts";

/** How much may wait for one node. */
export interface QueueBounds {
  readonly maxCount: number;
  readonly maxBytes: number;
}

/** What is sent in one frame. */
export interface TakenMessages {
  readonly messages: readonly Buffer[];
  readonly totalBytes: number;
}

/** A message that is to be sent. */
export interface OutgoingMessage {
  readonly bytes: Buffer;
  /** Whether it is a question or an answer between nodes. */
  readonly isControl: boolean;
  /** What is told of a change when there is no room for it. */
  readonly trace?: ChangeTrace;
}

/**
 * Messages that wait for one node: first in, first out, bounded by count and bytes.
 *
 * ```text
 * plain      ──(a push would pass a bound)──▶ collapsed
 * collapsed  ──(the head leaves)────────────▶ plain
 * ```
 *
 * Collapsed, its head tells in short what changed ({@link DroppedChanges}: the shards up to their heads), and stands for all changes that waited and those that come while it waits: each of
 * them was made before it leaves. Once it has left, nothing is put into it any more: a change after that is a message of its own. The head counts as one message and has no bytes until
 * it leaves; it is bounded by itself.
 *
 * Questions and answers between nodes ("control") are kept, after that head, as long as they fit by themselves: who asks waits.
 */
export class MessageQueue {
  readonly #bounds: QueueBounds;
  #items: OutgoingMessage[] = [];
  /** Place of the first that waits; those before have left. */
  #first = 0;
  #bytes = 0;
  /** The head of a queue that is collapsed. */
  #dropped: DroppedChanges | undefined;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  /** How many messages wait. */
  get count(): number {
    return this.#items.length - this.#first + (this.#dropped === undefined ? 0 : 1);
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Puts a message last. @returns whether the queue collapsed because of it */
  push(message: OutgoingMessage): boolean {
    const { bytes, isControl, trace } = message;
    if (this.#dropped !== undefined && !isControl) {
      this.#dropped.add(trace);
      return false;
    }
    if (this.#fits(bytes)) {
      this.#append(message);
      return false;
    }
    const wasCollapsed = this.#dropped !== undefined;
    const dropped = this.#collapse();
    if (isControl && this.#fits(bytes)) this.#append(message);
    // A question says all that the change it is about would.
    else dropped.add(isControl ? undefined : trace);
    return !wasCollapsed;
  }

  /** Takes messages from the front, as many as fit `maxBytes`, and at least one. `undefined`: none waits. */
  take(maxBytes: number): TakenMessages | undefined {
    if (this.count === 0) return undefined;
    const messages: Buffer[] = [];
    let totalBytes = 0;
    for (const bytes of this.#dropped?.encode() ?? []) {
      messages.push(bytes);
      totalBytes += bytes.length;
    }
    const headBytes = totalBytes;
    this.#dropped = undefined;
    while (this.#first < this.#items.length) {
      const { bytes } = this.#items[this.#first] as OutgoingMessage;
      if (messages.length > 0 && totalBytes + bytes.length > maxBytes) break;
      messages.push(bytes);
      totalBytes += bytes.length;
      this.#first += 1;
    }
    this.#bytes -= totalBytes - headBytes;
    this.#compact();
    return { messages, totalBytes };
  }

  /** Forgets all. @returns how many there were */
  clear(): number {
    const { count } = this;
    this.#items = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#dropped = undefined;
    return count;
  }

  #fits(bytes: Buffer): boolean {
    return this.count < this.#bounds.maxCount && this.#bytes + bytes.length <= this.#bounds.maxBytes;
  }

  #append(item: OutgoingMessage): void {
    this.#items.push(item);
    this.#bytes += item.bytes.length;
  }

  #collapse(): DroppedChanges {
    const waiting = this.#items.slice(this.#first);
    const controls = waiting.filter(({ isControl }) => isControl);
    const dropped = this.#dropped ?? new DroppedChanges();
    for (const { isControl, trace } of waiting) if (!isControl) dropped.add(trace);
    this.clear();
    this.#dropped = dropped;
    const controlBytes = controls.reduce((total, { bytes }) => total + bytes.length, 0);
    // More than half of the room taken by questions: their askers have long given up, or nobody reads. Then they go too.
    const areTooMany = controls.length > this.#bounds.maxCount / 2 || controlBytes > this.#bounds.maxBytes / 2;
    if (areTooMany) dropped.add(undefined);
    else for (const control of controls) this.#append(control);
    return dropped;
  }

  #compact(): void {
    if (this.#first === this.#items.length) {
      this.#items = [];
      this.#first = 0;
    } else if (this.#first > 1_024 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
  }
}
