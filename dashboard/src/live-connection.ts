import type { NodeLiveDocument } from "../../src/server/dashboard/live-streams.ts";
import { askNode, NodeProblem, wordsOf } from "./node-api.ts";

/** How the page stands with the node. */
export type ConnectionState =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** Tried again after a while. */
  | { readonly kind: "lost"; readonly reason: string }
  /** The node wants a token, or another one: nothing is tried until there is one. */
  | { readonly kind: "token-needed"; readonly reason: string }
  /** The token may not read. */
  | { readonly kind: "forbidden"; readonly reason: string };

/** Who is told. */
export interface LiveListener {
  onState(state: ConnectionState): void;
  onDocument(document: NodeLiveDocument): void;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;

/**
 * Reads `GET /v1/live` as long as the page is seen, and connects again when the stream ends. By `fetch` and not by `EventSource`, which can send no token.
 *
 * @returns what ends it
 */
export function connectLive(listener: LiveListener): () => void {
  let attempt: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waitMs = FIRST_WAIT_MS;

  const connect = async (): Promise<void> => {
    clearTimeout(timer);
    attempt?.abort();
    const own = new AbortController();
    attempt = own;
    listener.onState({ kind: "connecting" });
    const state = await readStream(own.signal, (document) => {
      waitMs = FIRST_WAIT_MS;
      listener.onState({ kind: "live" });
      listener.onDocument(document);
    });
    if (own.signal.aborted) return;
    listener.onState(state);
    if (state.kind !== "lost") return;
    timer = setTimeout(connect, waitMs);
    waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
  };
  // To watch makes every hit of the node dearer, so a page that nobody sees does not.
  const follow = (): void => {
    if (document.visibilityState === "visible") void connect();
    else {
      clearTimeout(timer);
      attempt?.abort();
    }
  };
  document.addEventListener("visibilitychange", follow);
  follow();
  return () => {
    document.removeEventListener("visibilitychange", follow);
    clearTimeout(timer);
    attempt?.abort();
  };
}

/** Reads one stream to its end. @returns why it ended */
async function readStream(
  signal: AbortSignal,
  onDocument: (document: NodeLiveDocument) => void,
): Promise<ConnectionState> {
  try {
    const response = await askNode("/v1/live", { headers: { Accept: "text/event-stream" }, signal });
    for await (const data of eventsOf(response)) onDocument(JSON.parse(data) as NodeLiveDocument);
    return { kind: "lost", reason: "The node ended the stream." };
  } catch (error) {
    const reason = wordsOf(error);
    if (error instanceof NodeProblem && error.status === 401) return { kind: "token-needed", reason };
    if (error instanceof NodeProblem && error.status === 403) return { kind: "forbidden", reason };
    return { kind: "lost", reason: error instanceof NodeProblem ? reason : "The connection to the node broke." };
  }
}

/** The data of server-sent events. */
async function* eventsOf(response: Response): AsyncGenerator<string> {
  const reader = (response.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader();
  let buffered = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    buffered += value;
    for (let end = buffered.indexOf("\n\n"); end !== -1; end = buffered.indexOf("\n\n")) {
      const message = buffered.slice(0, end);
      buffered = buffered.slice(end + 2);
      const data = message.split("\n").find((line) => line.startsWith("data: "));
      if (data !== undefined) yield data.slice("data: ".length);
    }
  }
}
