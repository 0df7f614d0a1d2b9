import type { ServerResponse } from "node:http";
import type { LiveDocument } from "../../observability/live/live-document.ts";
import type { LiveRecorder } from "../../observability/live/live-recorder.ts";
import { HttpProblem } from "../problem.ts";
import { beginBody } from "../respond.ts";

/** Each watcher costs a document a second; more people than this look at one process by accident only. */
const MAX_WATCHER_COUNT = 16;

/** What the streams show. */
export interface LiveStreamsOptions {
  readonly recorder: LiveRecorder;
  /** Whether an application is mounted under `/app/`. */
  readonly hasApp: boolean;
  /** How long a watcher may leave its side of a full connection unread before it is cut, in ms. */
  readonly stallTimeoutMs: number;
  /** Monotonic time in ms. */
  readonly now: () => number;
}

/** What `GET /v1/live` answers: see {@link LiveDocument}. */
export interface NodeLiveDocument extends LiveDocument {
  /** Whether an application is mounted under `/app/`. */
  readonly hasApp: boolean;
}

/** The open streams of `GET /v1/live`. A stream has no end of its own: the watcher leaves, or the node closes. */
export class LiveStreams {
  readonly #recorder: LiveRecorder;
  readonly #hasApp: boolean;
  readonly #stallTimeoutMs: number;
  readonly #now: () => number;
  readonly #ends = new Set<() => void>();
  #isClosed = false;

  constructor({ recorder, hasApp, stallTimeoutMs, now }: LiveStreamsOptions) {
    this.#recorder = recorder;
    this.#hasApp = hasApp;
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#now = now;
  }

  /** What is known now, with the last five minutes. */
  snapshot(): NodeLiveDocument {
    return this.#document(true);
  }

  /**
   * Streams as server-sent events: `live` with a {@link NodeLiveDocument}, at once with the history, then one a second without.
   *
   * ```
   * event: live
   * data: {"at":1760000000000,…}
   * ```
   *
   * @throws HttpProblem 503 with `Retry-After` when too many watch already, or the node closes
   */
  stream(response: ServerResponse): void {
    if (this.#isClosed || this.#ends.size >= MAX_WATCHER_COUNT) {
      const reason = this.#isClosed ? "The node is closing." : `${MAX_WATCHER_COUNT} watchers are connected already.`;
      throw new HttpProblem(503, `${reason} GET /v1/live without Accept: text/event-stream answers once.`, {
        "Retry-After": "5",
      });
    }
    // What stands between may not wait for the end of it.
    beginBody(response, 200, "text/event-stream; charset=utf-8", undefined, ["X-Accel-Buffering", "no"]);
    let stalledSince: number | undefined;
    const stopWatching = this.#recorder.watch(() => {
      // A slow watcher misses seconds instead of piling them up here.
      if (response.writableNeedDrain) {
        stalledSince ??= this.#now();
        if (this.#now() - stalledSince >= this.#stallTimeoutMs) response.destroy();
        return;
      }
      stalledSince = undefined;
      response.write(this.#message(false));
    });
    // After the watch began, so that the first document says that hot keys are counted.
    response.write(`retry: 2000\n${this.#message(true)}`);
    const end = (): void => {
      stopWatching();
      // Who does not read would not see the end either, and the node would wait for it.
      if (response.writableNeedDrain) response.destroy();
      else response.end();
    };
    this.#ends.add(end);
    response.once("close", () => {
      stopWatching();
      this.#ends.delete(end);
    });
  }

  /** Ends every stream, and lets none begin. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends) end();
  }

  #message(withHistory: boolean): string {
    return `event: live\ndata: ${JSON.stringify(this.#document(withHistory))}\n\n`;
  }

  #document(withHistory: boolean): NodeLiveDocument {
    return { ...this.#recorder.document(withHistory), hasApp: this.#hasApp };
  }
}
