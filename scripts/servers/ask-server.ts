import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import type { HostAndPort } from "./host-and-port.ts";

/** How long one question may take. */
const ANSWER_TIMEOUT_MS = 1_000;

/** Where to ask: a port, or the path of a Unix socket. */
export type QuestionTarget = HostAndPort | { readonly path: string };

/** What a connection that is encrypted needs, as PEM texts. */
export interface QuestionTls {
  readonly ca: string;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * Sends bytes to a server on a new connection and returns the first bytes that come back, as text.
 *
 * @throws Error when nothing listens, or nothing comes back in time
 */
export function askServer(target: QuestionTarget, question: string | Uint8Array, tls?: QuestionTls): Promise<string> {
  const name = "path" in target ? target.path : `${target.host}:${target.port}`;
  // Only these: handles of servers have other fields that mean something to a socket.
  const place = "path" in target ? { path: target.path } : { host: target.host, port: target.port };
  return new Promise((resolve, reject) => {
    const socket = tls === undefined ? connect(place) : connectTls({ ...place, ...tls, servername: "localhost" });
    const settle = (action: () => void): void => {
      socket.destroy();
      action();
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => settle(() => reject(new Error(`${name} did not answer.`))));
    socket.once("error", (error) => settle(() => reject(error)));
    socket.once("close", () => reject(new Error(`${name} closed the connection without an answer.`)));
    socket.once("data", (answer) => settle(() => resolve(answer.toString("utf8"))));
    socket.write(question);
  });
}
