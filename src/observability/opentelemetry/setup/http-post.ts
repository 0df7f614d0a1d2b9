import type { SendFailure, SpanPost, SpanPostOptions } from "./span-post.ts";

/** Statuses after which OTLP wants the request again. */
const REPEATED: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Posts spans over HTTP. */
export class HttpPost implements SpanPost {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url, headers }: SpanPostOptions, contentType: string) {
    this.#url = url;
    this.#headers = { ...headers, "content-type": contentType };
  }

  async post(body: Uint8Array | string, signal: AbortSignal): Promise<SendFailure | undefined> {
    let response: Response;
    try {
      response = await fetch(this.#url, { method: "POST", headers: this.#headers, body, signal });
      // An answer that is not read keeps its connection.
      await response.arrayBuffer();
    } catch (error) {
      signal.throwIfAborted();
      return { error: rootOf(error), mayHelp: true };
    }
    if (response.ok) return undefined;
    const pauseMs = Number(response.headers.get("retry-after") ?? Number.NaN) * 1_000;
    return {
      error: new Error(`status ${response.status}`),
      mayHelp: REPEATED.has(response.status),
      ...(pauseMs >= 0 ? { pauseMs } : {}),
    };
  }

  close(): void {
    // Connections are the platform's, and keep no process alive.
  }
}

/** `fetch` says only that it failed; why is in the cause. */
function rootOf(error: unknown): Error {
  const { cause } = error as { readonly cause?: unknown };
  if (cause instanceof Error) return cause;
  return error instanceof Error ? error : new Error(String(error));
}
