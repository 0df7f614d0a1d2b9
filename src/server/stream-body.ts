import type { ServerResponse } from "node:http";
import { drained } from "./drained.ts";

/** Length of the pieces, in UTF-16 units, that a long text is sent in. */
const PIECE_LENGTH = 65_536;
const LEFT = "The client closed the connection.";

/**
 * Sends a piece and waits while the client is slower than we are, so that nothing piles up in memory.
 *
 * @param stallTimeoutMs how long the client may leave its side of a full connection unread before it is cut
 */
export async function writeWithBackpressure(
  response: ServerResponse,
  piece: string,
  stallTimeoutMs: number,
): Promise<void> {
  if (response.destroyed) throw new Error(LEFT);
  if (response.write(piece)) return;
  const how = await drained(response, stallTimeoutMs);
  if (how === "drained") return;
  response.destroy();
  throw new Error(how === "gone" ? LEFT : `The client read nothing for ${stallTimeoutMs} ms.`);
}

/**
 * Sends a long text in pieces and ends the answer. Besides the text itself a piece at a time is in memory, however slow the reader; sent
 * at once, all of it would be copied a second time, as bytes.
 *
 * @param stallTimeoutMs as for {@link writeWithBackpressure}
 */
export async function endWithText(response: ServerResponse, text: string, stallTimeoutMs: number): Promise<void> {
  for (let at = 0; at < text.length; ) {
    let end = Math.min(text.length, at + PIECE_LENGTH);
    // A pair of surrogates that was cut in two would be sent as two replacement characters.
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end += 1;
    await writeWithBackpressure(response, text.slice(at, end), stallTimeoutMs);
    at = end;
  }
  response.end();
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
