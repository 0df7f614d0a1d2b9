/** What a node that is away may have missed. */
interface Absence {
  /** From when on somebody may begin to own without it (monotonic, in ms); infinity: that is counted. */
  fromMs: number;
  /** Whether this node has let anybody own since it is away, or has answered as an owner itself. */
  isUsed: boolean;
}

interface Known {
  /** The number of the last beginning without it. */
  count: number;
  /** `undefined` while it is in the view. */
  absence: Absence | undefined;
}

/** How many nodes are remembered. */
const MAX_REMEMBERED = 4_096;

/**
 * How often somebody may have begun to own shards without a node, by what this node has done and has let others do: for each node a number that is another one after each absence in which that
 * may have been.
 *
 * An absence counts from when the node went, and not from the last change of the view: who waited to act for what it gained when that node went does so when that time is over, however many
 * others have come and gone meanwhile.
 *
 * ```text
 * D and e after a loss:      A goes ├──────────────────┤ who gained A's shards acts for them
 *                                        B goes ├──────────────────┤ who gained B's does
 * told to A when it is back: as before ────────────────│ another number
 * ```
 */
export class BegunWithout {
  readonly #known = new Map<string, Known>();
  /** Of all nodes that are not remembered. */
  readonly #strangers: Absence = { fromMs: Number.POSITIVE_INFINITY, isUsed: false };
  #count = 0;
  #isViewUsed = false;
  /** When the next absence is to be counted. */
  #nextMs = Number.POSITIVE_INFINITY;

  /** The number that a node is told. Those that are met first have missed all that was begun before. */
  of(id: string): number {
    return this.#known.get(id)?.count ?? this.#count;
  }

  /** The view is another one. What the one before has led to must be counted. O(nodes remembered) @param fromMs when by this view somebody may begin, at the earliest */
  noteView(members: readonly string[], fromMs: number): void {
    this.#isViewUsed = false;
    const present = new Set(members);
    for (const [id, known] of this.#known) {
      if (!present.has(id)) known.absence ??= { fromMs, isUsed: false };
    }
    // Last, so that they are forgotten last.
    for (const id of members) {
      const count = this.of(id);
      this.#known.delete(id);
      this.#known.set(id, { count, absence: undefined });
    }
    for (const id of this.#known.keys()) {
      if (this.#known.size <= MAX_REMEMBERED) break;
      this.#known.delete(id);
    }
    if (this.#strangers.fromMs === Number.POSITIVE_INFINITY) {
      this.#strangers.fromMs = fromMs;
      this.#strangers.isUsed = false;
    }
    this.#schedule();
  }

  /** This node lets somebody own, or answers as an owner: to be called before it does. */
  noteUsed(): void {
    if (this.#isViewUsed) return;
    this.#isViewUsed = true;
    for (const absence of this.#absences()) absence.isUsed = true;
    this.#schedule();
  }

  /** All shards change at once, which waits for nobody: to be called before. */
  noteWide(): void {
    this.noteUsed();
    this.count(Number.MAX_VALUE);
  }

  /** Counts what may have begun by now: to be called before anything is told, and before the view changes. */
  count(nowMs: number): void {
    if (nowMs < this.#nextMs) return;
    this.#count += 1;
    for (const known of this.#known.values()) {
      if (known.absence !== undefined && isDue(known.absence, nowMs)) known.count = this.#count;
    }
    for (const absence of this.#absences()) if (isDue(absence, nowMs)) absence.fromMs = Number.POSITIVE_INFINITY;
    this.#schedule();
  }

  *#absences(): Generator<Absence> {
    yield this.#strangers;
    for (const { absence } of this.#known.values()) if (absence !== undefined) yield absence;
  }

  #schedule(): void {
    this.#nextMs = Number.POSITIVE_INFINITY;
    for (const { fromMs, isUsed } of this.#absences()) if (isUsed) this.#nextMs = Math.min(this.#nextMs, fromMs);
  }
}

function isDue({ fromMs, isUsed }: Absence, nowMs: number): boolean {
  return isUsed && fromMs <= nowMs;
}
