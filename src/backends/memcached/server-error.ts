import { MemcachedServerError } from "../../clients/memcached/memcached-server-error.ts";
import { BackendError } from "../../foundation/errors.ts";
import { entryTooLarge, maxItemBytesOf } from "./entry-limits.ts";

/** Who answered, for messages. */
export interface ErrorSubject {
  /** Name of the store. */
  readonly name: string;
  readonly address: string;
  readonly maxItemBytes: number;
}

/** Makes of an error what the store rejects with. */
export type TranslateError = (error: unknown, operation: string) => unknown;

/** Translates the errors of one server; see {@link translateServerError}. */
export function createTranslation(
  name: string,
  client: { readonly address: string; readonly maxItemBytes: number | undefined },
): TranslateError {
  return (error, operation) => {
    if (!(error instanceof MemcachedServerError)) return error;
    return translateServerError(error, operation, {
      name,
      address: client.address,
      maxItemBytes: maxItemBytesOf(client),
    });
  };
}

/** A server's error as one of the family; all else as it is. The server's own words are the cause. */
export function translateServerError(error: unknown, operation: string, subject: ErrorSubject): unknown {
  if (!(error instanceof MemcachedServerError)) return error;
  const { name, address, maxItemBytes } = subject;
  if (/object too large/i.test(error.message)) return entryTooLarge(maxItemBytes, maxItemBytes);
  const remedy = /out of memory/i.test(error.message)
    ? "It has no memory for the item. Raise its -m, or let it evict (no -M)."
    : "The cause has its words.";
  const message = `${name}: ${address} answered "${operation}" with an error. ${remedy}`;
  return new BackendError("GCX_BACKEND_FAILED", name, operation, message, { cause: error });
}
