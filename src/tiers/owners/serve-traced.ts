import type { CallSpan, TracerSlot } from "../../events/call-tracer.ts";
import type { CarriedTrace } from "../../events/carried-trace.ts";
import type { OwnerReply } from "./owner-letter.ts";

/**
 * Carries out what another node asked so that it is one span of that node's trace; just does it where nothing is traced, or the node carried no trace. A letter without
 * one begins none: nodes ask each other for what nobody called, too, many times a second.
 *
 * @param serve does not throw
 */
export function serveTraced(
  { current }: TracerSlot,
  operation: string,
  carried: CarriedTrace | undefined,
  serve: () => OwnerReply | Promise<OwnerReply>,
): OwnerReply | Promise<OwnerReply> {
  const span = carried === undefined ? undefined : current?.startServed(operation, carried);
  if (span === undefined) return serve();
  const reply = span.run(serve);
  if (reply instanceof Promise) void reply.then((settled) => endServed(span, settled));
  else endServed(span, reply);
  return reply;
}

function endServed(span: CallSpan, reply: OwnerReply): void {
  if (reply.kind === "failed") {
    span.end("error", reply);
    return;
  }
  // No failure: who asked finds the owner that may, or comes back.
  if (reply.kind !== "answer") span.note("refused", { reason: reply.kind });
  span.end("ok");
}
