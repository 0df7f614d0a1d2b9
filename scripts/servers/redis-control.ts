import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { QuestionTls } from "./ask-server.ts";
import type { HostAndPort } from "./host-and-port.ts";

/** What a command answered. Errors are thrown, also those inside arrays. */
export type ControlReply = string | number | null | readonly ControlReply[];

/** A connection to a Redis or a sentinel for tests to look at it and change it, apart from the clients that are tested. */
export interface RedisControl {
  /**
   * Runs one command. Commands may overlap.
   *
   * @throws Error with the server's words, or when the connection fails
   */
  call(...words: readonly (string | number)[]): Promise<ControlReply>;
  close(): void;
}

/** Who asks. */
export interface RedisControlOptions {
  readonly password?: string | undefined;
  readonly tls?: QuestionTls | undefined;
}

/** A question that has no answer for so long has none: tests hang servers on purpose. */
const ANSWER_TIMEOUT_MS = 5_000;

/** Opens a connection at the first command. */
export function openRedisControl(address: HostAndPort, options: RedisControlOptions = {}): RedisControl {
  const { tls, password } = options;
  const target = { host: address.host, port: address.port };
  const socket = tls === undefined ? connect(target) : connectTls({ ...target, ...tls, servername: "localhost" });
  const waiting = collectReplies(socket);
  const call = (...words: readonly (string | number)[]): Promise<ControlReply> =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(new Error(`The connection to ${target.host}:${target.port} is closed.`));
      waiting.push({ resolve, reject });
      socket.write(encodeCommand(words.map(String)));
    });
  if (password !== undefined) call("AUTH", password).catch(() => socket.destroy());
  return { call, close: () => void socket.destroy() };
}

/** Runs one command on a connection of its own. */
export async function runRedisCommand(
  address: HostAndPort,
  words: readonly (string | number)[],
  options: RedisControlOptions = {},
): Promise<ControlReply> {
  const control = openRedisControl(address, options);
  try {
    return await control.call(...words);
  } finally {
    control.close();
  }
}

interface Waiter {
  resolve(reply: ControlReply): void;
  reject(error: Error): void;
}

function collectReplies(socket: Socket): Waiter[] {
  const waiting: Waiter[] = [];
  let received: Buffer = Buffer.alloc(0);
  socket.setNoDelay();
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => {
    if (waiting.length > 0) socket.destroy(new Error("The server did not answer."));
  });
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    for (let parsed = parseReply(received, 0); parsed !== undefined; parsed = parseReply(received, 0)) {
      received = received.subarray(parsed.end);
      const waiter = waiting.shift();
      if (parsed.error !== undefined) waiter?.reject(new Error(parsed.error));
      else waiter?.resolve(parsed.reply);
    }
  });
  let failure = new Error("The server closed the connection.");
  socket.on("error", (error) => {
    failure = error;
  });
  socket.on("close", () => {
    for (const waiter of waiting.splice(0)) waiter.reject(failure);
  });
  return waiting;
}

function encodeCommand(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}

interface ParsedReply {
  readonly reply: ControlReply;
  readonly error: string | undefined;
  readonly end: number;
}

/** One reply of RESP2 from an offset; `undefined` when it is not all there yet. */
function parseReply(bytes: Buffer, start: number): ParsedReply | undefined {
  const lineEnd = bytes.indexOf("\r\n", start);
  if (lineEnd < 0) return undefined;
  const line = bytes.toString("utf8", start + 1, lineEnd);
  const end = lineEnd + 2;
  switch (String.fromCharCode(bytes[start] as number)) {
    case ":":
      return { reply: Number(line), error: undefined, end };
    case "-":
      return { reply: null, error: line, end };
    case "$":
      return parseBulk(bytes, end, Number(line));
    case "*":
      return parseArray(bytes, end, Number(line));
    default:
      return { reply: line, error: undefined, end };
  }
}

function parseBulk(bytes: Buffer, start: number, length: number): ParsedReply | undefined {
  if (length < 0) return { reply: null, error: undefined, end: start };
  const end = start + length + 2;
  if (bytes.length < end) return undefined;
  return { reply: bytes.toString("utf8", start, start + length), error: undefined, end };
}

function parseArray(bytes: Buffer, start: number, length: number): ParsedReply | undefined {
  const items: ControlReply[] = [];
  let end = start;
  let error: string | undefined;
  for (let index = 0; index < length; index += 1) {
    const item = parseReply(bytes, end);
    if (item === undefined) return undefined;
    items.push(item.reply);
    error ??= item.error;
    end = item.end;
  }
  return { reply: length < 0 ? null : items, error, end };
}
