import { connect } from "node:net";
import type { HostAndPort } from "./host-and-port.ts";

/** How long one question may take. */
const ANSWER_TIMEOUT_MS = 1_000;

/**
 * Sends bytes to a server on a new connection and returns the first bytes that come back, as text.
 *
 * @throws Error when nothing listens, or nothing comes back in time
 */
export function askServer({ host, port }: HostAndPort, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const settle = (action: () => void): void => {
      socket.destroy();
      action();
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => settle(() => reject(new Error(`${host}:${port} did not answer.`))));
    socket.once("error", (error) => settle(() => reject(error)));
    socket.once("close", () => reject(new Error(`${host}:${port} closed the connection without an answer.`)));
    socket.once("data", (answer) => settle(() => resolve(answer.toString("utf8"))));
    socket.write(question);
  });
}
