import type { PendingCall } from "./pending-call.ts";
import type { RequestBuffer } from "./request-buffer.ts";

/**
 * Writes the requests of a call into a buffer, numbered from `firstOpaque` on.
 *
 * @throws TypeError for a request that cannot be encoded; nothing of the call is in the buffer then
 */
export function encodeCall(call: PendingCall, firstOpaque: number, buffer: RequestBuffer): void {
  const { request, batch, stats } = call;
  if (request !== undefined) {
    call.firstOpaque = request.kind === "noop" ? -1 : firstOpaque;
    buffer.add(request, firstOpaque, false);
  } else if (batch !== undefined) {
    batch.start(firstOpaque);
    buffer.addAll(batch.requests, firstOpaque, batch.isQuiet);
    if (batch.isQuiet) buffer.addText("mn\r\n");
  } else if (stats !== undefined) {
    stats.restart();
    buffer.addText(stats.command);
  }
}
