import type { LoadTier, LoadToken, ReplacedEntry, TierContext } from "../backend/load-tier.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";
import type { Clock } from "../foundation/clock.ts";
import type { RandomSource } from "../foundation/random-source.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import type { Load, StandIn } from "./load.ts";

/** Pauses between two looks at a key that somebody else loads: the first, and the longest, in ms. */
const FIRST_LOOK_MS = 20;
const LONGEST_LOOK_MS = { polled: 500, watched: 2_000 } as const;
const LOOK_GROWTH = 1.6;

/** What a process gets that wants to load a key. */
export type FleetLease =
  /** Somebody else's result, asked for at a monotonic instant in ms. */
  | { readonly kind: "found"; readonly entry: StoredEntry; readonly askedAtMs: number }
  /** The leave to load. */
  | { readonly kind: "granted"; readonly token: LoadToken; readonly replaced: ReplacedEntry | undefined }
  /** Somebody else loads, and this load does not wait for others. */
  | { readonly kind: "taken" }
  /** Nobody waits any more. */
  | { readonly kind: "left" };

/** What asking a fleet needs. */
export interface FleetPorts {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
  /** Calls the tier within the cache's deadlines. */
  readonly ask: <T>(operation: string, invoke: (tier: LoadTier, context: TierContext) => Promise<T>) => Promise<T>;
  readonly watchKey: LoadTier["watchKey"];
}

/** How long a token keeps the fleet from loading. */
export interface FleetLeaseOptions {
  readonly tokenMs: number;
  /** Whether to take the leave from who has it, and to load also what lives; see `LoadLeaseRequest.takesOver`. */
  readonly takesOver: boolean;
  /** Whether to wait while somebody else loads. */
  readonly waits: boolean;
  /** Told once when somebody else loads. */
  readonly onHeldUp: (() => void) | undefined;
}

/**
 * Gets the leave to load a key, or what another process loaded: one of a fleet loads, the others wait. Who waits is woken where the tier has messages, and looks by itself
 * as well, more and more rarely, for messages get lost and loaders die: then their lease ends and one of those who wait takes over.
 *
 * @throws what the tier throws: then the caller is on its own
 */
export async function leaseFromFleet(load: Load, options: FleetLeaseOptions, ports: FleetPorts): Promise<FleetLease> {
  const { storedKey } = load;
  const bell = new Bell(ports, load);
  const { tokenMs, takesOver, waits } = options;
  let { onHeldUp } = options;
  try {
    for (let lookMs = FIRST_LOOK_MS; ; lookMs *= LOOK_GROWTH) {
      const askedAtMs = ports.clock.monotonicMs();
      const lease = await ports.ask("getOrLease", async (tier, context) => {
        const answer = await tier.getOrLease(storedKey, { tokenMs, takesOver }, context);
        if (context.isAbandoned === true && answer.kind === "token") giveBack(tier, storedKey, answer.token);
        return answer;
      });
      if (lease.kind === "hit") return { kind: "found", entry: lease.entry, askedAtMs };
      if (lease.stale !== undefined && !load.isOver) load.offer(toStandIn(lease.stale, askedAtMs));
      if (lease.kind === "token") return { kind: "granted", token: lease.token, replaced: lease.replaced };
      if (!waits) return { kind: "taken" };
      onHeldUp?.();
      onHeldUp = undefined;
      if (load.isOver) return { kind: "left" };
      await bell.wait(storedKey, lookMs, lease.remainingMs);
      if (load.isOver) return { kind: "left" };
    }
  } finally {
    bell.stop();
  }
}

/** Field by field: an entry's value may be read only when it is asked for, and is then none of its own properties. */
function toStandIn({ value, version, tags, expiresAt }: StoredEntry, askedAtMs: number): StandIn {
  return { value, version, tags, expiresAt, askedAtMs };
}

/** A leave that came when nobody waited for it any more would keep everybody from loading for its time. */
function giveBack(tier: LoadTier, storedKey: string, token: LoadToken): void {
  // Where that fails, its time ends it.
  tier.release(storedKey, token, {}).catch(() => undefined);
}

/** Wakes one who waits: by a message, after a while, and when the load is over. */
class Bell {
  readonly #ports: FleetPorts;
  #stopWatching: (() => void) | undefined;
  #hasRung = false;
  #wake: (() => void) | undefined;

  constructor(ports: FleetPorts, load: Load) {
    this.#ports = ports;
    const ring = (): void => this.#ring();
    load.settled.then(ring, ring);
  }

  async wait(storedKey: string, lookMs: number, remainingMs: number): Promise<void> {
    const { scheduler, random, watchKey } = this.#ports;
    if (watchKey !== undefined) this.#stopWatching ??= watchKey(storedKey, () => this.#ring());
    const longestMs = watchKey === undefined ? LONGEST_LOOK_MS.polled : LONGEST_LOOK_MS.watched;
    // Jitter, so that those who began to wait together do not look together; and nobody sleeps beyond the lease.
    const pauseMs = Math.min(Math.min(lookMs, longestMs) * (0.75 + random.next() / 2), remainingMs + 1);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#hasRung) {
        resolve();
        return;
      }
      const timer = scheduler.after(pauseMs, resolve, true);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#wake = undefined;
    this.#hasRung = false;
  }

  stop(): void {
    this.#stopWatching?.();
  }

  #ring(): void {
    this.#hasRung = true;
    this.#wake?.();
  }
}
