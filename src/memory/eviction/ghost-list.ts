import { SlotLinks, SlotList } from "./slot-list.ts";

/**
 * The hashes of keys that left not long ago, oldest forgotten first. A collision only means that a key is taken for
 * another one that was here. All O(1) but `resize` and `clear`.
 */
export class GhostList {
  readonly #order = new SlotList(new SlotLinks());
  readonly #nodeOf = new Map<number, number>();
  readonly #hashes: number[] = [];
  readonly #freeNodes: number[] = [];
  #capacityCount: number;

  constructor(capacityCount: number) {
    this.#capacityCount = capacityCount;
  }

  /** How many hashes are remembered. */
  get size(): number {
    return this.#order.size;
  }

  /** Remembers a hash as the newest. */
  add(hash: number): void {
    this.take(hash);
    if (this.#capacityCount < 1) return;
    this.#trim(this.#capacityCount - 1);
    const node = this.#freeNodes.pop() ?? this.#hashes.length;
    this.#hashes[node] = hash;
    this.#nodeOf.set(hash, node);
    this.#order.pushFront(node);
  }

  /** Forgets a hash. @returns whether it was remembered */
  take(hash: number): boolean {
    const node = this.#nodeOf.get(hash);
    if (node === undefined) return false;
    this.#nodeOf.delete(hash);
    this.#order.remove(node);
    this.#freeNodes.push(node);
    return true;
  }

  /** Remembers up to `capacityCount` from now on. */
  resize(capacityCount: number): void {
    this.#capacityCount = capacityCount;
    this.#trim(capacityCount);
  }

  /** Forgets all. */
  clear(): void {
    this.#trim(0);
  }

  /** Throws when the order and the table differ. O(n). */
  checkInvariants(): void {
    this.#order.checkInvariants();
    if (this.#order.size > Math.max(0, this.#capacityCount)) throw new Error("ghost list: above its capacity");
    if (this.#order.size !== this.#nodeOf.size) throw new Error("ghost list: order and table differ in size");
    for (const node of this.#order.toArray()) {
      if (this.#nodeOf.get(this.#hashes[node] as number) !== node) throw new Error(`ghost list: node ${node} is lost`);
    }
  }

  #trim(size: number): void {
    while (this.#order.size > size) this.take(this.#hashes[this.#order.back] as number);
  }
}
