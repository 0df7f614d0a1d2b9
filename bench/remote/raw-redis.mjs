// The least that a Redis client can do: the ceiling of what this machine allows. It pipelines, and nothing else: no deadlines,
// no reconnecting, no errors but the end of the process. One turn's commands leave in one write; replies are resolved in their order.
import { RawSocket } from "./raw-socket.mjs";
import { ReplyReader, readDigits } from "./reply-reader.mjs";

const DOLLAR = 0x24;
const STAR = 0x2a;
const MINUS = 0x2d;

/** Commands and replies of one socket. Replies are bytes, `null`, arrays of those, or the text of a status. */
export class RawRedis {
  #socket = new RawSocket(
    new ReplyReader(
      (bytes, start, end) =>
        bytes[start] === DOLLAR && bytes[start + 1] !== MINUS ? readDigits(bytes, start + 1, end) : -1,
      (value, bytes, start, end) => this.#take(value, bytes, start, end),
    ),
  );
  #items = /** @type {any[]} */ ([]);
  #missingItemCount = 0;

  /** @param {{ host: string, port: number }} server */
  connect(server) {
    return this.#socket.connect(server);
  }

  close() {
    this.#socket.close();
  }

  /** @param {string} key */
  get(key) {
    return this.#socket.send(`*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`);
  }

  /**
   * @param {string} key
   * @param {Buffer} value
   */
  set(key, value) {
    const head = `*5\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n`;
    return this.#socket.sendValue(head, value, "\r\n$2\r\nPX\r\n$8\r\n60000000\r\n");
  }

  /** @param {readonly string[]} keys */
  mget(keys) {
    let command = `*${keys.length + 1}\r\n$4\r\nMGET\r\n`;
    for (const key of keys) command += `$${key.length}\r\n${key}\r\n`;
    return this.#socket.send(command);
  }

  /**
   * @param {Buffer | undefined} value
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  #take(value, bytes, start, end) {
    if (value === undefined && bytes[start] === STAR) {
      this.#missingItemCount = readDigits(bytes, start + 1, end);
      this.#items = [];
      return;
    }
    const reply = value ?? (bytes[start] === DOLLAR ? null : bytes.latin1Slice(start + 1, end));
    if (this.#missingItemCount === 0) this.#socket.answer(reply);
    else if (this.#items.push(reply) === this.#missingItemCount) {
      this.#missingItemCount = 0;
      this.#socket.answer(this.#items);
    }
  }
}
