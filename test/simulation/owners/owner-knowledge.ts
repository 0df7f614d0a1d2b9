import { decodeOwnerLetter } from "../../../src/tiers/owners/owner-letter.ts";

/** Of D: a timer that is a third of it late ran last two thirds ago. */
const STANDSTILL_RATIO = 1 / 3;

/** What a process can know of whether others have owned without it: by what they have granted, and by how long it stood still. */
export class OwnerKnowledge {
  readonly #maxStalenessMs: number;
  /** When each node was asked what it has granted last. */
  readonly #askedAtMs = new Map<string, number>();
  #stoodStillAtMs = Number.NEGATIVE_INFINITY;
  #agreedAtMs = Number.NEGATIVE_INFINITY;

  constructor(maxStalenessMs: number) {
    this.#maxStalenessMs = maxStalenessMs;
  }

  /** When a node was asked what it has granted last: of nothing that was before can the next grant speak. Negative infinity: it never granted anything. */
  askedAtMs(id: string): number {
    return this.#askedAtMs.get(id) ?? Number.NEGATIVE_INFINITY;
  }

  /** Whether it stood still so long that it may have missed its loss, and not all have agreed with it since. */
  get isInDoubt(): boolean {
    return this.#stoodStillAtMs > this.#agreedAtMs;
  }

  /** A letter was read. `toMs`: from the receiver's clock to the run's. */
  noteLetter(letter: Buffer, from: string, viewId: string | undefined, toMs: (monotonicMs: number) => number): void {
    if (!letter.includes('"grant"')) return;
    const { grant } = decodeOwnerLetter(letter);
    if (grant === undefined || grant.view !== viewId) return;
    this.#askedAtMs.set(from, Math.max(this.askedAtMs(from), toMs(grant.sentAtMs)));
  }

  /** It goes on after it stood still. */
  noteStandstill(forMs: number, nowMs: number): void {
    if (forMs > STANDSTILL_RATIO * this.#maxStalenessMs) this.#stoodStillAtMs = nowMs;
  }

  /** All members of its view agree that it acts by it. */
  noteAgreed(nowMs: number): void {
    this.#agreedAtMs = nowMs;
  }
}
