import type { Clock } from "../../foundation/clock.ts";
import type { OwnerAnswers } from "./owner-request.ts";

type Slice = OwnerAnswers["scan"];

/** Lists that are being read, at most; the one that was read longest ago ends for a new one. */
const MAX_OPEN = 64;
/** Who does not ask for so long, in ms, asks no more. */
const IDLE_MS = 30_000;

/** Lists of keys that other nodes read slice by slice. */
export class OwnedScans {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #open = new Map<number, { readonly keys: AsyncIterator<readonly string[]>; usedAtMs: number }>();
  #count = 0;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** Begins to read a list. */
  open(keys: AsyncIterable<readonly string[]>): Promise<Slice> {
    const nowMs = this.#clock.monotonicMs();
    for (const [cursor, { usedAtMs }] of this.#open) {
      if (this.#open.size >= MAX_OPEN || nowMs - usedAtMs > IDLE_MS) this.end(cursor);
      else break;
    }
    this.#count += 1;
    return this.#read(this.#count, keys[Symbol.asyncIterator]());
  }

  /** The next slice. `cursor` 0: it was the last. @throws Error for a list that is not open any more */
  next(cursor: number): Promise<Slice> {
    const open = this.#open.get(cursor);
    if (open === undefined) return Promise.reject(new Error("The list of keys is not open any more. List them anew."));
    this.#open.delete(cursor);
    return this.#read(cursor, open.keys);
  }

  /** Nobody reads on. */
  end(cursor: number): boolean {
    const open = this.#open.get(cursor);
    if (open === undefined) return false;
    this.#open.delete(cursor);
    void open.keys.return?.()?.catch(() => undefined);
    return true;
  }

  /** Ends all. */
  close(): void {
    for (const cursor of [...this.#open.keys()]) this.end(cursor);
  }

  async #read(cursor: number, keys: AsyncIterator<readonly string[]>): Promise<Slice> {
    const { done, value } = await keys.next();
    if (done === true) return { keys: [], cursor: 0 };
    this.#open.set(cursor, { keys, usedAtMs: this.#clock.monotonicMs() });
    return { keys: value, cursor };
  }
}
