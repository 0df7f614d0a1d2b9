import { Agent, request } from "node:http";

/**
 * A small HTTP client over kept-alive connections.
 *
 * @param {string} origin for example `http://127.0.0.1:7411`
 * @param {{ connectionCount: number, timeoutMs: number }} limits most connections; longest time without a byte
 */
export function createHttpClient(origin, { connectionCount, timeoutMs }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connectionCount, scheduling: "fifo" });

  /**
   * Sends a request and reads the whole answer.
   *
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body] sent as JSON
   * @returns {Promise<{ status: number, headers: import("node:http").IncomingHttpHeaders, text: string, latencyMs: number }>} `latencyMs` until the last byte
   */
  function send(method, path, body) {
    const startedAt = performance.now();
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers =
      text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(path, origin), { method, agent, headers, timeout: timeoutMs }, (incoming) => {
        const chunks = [];
        incoming.on("data", (chunk) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const latencyMs = performance.now() - startedAt;
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: incoming.statusCode, headers: incoming.headers, text, latencyMs });
        });
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} ${path}: no answer within ${timeoutMs} ms`)));
      outgoing.on("error", reject);
      outgoing.end(text);
    });
  }

  return {
    send,
    /** Sends and parses. @throws {Error} for any status but 200 */
    json: async (method, path, body) => {
      const { status, text } = await send(method, path, body);
      if (status !== 200) throw new Error(`${method} ${path}: status ${status}`);
      return JSON.parse(text);
    },
    /** Closes every connection; requests that still run fail. */
    close: () => agent.destroy(),
  };
}
