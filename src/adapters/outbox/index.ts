export type { OutboxExecute, OutboxParameter, PostgresConnection, SqliteConnection } from "./connection.ts";
export { createOutbox } from "./create-outbox.ts";
export type { Invalidation } from "./invalidation.ts";
export type { DrainResult, Outbox, OutboxBacklog, OutboxStats } from "./outbox.ts";
export { OutboxError } from "./outbox-error.ts";
export type { OutboxEventListener, OutboxEventMap, OutboxEventName } from "./outbox-events.ts";
export type {
  CustomOutboxOptions,
  OutboxOptions,
  PostgresOutboxOptions,
  SqliteOutboxOptions,
} from "./outbox-options.ts";
