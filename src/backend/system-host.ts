import { systemClock } from "../foundation/clock.ts";
import { systemRandom } from "../foundation/random-source.ts";
import { systemScheduler } from "../foundation/scheduler.ts";
import type { BackendHost } from "./registry.ts";

/** The platform's time, chance and timers, for a store that is made outside of a cache. Nobody listens to what it tells. */
export const systemHost: BackendHost = Object.freeze({
  clock: systemClock,
  random: systemRandom,
  scheduler: systemScheduler,
  onRemoval: () => undefined,
});
