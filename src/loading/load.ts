import { resolveTags } from "../entry/tag.ts";
import { waitWithin } from "../foundation/deadline.ts";
import { LoaderError } from "../foundation/errors.ts";
import type { ScheduledTask, Scheduler } from "../foundation/scheduler.ts";
import { type Fed, LoaderRun } from "./loader-run.ts";

/** What a load is started with. */
export interface LoadOptions {
  readonly storedKey: string;
  /** Tags declared by the call; `addTags` adds more. */
  readonly tags: readonly string[];
  /** How long the load may run before everybody gives up on it; `Infinity`: for ever. */
  readonly hardTimeoutMs: number;
  /** Monotonic instant of the start. */
  readonly startedAtMs: number;
  readonly scheduler: Scheduler;
  /** Told once when nobody waits any more, or the hard timeout passed. The argument is the reason to abort with. */
  readonly onGivenUp: (load: Load, reason: unknown) => void;
  /** Told once when it is detached. */
  readonly onDetached: (load: Load) => void;
}

/** What can stand in for the result of a load: the entry that it replaces, live or over. */
export interface StandIn {
  readonly value: unknown;
  readonly version: number;
  /** The tags it was stored with; they go on when the source says that it is still right. */
  readonly tags: readonly string[];
  /** Wall-clock instant at which it ends, or ended, in ms. */
  readonly expiresAt: number;
  /** Monotonic instant, in ms, at which it was not asked for yet: who called later cannot know from it that nothing has ended it before the call. */
  readonly askedAtMs: number;
}

/** How a caller waits for a load. */
export interface WaitOptions {
  readonly signal: AbortSignal | undefined;
  /** From now; `Infinity`: no limit of the caller's own. */
  readonly hardTimeoutMs: number;
}

/**
 * One running load of one key and those who wait for it.
 *
 * ```text
 * running ──settle──▶ settled            everybody has the result
 *    │ detach                            (stays running: its result goes to its own callers, is stored nowhere,
 *    ▼                                    and later callers start a new load)
 * detached ─settle──▶ settled
 *    │ last waiter leaves, or hard timeout
 *    ▼
 * given up                               the loader's signal is aborted; what it still returns is ignored
 * ```
 */
export class Load implements Fed {
  readonly storedKey: string;
  readonly startedAtMs: number;
  /** Monotonic instant after which everybody gives up; `Infinity`: never. */
  readonly endsAtMs: number;
  readonly #tags: Set<string>;
  readonly #scheduler: Scheduler;
  readonly #onGivenUp: (load: Load, reason: unknown) => void;
  readonly #onDetached: (load: Load) => void;
  readonly #result: Promise<unknown>;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;
  #timer: ScheduledTask | undefined;
  #waiters = 0;
  #isPinned = false;
  /** The loader's result, while it is on its way to the store. */
  #loaded: { readonly value: unknown } | undefined;
  #standIn: StandIn | undefined;
  /** What may stand in for those who wait: tags by version. */
  readonly #standing = new Map<number, readonly string[]>();
  #currentAtMs: number;
  #confirming: Promise<void> | undefined;
  readonly #onStandIn = new Set<() => void>();
  #onUnstored: (() => void) | undefined;
  #run = new LoaderRun();
  #isDetached = false;
  #isSealed = false;
  #isOver = false;
  #timeout: unknown;

  constructor(options: LoadOptions) {
    this.storedKey = options.storedKey;
    this.startedAtMs = options.startedAtMs;
    this.endsAtMs = options.startedAtMs + options.hardTimeoutMs;
    this.#currentAtMs = options.startedAtMs;
    this.#run.enter();
    this.#tags = new Set(options.tags);
    this.#scheduler = options.scheduler;
    this.#onGivenUp = options.onGivenUp;
    this.#onDetached = options.onDetached;
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Every waiter may have left when the loader throws; that is no unhandled rejection.
    this.#result.catch(() => undefined);
  }

