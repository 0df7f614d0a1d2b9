/** A question or a change of one key that is on its way to the shared store. Made before it is sent, so that whatever is heard meanwhile finds it. */
export interface WorkTicket {
  readonly key: string;
  readonly shard: number;
  /** Monotonic instant just before it was sent, in ms. */
  readonly sentAtMs: number;
  /** Life of the shard's data then. */
  readonly generation: number;
  /** Largest version of the shard heard of then. */
  readonly seenHead: number;
  /** Up to which number every invalidation of tags was applied then. */
  readonly tagHead: number;
  /** Life of a store without heads then; see `RevalidatedCopy.life`. */
  readonly life: number;
  /** Smallest head whose answer may be kept: the key's newest change heard of since. */
  minHead: number;
  /** Whether the answer may not be kept, whatever it says. */
  isVoid: boolean;
  /** Number of the log when it was made. */
  readonly logNumber: number;
}

/** What concerns more than one key. */
type WideChange =
  | { readonly kind: "tags"; readonly tags: ReadonlySet<string> }
  | { readonly kind: "clear"; readonly covers: (key: string) => boolean };

/** Wide changes that are remembered for what is on its way; work that is older than all of them is void. */
const MAX_LOG_LENGTH = 512;

/**
 * What is on its way to the shared store, by key: changes that are heard of while an answer is not here yet are noted on it, for they may be newer than the answer.
 *
 * Closes the race of a reply and an invalidation that arrive in the same moment: the ticket exists before the question leaves, and the look at it and the store of its
 * answer are one synchronous step.
 */
export class RunningWork {
  readonly #tickets = new Map<string, Set<WorkTicket>>();
  #count = 0;
  #log: WideChange[] = [];
  /** Number of the first change in the log. */
  #firstNumber = 0;

  /** How many tickets there are. */
  get count(): number {
    return this.#count;
  }

  /** Makes a ticket. To be ended whatever comes of it. */
  begin(ticket: Omit<WorkTicket, "minHead" | "isVoid" | "logNumber">): WorkTicket {
    const { key, shard, sentAtMs, generation, seenHead, tagHead, life } = ticket;
    const logNumber = this.#firstNumber + this.#log.length;
    // Named one by one: a spread costs several times as much, at each read of the store.
    const made: WorkTicket = {
      key,
      shard,
      sentAtMs,
      generation,
      seenHead,
      tagHead,
      life,
      minHead: 0,
      isVoid: false,
      logNumber,
    };
    const own = this.#tickets.get(ticket.key);
    if (own === undefined) this.#tickets.set(ticket.key, new Set([made]));
    else own.add(made);
    this.#count += 1;
    return made;
  }

  /** Ends a ticket. */
  end(ticket: WorkTicket): void {
    const own = this.#tickets.get(ticket.key);
    if (own === undefined || !own.delete(ticket)) return;
    if (own.size === 0) this.#tickets.delete(ticket.key);
    this.#count -= 1;
    if (this.#count > 0 || this.#log.length === 0) return;
    this.#firstNumber += this.#log.length;
    this.#log = [];
  }

  /** A key got this version. */
  noteChange(key: string, version: number): void {
    const own = this.#tickets.get(key);
    if (own === undefined) return;
    for (const ticket of own) if (version > ticket.minHead) ticket.minHead = version;
  }

  /** Something happened to a key, and nobody knows at which version. */
  voidKey(key: string): void {
    const own = this.#tickets.get(key);
    if (own !== undefined) for (const ticket of own) ticket.isVoid = true;
  }

  /** Of what is on its way for a ticket's key only that ticket's answer may be kept. */
  voidOthers(ticket: WorkTicket): void {
    const own = this.#tickets.get(ticket.key);
    if (own !== undefined) for (const other of own) if (other !== ticket) other.isVoid = true;
  }

  /** Keys of a shard got versions up to this one; `undefined`: nobody knows. O(questions on their way). */
  noteShard(shard: number, version: number | undefined): void {
    for (const own of this.#tickets.values()) {
      for (const ticket of own) {
        if (ticket.shard !== shard) continue;
        if (version === undefined) ticket.isVoid = true;
        else ticket.minHead = Math.max(ticket.minHead, version);
      }
    }
  }

  /** Nothing that is on its way may be kept. */
  voidAll(): void {
    for (const own of this.#tickets.values()) for (const ticket of own) ticket.isVoid = true;
  }

  /** Tags were invalidated. */
  noteTags(tags: Iterable<string>): void {
    this.#note({ kind: "tags", tags: new Set(tags) });
  }

  /** Keys were ended, those that `covers` says. */
  noteClear(covers: (key: string) => boolean): void {
    this.#note({ kind: "clear", covers });
  }

  /** Whether an answer may be kept: nothing that was heard of since the ticket was made is newer. `head` is the shard's in the moment of the answer. */
  isKeepable(ticket: WorkTicket, head: number, tags: readonly string[]): boolean {
    if (ticket.isVoid || head < ticket.minHead || ticket.logNumber < this.#firstNumber) return false;
    for (let at = ticket.logNumber - this.#firstNumber; at < this.#log.length; at += 1) {
      const change = this.#log[at] as WideChange;
      const isHit = change.kind === "clear" ? change.covers(ticket.key) : tags.some((tag) => change.tags.has(tag));
      if (isHit) return false;
    }
    return true;
  }

  #note(change: WideChange): void {
    if (this.#count === 0) return;
    this.#log.push(change);
    if (this.#log.length <= MAX_LOG_LENGTH) return;
    // Half at a time, so that a burst costs no move of the whole log for each.
    const dropped = MAX_LOG_LENGTH / 2;
    this.#log.splice(0, dropped);
    this.#firstNumber += dropped;
  }
}
