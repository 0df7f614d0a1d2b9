import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { NodeError } from "../foundation/errors.ts";

/** An entry as a watcher needs it: all but its tags. */
export interface WatchedEntry {
  /** The value; bytes as a `Buffer`, a large integer as a `bigint`. */
  readonly value: unknown;
  /** Whether `value` equals what is stored; false when JSON could only come near. */
  readonly exact: boolean;
  readonly version: number;
  /** Remaining ms; `Infinity` when it never expires. */
  readonly ttl: number;
}

/** What a look at a key brought. `same`: it still has the version that was known, and its value was not sent. */
export type EntryGlance =
  | { readonly kind: "absent" }
  | { readonly kind: "same"; readonly ttl: number }
  | { readonly kind: "entry"; readonly entry: WatchedEntry };

/**
 * Reads a node's answer to a conditional GET of a value: 304, or 200 with what is known of it in the headers.
 *
 * @throws NodeError `GCX_NODE_REQUEST` when it is no answer of a node
 */
export async function readGlance(response: IncomingMessage): Promise<EntryGlance> {
  const { headers, statusCode } = response;
  const ttlText = headers["x-gocachex-ttl"];
  if (typeof ttlText !== "string") throw foreignAnswer();
  const ttl = ttlText === "infinity" ? Number.POSITIVE_INFINITY : Number(ttlText);
  if (statusCode === 304) return { kind: "same", ttl };
  const version = Number(/^"(\d+)"$/.exec(headers.etag ?? "")?.[1]);
  if (!Number.isSafeInteger(version) || Number.isNaN(ttl)) throw foreignAnswer();
  const body = await buffer(response);
  const value = decodeBody(headers["x-gocachex-type"], body);
  return { kind: "entry", entry: { value, exact: headers["x-gocachex-exact"] !== "false", version, ttl } };
}

function decodeBody(type: string | string[] | undefined, body: Buffer): unknown {
  if (type === "bytes") return body;
  try {
    const document = JSON.parse(body.toString("utf8")) as unknown;
    return type === "bigint" ? BigInt((document as { value: string }).value) : document;
  } catch {
    throw foreignAnswer();
  }
}

function foreignAnswer(): NodeError {
  return new NodeError("GCX_NODE_REQUEST", "The answer is not from a gocachex node. Check the address.");
}
