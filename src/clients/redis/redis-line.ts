/** A connection that hears one channel. */
export interface RedisLine {
  /** Whether its server is still one where the channel is to be heard. */
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
}

/** Opens a line; it hears the channel when the promise resolves. Ends with the signal, also later. Must keep no process alive. */
export type OpenRedisLine = (channel: string, events: RedisLineEvents, signal: AbortSignal) => Promise<RedisLine>;
