import { GocachexError, type GocachexErrorOptions } from "../../foundation/errors.ts";

/** What is wrong with an outbox itself: its database, one of its rows, or that it is closed. Failures of the cache keep their own classes. */
export class OutboxError extends GocachexError {
  constructor(
    code: "GCX_OUTBOX_DATABASE" | "GCX_OUTBOX_ROW" | "GCX_OUTBOX_CLOSED",
    message: string,
    options?: GocachexErrorOptions,
  ) {
    super(code, message, options);
    Object.defineProperty(this, "name", { value: "OutboxError", configurable: true, writable: true });
  }
}
