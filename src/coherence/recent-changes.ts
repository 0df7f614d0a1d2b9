/** What was heard of a name. */
interface RecentChange {
  readonly version: number;
  readonly atMs: number;
}

/** Names that are remembered; with more of them everything counts as changed just now. */
const MAX_NAMES = 16_384;

const NEVER = Number.NEGATIVE_INFINITY;

/**
 * What this process knows to have changed, before the chain of changes says so: what it wrote itself, what others told out of order, what an answer has shown. A copy from elsewhere that is older is refused, until a
 * probe was sent after it was heard of: from then on the chain has it.
 *
 * So nothing has to be remembered for longer than a proof lasts. Two maps take turns, so that forgetting costs nothing.
 */
export class RecentChanges {
  readonly #keepMs: number;
  #young = new Map<string, RecentChange>();
  #old = new Map<string, RecentChange>();
  #turnedAtMs = NEVER;
  #allAtMs = NEVER;

  /** @param keepMs how long a proof lasts */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** A name was changed. `version`: what it has since, at least; infinity where nobody said. `atMs`: now, monotonic. */
  note(name: string, version: number, atMs: number): void {
    this.#turn(atMs);
    const before = this.#find(name);
    this.#young.set(name, { version: Math.max(version, before?.version ?? 0), atMs });
    if (this.#young.size > MAX_NAMES) this.noteAll(atMs);
  }

  /** Anything may have been changed. */
  noteAll(atMs: number): void {
    this.#allAtMs = atMs;
    this.#young.clear();
    this.#old.clear();
  }

  /** Whether nothing that was heard of a name contradicts a copy of this head that a probe of this instant proves. */
  allows(name: string, head: number, provenAtMs: number): boolean {
    if (provenAtMs < this.#allAtMs) return false;
    const change = this.#find(name);
    return change === undefined || head >= change.version || provenAtMs >= change.atMs;
  }

  #find(name: string): RecentChange | undefined {
    return this.#young.get(name) ?? this.#old.get(name);
  }

  #turn(atMs: number): void {
    if (atMs - this.#turnedAtMs < this.#keepMs) return;
    this.#turnedAtMs = atMs;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