  /** Starts the hard timeout's clock. Separate from construction so that nothing starts there. */
  start(hardTimeoutMs: number): void {
    if (hardTimeoutMs === Number.POSITIVE_INFINITY) return;
    const giveUp = (): void => {
      this.#timeout = loaderTimeout(hardTimeoutMs);
      this.giveUp(this.#timeout);
    };
    this.#timer = this.#scheduler.after(hardTimeoutMs, giveUp, true);
  }

  /** Whether an error is this load's own hard timeout, and neither that of one who waited nor one that its loader threw, as a loader does which asks for another key. */
  isOwnTimeout(error: unknown): boolean {
    return error !== undefined && error === this.#timeout;
  }

  /** Whether a write or invalidation came since it started. */
  get isDetached(): boolean {
    return this.#isDetached;
  }

  /** Whether it is settled or given up. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the loader is done and only the store has not answered. */
  get isLoaded(): boolean {
    return this.#loaded !== undefined;
  }

  /** The tags its result will carry. */
  get tags(): ReadonlySet<string> {
    return this.#tags;
  }

  /**
   * Adds tags to its result.
   *
   * @returns false when the result is on its way to the store already and lacks one of them
   * @throws InvalidArgumentError `GCX_ARGUMENT_TAG` when there would be too many
   */
  addTags(tags: readonly string[]): boolean {
    const missing = tags.filter((tag) => !this.#tags.has(tag));
    if (missing.length === 0) return true;
    if (this.#isSealed) return false;
    resolveTags([...this.#tags, ...missing]);
    for (const tag of missing) this.#tags.add(tag);
    return true;
  }

  /** Its result goes to the store with the tags it has now. Whoever gives up on the store from here on has the value all the same. */
  seal(value: unknown): void {
    this.#isSealed = true;
    this.#loaded = { value };
  }

  /** Calls back when it is given up while its result is on its way to the store: its callers have seen the value by then, and nobody knows whether it is stored. */
  onUnstored(tell: () => void): void {
    this.#onUnstored = tell;
  }

  /** It is known now that its result was right at a monotonic instant; `Infinity`: nobody can say more. */
  confirm(atMs: number): void {
    this.#currentAtMs = Math.max(this.#currentAtMs, atMs);
  }

  /** Somebody was asked whether its result is right. */
  confirmBy(answer: Promise<void>): void {
    this.#confirming = answer;
  }

  /**
   * Whether its result is known to have been right at a monotonic instant. Somebody who came while it ran may have come after a change that another process made
   * meanwhile: this one does not hear of it, but the store does, and then the result is not confirmed.
   */
  isCurrentAt(atMs: number): boolean {
    return atMs <= this.#currentAtMs;
  }

  /** As {@link Load.isCurrentAt}, after everybody has answered who was asked. */
  async wasCurrentAt(atMs: number): Promise<boolean> {
    if (!this.isCurrentAt(atMs)) await this.#confirming;
    return this.isCurrentAt(atMs);
  }

  /** It goes on when nobody waits. */
  keep(): void {
    this.#isPinned = true;
  }

  /** The entry that it replaces, as far as it is known. Whether that still stands in: {@link Load.isStanding}. */
  get standIn(): StandIn | undefined {
    return this.#standIn;
  }

  /** Tells those who wait what can stand in. */
  offer(standIn: StandIn): void {
    this.#standIn = standIn;
    this.admit(standIn);
    for (const tell of this.#onStandIn) tell();
  }

  /** The entry that it replaces goes on under another version. What had ended it has ended it under this one too; the loader knows of it all the same. */
  renameStandIn(version: number): void {
    const { standIn } = this;
    if (standIn === undefined) return;
    const renamed = { ...standIn, version };
    if (this.isStanding(standIn)) this.offer(renamed);
    else this.#standIn = renamed;
  }

  /** Somebody who waits has found what can stand in. */
  admit({ version, tags }: StandIn): void {
    this.#standing.set(version, tags);
  }

  /** Whether nothing that this process heard of has ended what can stand in. */
  isStanding({ version }: StandIn): boolean {
    return this.#standing.has(version);
  }

  /** What was found under its key was changed or deleted. */
  endStandIns(): void {
    this.#standing.clear();
  }

  /** Tags were invalidated, of what was found under its key perhaps; that need not be those of its result. */
  endStandInsWith(tags: readonly string[]): void {
    for (const [version, own] of this.#standing) {
      if (tags.some((tag) => own.includes(tag))) this.#standing.delete(version);
    }
  }

  /** Calls back when something can stand in. @returns a function that stops it */
  onOffer(tell: () => void): () => void {
    this.#onStandIn.add(tell);
    return () => void this.#onStandIn.delete(tell);
  }

  /** The call of the loader that feeds it: its own, unless {@link Load.feedFrom} says otherwise. */
  get run(): LoaderRun {
    return this.#run;
  }

  /** It is fed by a call that feeds others too. */
  feedFrom(run: LoaderRun): void {
    this.#run.leave();
    run.enter();
    this.#run = run;
  }

  /** Marks it so that its result is stored nowhere. */
  detach(): void {
    if (this.#isDetached) return;
    this.#isDetached = true;
    this.#onDetached(this);
  }

  /**
   * Waits for the result. A caller without limits of its own shares one promise with all others like it, which makes
   * joining cheap; a caller with a signal can leave, and when the last one has left the load is given up.
   */
  wait(options: WaitOptions, nowMs: number): Promise<unknown> {
    const isBoundByLoad = nowMs + options.hardTimeoutMs >= this.endsAtMs;
    if (options.signal === undefined && isBoundByLoad) {
      this.#isPinned = true;
      return this.#result;
    }
    this.#waiters += 1;
    const timeout = new WaitTimeout();
    const limits = {
      signal: options.signal,
      timeoutMs: isBoundByLoad ? Number.POSITIVE_INFINITY : options.hardTimeoutMs,
      onTimeout: () => timeout,
      scheduler: this.#scheduler,
    };
    return waitWithin(this.#result, limits)
      .catch((error: unknown) => {
        if (error !== timeout) throw error;
        return this.#takeLoaded(options.hardTimeoutMs);
      })
      .finally(() => this.#leave());
  }

  /** What who can wait no longer has: the value, if only the store has not answered yet. @throws LoaderError `GCX_LOADER_TIMEOUT` */
  #takeLoaded(waitedMs: number): unknown {
    if (this.#loaded === undefined) throw loaderTimeout(waitedMs);
    this.#onUnstored?.();
    return this.#loaded.value;
  }

  /** Settles with the load, without counting as a waiter. */
  get settled(): Promise<unknown> {
    return this.#result;
  }

  /** Hands the result to everybody. Without effect when it is over. */
  resolve(value: unknown): void {
    if (this.#end()) this.#resolve(value);
  }

  /** Hands the failure to everybody. Without effect when it is over. */
  reject(error: unknown): void {
    if (this.#end()) this.#reject(error);
  }

  /**
   * Ends the wait of everybody, and tells the owner to abort the loader. Those who wait get an error, or the value if only the store has not answered yet. Without
   * effect when it is over.
   */
  giveUp(reason: unknown): void {
    if (this.#isOver) return;
    if (this.#loaded === undefined) this.reject(reason);
    else {
      this.resolve(this.#loaded.value);
      this.#onUnstored?.();
    }
    this.#onGivenUp(this, reason);
  }

  #leave(): void {
    this.#waiters -= 1;
    if (this.#waiters > 0 || this.#isPinned || this.#isOver) return;
    this.giveUp(new DOMException("Every caller of this load has left.", "AbortError"));
  }

  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#run.leave();
    this.#timer?.cancel();
    this.#onStandIn.clear();
    return true;
  }
}

/** Says which wait is over. */
class WaitTimeout {}

function loaderTimeout(hardTimeoutMs: number): LoaderError {
  return new LoaderError(
    "GCX_LOADER_TIMEOUT",
    `The loader did not finish within its hard timeout of ${Math.round(hardTimeoutMs)} ms. Raise hardTimeout or look at the source.`,
  );
}
