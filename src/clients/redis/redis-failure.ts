import type { RedisServerError } from "./redis-reply.ts";

/**
 * Why an attempt of a call has no result.
 *
 * - `server`: the server answered with an error; what that means depends on the error.
 * - `down`: no connection can be had now; `error` is why.
 * - `unsent`: it was given to a connection that went away before a byte left; `error` is why.
 * - `stuck`: no byte left within the write deadline; the socket took nothing.
 * - `lost`: the bytes may have left, and the connection is gone; `error` is why.
 * - `timeout`: the bytes left, and no reply came before the deadline.
 * - `overloaded`: no byte left, because too much waits already; `message` says what.
 * - `invalid`: the command cannot be written; a fault of the caller.
 */
export type RedisFailure =
  | { readonly kind: "server"; readonly error: RedisServerError }
  | { readonly kind: "down" | "unsent" | "lost" | "invalid"; readonly error: unknown }
  | { readonly kind: "stuck" | "timeout" }
  | { readonly kind: "overloaded"; readonly message: string };
