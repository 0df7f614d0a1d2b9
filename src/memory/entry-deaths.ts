import type { RemovalCause } from "../entry/removal.ts";
import type { EntrySlots } from "./entry-slots.ts";
import type { EntryTags } from "./entry-tags.ts";
import type { EntryLifetimes } from "./expiry/entry-lifetimes.ts";
import type { Sweeper } from "./sweeper.ts";

/** What {@link EntryDeaths} looks at. */
export interface EntryDeathsParts {
  readonly slots: Pick<EntrySlots, "scope">;
  readonly entryTags: Pick<EntryTags, "isCurrent">;
  readonly lifetimes: Pick<EntryLifetimes, "isOver" | "standsIn">;
  readonly sweeper: Pick<Sweeper, "isPassing">;
  /** Removes the entry of a taken slot. */
  readonly remove: (slot: number, cause: RemovalCause) => void;
}

/**
 * Which entries are dead, and what becomes of them when somebody meets them: they leave, but for those whose TTL is over and whose data is to
 * stand in. Those stay, dead for everybody else, until that time is over too or an invalidation or a clear hits them.
 */
export class EntryDeaths {
  readonly #parts: EntryDeathsParts;

  constructor(parts: EntryDeathsParts) {
    this.#parts = parts;
  }

  /** Why the entry of a taken slot is dead; `undefined` when it lives. */
  causeOf(slot: number): RemovalCause | undefined {
    if (this.#parts.lifetimes.isOver(slot)) return "expired";
    return this.#isCurrent(slot) ? undefined : "invalidated";
  }

  /** The entry of a taken slot was found dead: it leaves, unless its data is to stand in. @returns whether it left */
  end(slot: number, cause: RemovalCause): boolean {
    if (cause === "expired" && this.#isCurrent(slot) && this.#parts.lifetimes.standsIn(slot)) return false;
    this.#parts.remove(slot, cause);
    return true;
  }

  /** Whether the entry of a taken slot lives; a dead one leaves, unless its data is to stand in. */
  lives(slot: number): boolean {
    const cause = this.causeOf(slot);
    if (cause !== undefined) this.end(slot, cause);
    return cause === undefined;
  }

  /** @returns whether the entry of a taken slot was dead and left */
  endIfDead(slot: number): boolean {
    const cause = this.causeOf(slot);
    return cause !== undefined && this.end(slot, cause);
  }

  /** Whether neither a clear nor an invalidation has hit the entry. Unless a sweep is passing there is none that was hit. */
  #isCurrent(slot: number): boolean {
    const { slots, entryTags, sweeper } = this.#parts;
    return !sweeper.isPassing || (entryTags.isCurrent(slot) && !slots.scope(slot).isCleared);
  }
}
