import { connect } from "node:net";
import { performance } from "node:perf_hooks";

const HEAD_END = Buffer.from("\r\n\r\n");

/**
 * One connection that sends the next request when the last answer is complete. It reads of an answer only what it must, so that the load
 * costs far less than what is loaded.
 */
class KeepAliveConnection {
  /** @param {import("node:net").Socket} socket @param {() => string} nextRequest @param {(failed: boolean) => void} onAnswer */
  constructor(socket, nextRequest, onAnswer) {
    this.socket = socket;
    this.nextRequest = nextRequest;
    this.onAnswer = onAnswer;
    this.isRunning = true;
    this.pending = Buffer.alloc(0);
    socket.on("data", (chunk) => this.take(chunk));
  }

  send() {
    this.socket.write(this.nextRequest(), "latin1");
  }

  /** @param {Buffer} chunk */
  take(chunk) {
    const bytes = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    const headEnd = bytes.indexOf(HEAD_END);
    const size = headEnd === -1 ? Number.POSITIVE_INFINITY : headEnd + 4 + lengthIn(bytes, headEnd);
    if (bytes.length < size) {
      this.pending = bytes;
      return;
    }
    this.pending = Buffer.alloc(0);
    // "HTTP/1.1 200": anything but a success is no answer to count.
    this.onAnswer(bytes[9] !== 0x32);
    if (this.isRunning) this.send();
  }
}

/** @param {Buffer} bytes @param {number} headEnd */
function lengthIn(bytes, headEnd) {
  const head = bytes.latin1Slice(0, headEnd);
  const at = head.indexOf("Content-Length: ");
  if (at === -1) throw new Error(`An answer without a length: ${head}`);
  return Number.parseInt(head.slice(at + 16), 10);
}

/**
 * Loads a server for a while over kept connections.
 *
 * @param {{ port: number, connectionCount: number, durationMs: number, nextRequest: () => string }} load
 * @returns {Promise<{ requestsPerSecond: number, answerCount: number, failureCount: number }>}
 */
export async function loadServer({ port, connectionCount, durationMs, nextRequest }) {
  let answerCount = 0;
  let failureCount = 0;
  const connections = await Promise.all(
    Array.from({ length: connectionCount }, async () => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
      return new KeepAliveConnection(socket, nextRequest, (failed) => {
        answerCount += 1;
        if (failed) failureCount += 1;
      });
    }),
  );
  const startedAtMs = performance.now();
  for (const connection of connections) connection.send();
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const requestsPerSecond = answerCount / seconds;
  for (const connection of connections) {
    connection.isRunning = false;
    connection.socket.destroy();
  }
  return { requestsPerSecond, answerCount, failureCount };
}
