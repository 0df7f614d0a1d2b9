/** A connection that hears channels. */
export interface RedisLine {
  /** Whether its server is still one where the channels are to be heard. */
  isCurrent(): boolean;
  /** Resolves when its server answers. */
  ping(): Promise<unknown>;
  /** Ends it. Tells nobody. */
  close(): void;
}

/** What a line tells. */
export interface RedisLineEvents {
  onMessage(message: Buffer): void;
  /** It is gone; told once or more often. */
  onLost(error: unknown): void;
  /** A channel is not heard over it any more, because the server has lost its slot; the others are. */
  onMoved?(channel: string): void;
}

/** Lines to the primaries of a cluster, for channels that are kept to their slots. */
export interface RedisShardLines {
  /** Address of the primary of a slot, as far as is known; the empty text when nobody knows. */
  addressOfSlot(slot: number): string;
  /** Asks who has which slot. Rejects when nobody says. */
  refresh(): Promise<void>;
  /** Opens lines to an address, whose channels all are of slots that it has. */
  lineTo(address: string): OpenRedisLine;
}

/** Opens a line; it hears the channels when the promise resolves. Ends with the signal, also later. Must keep no process alive. */
export type OpenRedisLine = (
  channels: readonly string[],
  events: RedisLineEvents,
  signal: AbortSignal,
) => Promise<RedisLine>;
