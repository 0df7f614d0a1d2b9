const HEAD_END = Buffer.from("\r\n\r\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** One connection that sends the next request when the last answer is complete, with bodies, statuses without one, and any number of pieces. */
export class SoakConnection {
  /** @param {import("node:net").Socket} socket @param {() => Buffer} nextRequest @param {(status: number) => void} onAnswer */
  constructor(socket, nextRequest, onAnswer) {
    this.socket = socket;
    this.nextRequest = nextRequest;
    this.onAnswer = onAnswer;
    this.pending = Buffer.alloc(0);
  }

  /**
   * Sends so many requests, or until it is over, then goes.
   *
   * @param {number} count @param {() => boolean} isOver
   * @returns {Promise<void>} rejects when the node ends the connection
   */
  run(count, isOver) {
    return new Promise((resolve, reject) => {
      let left = count;
      this.socket.on("data", (chunk) => {
        const status = this.take(chunk);
        if (status === undefined) return;
        this.onAnswer(status);
        left -= 1;
        if (left > 0 && !isOver()) {
          this.socket.write(this.nextRequest());
          return;
        }
        resolve(undefined);
        this.socket.destroy();
      });
      this.socket.once("connect", () => this.socket.write(this.nextRequest()));
      this.socket.once("error", reject).once("close", () => reject(new Error("The node ended a connection.")));
    });
  }

  /** @param {Buffer} chunk @returns {number | undefined} the status of an answer that is complete */
  take(chunk) {
    const bytes = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    this.pending = bytes;
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd === -1) return undefined;
    const head = bytes.latin1Slice(0, headEnd);
    const status = Number(head.slice(9, 12));
    if (/^transfer-encoding: *chunked/im.test(head)) {
      if (!bytes.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)) return undefined;
    } else {
      const length = status === 204 || status === 304 ? 0 : lengthIn(head);
      if (bytes.length < headEnd + 4 + length) return undefined;
    }
    this.pending = Buffer.alloc(0);
    return status;
  }
}

/** @param {string} head */
function lengthIn(head) {
  const match = /^content-length: *(\d+)/im.exec(head);
  if (match === null) throw new Error(`An answer without a length: ${head}`);
  return Number(match[1]);
}
