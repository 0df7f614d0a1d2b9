import type { Clock } from "../../foundation/clock.ts";
import type { RandomSource } from "../../foundation/random-source.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";

/** What a client tells of itself besides the answers to calls. `node` is a server's address. */
export type RedisNotice =
  /** A connection came up, or went away; `error` is why. */
  | {
      readonly kind: "connection";
      readonly node: string;
      readonly state: "connected" | "lost";
      readonly error?: unknown;
    }
  /** Something works, but with less than it should. Told once each. */
  | { readonly kind: "warning"; readonly node?: string | undefined; readonly message: string };

/** What a client needs of the process it lives in. */
export interface RedisHost {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
  /** Must not throw. */
  readonly onNotice?: ((notice: RedisNotice) => void) | undefined;
}
