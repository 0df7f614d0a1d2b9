// The least that a client of Memcached's meta protocol can do; see raw-redis.mjs.
import { RawSocket } from "./raw-socket.mjs";
import { ReplyReader, readDigits } from "./reply-reader.mjs";

const V = 0x56;
const E = 0x45;

/** Requests and replies of one socket. A read's reply is bytes, or `null` for a miss; any other is the text of its line. */
export class RawMemcached {
  #socket = new RawSocket(
    new ReplyReader(
      // "VA <length>", "EN", or a line such as "HD"
      (bytes, start, end) => (bytes[start] === V ? readDigits(bytes, start + 3, end) : -1),
      (value, bytes, start, end) =>
        this.#socket.answer(value ?? (bytes[start] === E ? null : bytes.latin1Slice(start, end))),
    ),
  );

  /** @param {{ host: string, port: number }} server */
  connect(server) {
    return this.#socket.connect(server);
  }

  close() {
    this.#socket.close();
  }

  /** @param {string} key */
  get(key) {
    return this.#socket.send(`mg ${key} v\r\n`);
  }

  /**
   * @param {string} key
   * @param {Buffer} value
   */
  set(key, value) {
    return this.#socket.sendValue(`ms ${key} ${value.length} T60000\r\n`, value, "\r\n");
  }

  /**
   * Many reads and one promise.
   *
   * @param {readonly string[]} keys
   */
  mget(keys) {
    let requests = "";
    for (const key of keys) requests += `mg ${key} v\r\n`;
    return this.#socket.sendMany(requests, keys.length);
  }
}
