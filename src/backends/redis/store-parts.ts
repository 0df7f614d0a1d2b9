import type { CounterRequest } from "../../backend/counter.ts";
import type { RedisClient } from "../../clients/redis/redis-client.ts";
import type { Clock } from "../../foundation/clock.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import type { ChangeChannels } from "./change-channels.ts";
import type { SharedKeys } from "./redis-key-layout.ts";

/** What the parts of a Redis store share. */
export interface StoreParts {
  /** Name of the store, for messages. */
  readonly name: string;
  readonly client: RedisClient;
  readonly keys: SharedKeys;
  /** Where changes are told. */
  readonly channels: ChangeChannels;
  /** Number of the database, known once the store is connected. */
  readonly database: () => number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** A text that no other call in the world ever returns. */
  readonly unique: () => string;
  /** The request with an operation id, where the client would send it twice without anybody knowing. */
  readonly withOpId: (request: CounterRequest) => CounterRequest;
}
