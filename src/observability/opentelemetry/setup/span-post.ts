import { Buffer } from "node:buffer";

/** One attempt to send spans. */
export interface SpanPost {
  /** Sends a body. Resolves with `undefined` when the receiver has taken it; rejects with the signal's reason only. */
  post(body: Uint8Array | string, signal: AbortSignal): Promise<SendFailure | undefined>;
  /** Frees what it holds. */
  close(): void;
}

/** The receiver did not take spans. */
export interface SendFailure {
  /** Why. */
  readonly error: Error;
  /** Whether it may take the same ones later. */
  readonly mayHelp: boolean;
  /** As long as it asks to be left alone, in ms. */
  readonly pauseMs?: number;
}

/** Where spans are posted to. */
export interface SpanPostOptions {
  /** The place. */
  readonly url: string;
  /** What goes along. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The same place with a user and password in its URL as a header instead, where they belong: a URL is told when something fails. */
export function hideCredentials({ url, headers }: SpanPostOptions): SpanPostOptions {
  const { username, password } = new URL(url);
  if (username === "" && password === "") return { url, headers };
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    url: bare.href,
    headers: { authorization: `Basic ${Buffer.from(credentials).toString("base64")}`, ...headers },
  };
}
