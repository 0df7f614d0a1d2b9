import { connect, type Socket } from "node:net";
import type { HostAndPort } from "../../../scripts/servers/host-and-port.ts";

/** A bare connection to Redis, for what tests do behind a store's back. Replies are the server's own bytes as latin1, one for each command. */
export interface RawRedis {
  send(...args: readonly (string | Buffer)[]): Promise<string>;
  close(): void;
}

/** Opens one. */
export function openRawRedis({ host, port }: HostAndPort): RawRedis {
  const socket: Socket = connect({ host, port, noDelay: true });
  let received = "";
  const waiting: ((reply: string) => void)[] = [];
  socket.setEncoding("latin1");
  socket.on("error", () => undefined);
  socket.on("data", (chunk: string) => {
    received += chunk;
    for (let end = replyEnd(received, 0); end > 0; end = replyEnd(received, 0)) {
      const reply = received.slice(0, end);
      received = received.slice(end);
      waiting.shift()?.(reply);
    }
  });
  return {
    send: (...args) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        socket.write(`*${args.length}\r\n`);
        for (const arg of args) {
          socket.write(`$${Buffer.byteLength(arg)}\r\n`);
          socket.write(arg);
          socket.write("\r\n");
        }
      }),
    close: () => socket.destroy(),
  };
}

/** Where the reply that begins at `start` ends; 0 when it is not complete. */
function replyEnd(text: string, start: number): number {
  const lineEnd = text.indexOf("\r\n", start);
  if (lineEnd < 0) return 0;
  const kind = text[start];
  const count = Number(text.slice(start + 1, lineEnd));
  let end = lineEnd + 2;
  if (kind === "$" && count >= 0) end += count + 2;
  if (kind === "*") {
    for (let item = 0; item < count; item += 1) {
      end = replyEnd(text, end);
      if (end === 0) return 0;
    }
  }
  return end <= text.length ? end : 0;
}
