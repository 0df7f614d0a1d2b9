import { CACHE_EVENT_NAMES } from "../events/cache-events.ts";
import { InvalidArgumentError } from "../foundation/errors.ts";

/**
 * Refuses events that do not exist and listeners that are no functions.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION`
 */
export function assertListener(event: unknown, listener: unknown): void {
  if (!CACHE_EVENT_NAMES.has(event as never)) {
    const known = [...CACHE_EVENT_NAMES].join(", ");
    throw new InvalidArgumentError("GCX_ARGUMENT_OPTION", "event", `There is no such event. Known: ${known}.`);
  }
  if (typeof listener !== "function") {
    throw new InvalidArgumentError("GCX_ARGUMENT_OPTION", "listener", "A listener must be a function.");
  }
}
