import { Buffer } from "node:buffer";
import { type RedisReply, RedisServerError } from "./redis-reply.ts";

/**
 * What the library decoded, as replies are here. The library is told to keep integers as texts, for its own are inexact beyond 2^53.
 * O(size) for arrays, which are changed in place.
 *
 * @param serverErrorClass the library's class of a server's errors, which stand inside arrays
 * @throws TypeError when it is no reply of RESP2: the other side does not speak it, or the bytes were damaged
 */
export function normalizeReply(
  value: unknown,
  serverErrorClass: new (...parameters: never[]) => Error = Error,
): RedisReply {
  if (value instanceof Buffer || value === null) return value;
  if (typeof value === "string") return readInteger(value);
  if (Array.isArray(value)) {
    const items = value as RedisReply[];
    for (let index = 0; index < items.length; index += 1) {
      const item: unknown = items[index];
      if (!(item instanceof Buffer)) items[index] = normalizeReply(item, serverErrorClass);
    }
    return items;
  }
  if (value instanceof serverErrorClass) return new RedisServerError(value.message);
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  if (typeof value === "bigint") return value;
  throw new TypeError("The server sent something that is no reply.");
}

function readInteger(text: string): number | bigint {
  if (!/^[+-]?\d{1,19}$/.test(text)) throw new TypeError("The server sent an integer that is none.");
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
