import { type CheckedInvalidation, checkInvalidation } from "./invalidation.ts";
import { OutboxError } from "./outbox-error.ts";

/** Most keys in one row, so that no row, and no batch of rows, grows without bound. */
export const MAX_KEYS_PER_ROW = 250;

/**
 * The payloads of the rows that record an invalidation: one, or for many keys one for every {@link MAX_KEYS_PER_ROW} of them.
 *
 * A payload is JSON in ASCII, and open for others to write, as a trigger does. Fields that say nothing are left out:
 *
 * ```text
 * {"namespace":["shop","eu"],"keys":["user:1"],"tags":["users"],"prefix":"page:","clear":true}
 * ```
 */
export function encodePayloads(invalidation: CheckedInvalidation): readonly string[] {
  const { keys, tags, prefix, isClear, namespace } = invalidation;
  const payloads: string[] = [];
  // The first row says all that is not keys, so it is there without any.
  for (let start = 0; start === 0 || start < keys.length; start += MAX_KEYS_PER_ROW) {
    const slice = keys.slice(start, start + MAX_KEYS_PER_ROW);
    const isFirst = start === 0;
    const fields = {
      ...(namespace.length > 0 && { namespace }),
      ...(slice.length > 0 && { keys: slice }),
      ...(isFirst && tags.length > 0 && { tags }),
      ...(isFirst && prefix !== undefined && { prefix }),
      ...(isFirst && isClear && { clear: true }),
    };
    payloads.push(toAscii(JSON.stringify(fields)));
  }
  return payloads;
}

/**
 * Reads a payload back.
 *
 * @throws OutboxError `GCX_OUTBOX_ROW` when it is no JSON, or says something that no outbox of this version records
 */
export function decodePayload(payload: unknown): CheckedInvalidation {
  try {
    if (typeof payload !== "string") throw new TypeError(`The payload is of type ${typeof payload}, not text.`);
    return checkInvalidation(JSON.parse(payload));
  } catch (cause) {
    // What JSON.parse says quotes the text, and with it a key; the cause has it for those who look.
    const why = cause instanceof SyntaxError ? "its payload is no JSON" : (cause as Error).message;
    throw new OutboxError("GCX_OUTBOX_ROW", `A row of the outbox cannot be read: ${why}`, { cause });
  }
}

/** Databases differ in what their text may hold (PostgreSQL: no U+0000; no lone surrogates; whatever its encoding has); ASCII it always may. */
function toAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
