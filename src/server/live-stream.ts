import type { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import type { LiveDocument } from "../observability/live/live-document.ts";

const DATA = "data: ";

/** The documents of `GET /v1/live` as a stream of server-sent events: each has its data on one line, and there is no other kind. */
export async function* readLiveStream(response: IncomingMessage): AsyncGenerator<LiveDocument> {
  for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.startsWith(DATA)) yield JSON.parse(line.slice(DATA.length)) as LiveDocument;
  }
}
