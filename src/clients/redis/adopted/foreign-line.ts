import { waitUnlessAborted } from "../../../foundation/deadline.ts";
import type { RedisLine, RedisLineEvents } from "../redis-line.ts";

/** A connection of the user's library that is ours and hears a channel, as far as a line needs it. */
export interface ForeignLine {
  /** Connects and subscribes. */
  start(): Promise<unknown>;
  ping(): Promise<unknown>;
  /** Ends it, connected or not. */
  end(): void;
  /** Calls back when it is gone. */
  onLost(listener: (error: unknown) => void): void;
}

/** Opens a line over a connection of the user's library; ends it when the signal is aborted before it is there. */
export async function openForeignLine(
  line: ForeignLine,
  events: RedisLineEvents,
  signal: AbortSignal,
): Promise<RedisLine> {
  line.onLost((error) => {
    line.end();
    events.onLost(error);
  });
  try {
    signal.throwIfAborted();
    await waitUnlessAborted(line.start(), signal);
  } catch (error) {
    line.end();
    throw error;
  }
  return { isCurrent: () => true, ping: () => line.ping(), close: () => line.end() };
}
