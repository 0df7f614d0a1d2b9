import type { PeerMail } from "../../backend/peer-mail.ts";
import type { CarriedTrace } from "../../events/carried-trace.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import { encodeOwnerLetter, type OwnerCall, type OwnerReply } from "./owner-letter.ts";
import type { OwnerNews } from "./owner-request.ts";

/** About how many bytes of a letter make it full. */
const LETTER_BYTES = 65_536;
/** About what a call or reply takes besides its keys and values. */
const FIXED_BYTES = 96;

interface Outbox {
  calls: OwnerCall[];
  traces: (readonly [number, CarriedTrace])[];
  replies: (readonly [number, OwnerReply])[];
  news: OwnerNews[];
  sizeBytes: number;
}

/** What an outgoing mail is made of. */
export interface OwnerPostParts {
  readonly mail: PeerMail;
  readonly scheduler: Pick<Scheduler, "soon">;
  /** The largest version that is known here. */
  readonly clockNow: () => number;
  /** Calls that were not sent, and never will be. */
  readonly onUnsent: (to: string, calls: readonly OwnerCall[]) => void;
}

/** What is to be said to other nodes: all of one turn of the event loop that is for one node leaves in one letter. */
export class OwnerPost {
  readonly #parts: OwnerPostParts;
  readonly #boxes = new Map<string, Outbox>();
  #isSoon = false;
  #isClosed = false;

  constructor(parts: OwnerPostParts) {
    this.#parts = parts;
  }

  /** A question. `sizeBytes`: about how large it is. `trace`: the one that it belongs to. */
  call(to: string, call: OwnerCall, sizeBytes: number, trace?: CarriedTrace): void {
    const box = this.#box(to, sizeBytes + traceBytes(trace));
    box.calls.push(call);
    if (trace !== undefined) box.traces.push([call.id, trace]);
    this.#request(to);
  }

  /** An answer. */
  reply(to: string, id: number, reply: OwnerReply, sizeBytes: number): void {
    this.#box(to, sizeBytes).replies.push([id, reply]);
    this.#request(to);
  }

  /** What happened, to all. */
  tell(news: OwnerNews, sizeBytes: number): void {
    for (const to of this.#parts.mail.peers()) {
      this.#box(to, sizeBytes).news.push(news);
      this.#request(to);
    }
  }

  /** Sends what waits. */
  flush(): void {
    this.#isSoon = false;
    for (const to of [...this.#boxes.keys()]) this.#send(to);
  }

  /** Sends nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#boxes.clear();
  }

  #box(to: string, sizeBytes: number): Outbox {
    let box = this.#boxes.get(to);
    if (box === undefined) {
      box = { calls: [], traces: [], replies: [], news: [], sizeBytes: 0 };
      this.#boxes.set(to, box);
    }
    box.sizeBytes += FIXED_BYTES + sizeBytes;
    return box;
  }

  #request(to: string): void {
    if ((this.#boxes.get(to)?.sizeBytes ?? 0) >= LETTER_BYTES) this.#send(to);
    else if (!this.#isSoon) {
      this.#isSoon = true;
      this.#parts.scheduler.soon(() => this.flush());
    }
  }

  #send(to: string): void {
    const box = this.#boxes.get(to);
    if (box === undefined || this.#isClosed) return;
    this.#boxes.delete(to);
    const { mail, clockNow, onUnsent } = this.#parts;
    const { calls, traces, replies, news } = box;
    const letter = encodeOwnerLetter({
      clock: clockNow(),
      calls: calls.length > 0 ? calls : undefined,
      replies: replies.length > 0 ? replies : undefined,
      news: news.length > 0 ? news : undefined,
    });
    // What is lost besides shows by itself: news by the heads, replies as silence.
    mail.send(letter, to, traces.length > 0 ? traces : undefined).catch(() => onUnsent(to, calls));
  }
}

/** About how large a trace is. */
function traceBytes(trace: CarriedTrace | undefined): number {
  return trace === undefined ? 0 : trace.traceparent.length + (trace.tracestate?.length ?? 0);
}
