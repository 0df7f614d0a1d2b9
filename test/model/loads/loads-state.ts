/** Where a load is. */
export const IDLE = 0;
export const GRANTED = 1;
export const LOADED = 2;
export const FILLING = 3;

/** A process's load of the key. */
export interface LoadState {
  phase: number;
  token: number;
  /** The clock of tags that goes with the token. */
  tagsSeen: number;
  /** The source's value that was read; 0: none yet. */
  value: number;
  /** From above: how many changes of the key were committed when it began. */
  changesAtBegin: number;
  /** Whether later readers start a load of their own. */
  isDetached: boolean;
}

/** An invalidation on its way. */
export interface EndingState {
  /** The source's value when it was called for: what is older must be over afterwards. */
  source: number;
  isCommitted: boolean;
  /** From above: which change it was, counted from 1. */
  changeNumber: number;
  /** Also ends the second call, which was made with this value at the source; 0: there is none. */
  alsoFor: number;
}

/** One key of a shared store in front of a source, and processes that load it. */
export interface LoadsState {
  /** The source's value; grows. */
  source: number;
  /** The store: value of the key (0: none), who may fill it (0: nobody), and tags. */
  value: number;
  token: number;
  tagClock: number;
  tokenCount: number;
  loads: LoadState[];
  endings: EndingState[];
  /** From above: invalidations committed, and the newest source's value from before one that is over. */
  changeCount: number;
  settledSource: number;
  /** From above: the newest change that a caller was told of. */
  settledChange: number;
  /** From above: whether a load that began before a change was stored after it. */
  isOutdatedStored: boolean;
  left: { changes: number; grants: number };
}
