import { connect } from "node:net";

/** Values up to this long are cheaper to copy into one text than to write apart. */
const MAX_INLINE_BYTES = 2_048;

/** A socket for the raw clients: one turn's requests in one write, and promises that are resolved in their order. */
export class RawSocket {
  #reader;
  #socket = /** @type {import("node:net").Socket | undefined} */ (undefined);
  #waiting = /** @type {((reply: any) => void)[]} */ ([]);
  #answeredCount = 0;
  #text = "";
  #isFlushPlanned = false;

  /** @param {import("./reply-reader.mjs").ReplyReader} reader */
  constructor(reader) {
    this.#reader = reader;
  }

  /** @param {{ host: string, port: number }} server */
  async connect({ host, port }) {
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    socket.on("data", (/** @type {Buffer} */ chunk) => {
      this.#reader.take(chunk);
      if (this.#answeredCount === this.#waiting.length) this.#waiting.length = 0;
      else this.#waiting.splice(0, this.#answeredCount);
      this.#answeredCount = 0;
    });
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  }

  close() {
    this.#socket?.destroy();
  }

  /** @param {any} reply to the request that has waited longest */
  answer(reply) {
    this.#waiting[this.#answeredCount]?.(reply);
    this.#answeredCount += 1;
  }

  /** @param {string} request @returns {Promise<any>} */
  send(request) {
    this.#planFlush();
    this.#text += request;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /**
   * @param {string} head
   * @param {Buffer} value
   * @param {string} tail
   * @returns {Promise<any>}
   */
  sendValue(head, value, tail) {
    if (value.length <= MAX_INLINE_BYTES) return this.send(head + value.latin1Slice() + tail);
    this.#planFlush();
    this.#socket?.cork();
    this.#socket?.write(this.#text + head, "latin1");
    this.#socket?.write(value);
    this.#text = tail;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /**
   * @param {string} requests
   * @param {number} count
   * @returns {Promise<any[]>} all replies
   */
  sendMany(requests, count) {
    this.#planFlush();
    this.#text += requests;
    return new Promise((resolve) => {
      /** @type {any[]} */
      const replies = [];
      const add = (/** @type {any} */ reply) => {
        if (replies.push(reply) === count) resolve(replies);
      };
      for (let index = 0; index < count; index += 1) this.#waiting.push(add);
    });
  }

  #planFlush() {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    setImmediate(() => {
      this.#isFlushPlanned = false;
      const socket = this.#socket;
      socket?.write(this.#text, "latin1");
      this.#text = "";
      while (socket !== undefined && socket.writableCorked > 0) socket.uncork();
    });
  }
}
