import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";

/** What a scripted server does, one after the other, on each connection. */
export type ScriptStep =
  /** Reads until these bytes have come, and fails the script when others come. */
  | { readonly kind: "expect"; readonly bytes: string | Uint8Array }
  /** Reads until what came matches, and takes it away with all before it. */
  | { readonly kind: "expect-match"; readonly pattern: RegExp }
  /** Sends bytes; `sliceBytes` cuts them into pieces, each in a turn and a packet of its own. */
  | { readonly kind: "answer"; readonly bytes: string | Uint8Array; readonly sliceBytes?: number | undefined }
  /** Answers every further request that matches, until the connection ends: for what clients ask when they connect. */
  | { readonly kind: "answer-all"; answer(received: string): string | Uint8Array | undefined }
  /** Does nothing for a while; the connection stays open. */
  | { readonly kind: "wait"; readonly durationMs: number }
  /** Waits until the test says so; see {@link ScriptedServer.open}. */
  | { readonly kind: "wait-for"; readonly gate: string }
  /** Reset (RST). */
  | { readonly kind: "reset" }
  /** Ends its own direction (FIN) and reads on. */
  | { readonly kind: "half-close" }
  /** Ends both directions. */
  | { readonly kind: "close" }
  /** Reads nothing more, so that the client's buffer fills. */
  | { readonly kind: "stop-reading" };

/** A TCP server that follows a script, for replies that no real server gives. */
export interface ScriptedServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  /** What was wrong with what came: scripts that failed, by connection. Empty when all went as written. */
  readonly failures: readonly string[];
  /** Connections accepted so far. */
  connectionCount(): number;
  /** All bytes that came so far, on all connections, as text. */
  received(): string;
  /** Lets the scripts go on that wait for this gate, now or later. */
  open(gate: string): void;
  /** Ends every connection and stops listening. */
  stop(): Promise<void>;
}

/**
 * Starts a server whose n-th connection follows the n-th script; the last script serves all further ones.
 *
 * @example
 * ```ts
 * const server = await startScriptedServer([
 *   [{ kind: "expect-match", pattern: /mg key .*\r\n/ }, { kind: "answer", bytes: "VA 5 ", sliceBytes: 1 }, { kind: "reset" }],
 * ]);
 * ```
 */
export async function startScriptedServer(scripts: readonly (readonly ScriptStep[])[]): Promise<ScriptedServer> {
  const sockets = new Set<Socket>();
  const failures: string[] = [];
  const gates = new Map<string, Gate>();
  const arrived: Buffer[] = [];
  let connectionCount = 0;
  const gateNamed = (name: string): Gate => {
    const gate = gates.get(name) ?? makeGate();
    gates.set(name, gate);
    return gate;
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const index = connectionCount;
    connectionCount += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    const inbox = openInbox(socket, (chunk) => arrived.push(chunk));
    const steps = scripts[Math.min(index, scripts.length - 1)] ?? [];
    followScript(steps, socket, inbox, (name) => gateNamed(name).opened).catch((error: unknown) => {
      failures.push(`connection ${index + 1}: ${(error as Error).message}`);
      socket.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    host: "127.0.0.1",
    port,
    address: `127.0.0.1:${port}`,
    failures,
    connectionCount: () => connectionCount,
    received: () => Buffer.concat(arrived).toString("latin1"),
    open: (gate) => gateNamed(gate).open(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
        for (const gate of gates.values()) gate.open();
      }),
  };
}

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function makeGate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** What came on a connection and was not taken yet. */
interface Inbox {
  /** The bytes, as text of one character a byte. */
  text(): string;
  take(length: number): void;
  /** Resolves at the next bytes, with false when the connection is over. */
  more(): Promise<boolean>;
}

function openInbox(socket: Socket, onChunk: (chunk: Buffer) => void): Inbox {
  let text = "";
  let isOver = false;
  let wake = (): void => undefined;
  socket.on("data", (chunk) => {
    onChunk(chunk);
    text += chunk.toString("latin1");
    wake();
  });
  const end = (): void => {
    isOver = true;
    wake();
  };
  socket.once("end", end);
  socket.once("close", end);
  return {
    text: () => text,
    take: (length) => {
      text = text.slice(length);
    },
    more: async () => {
      if (isOver) return false;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      return !isOver || text !== "";
    },
  };
}

async function followScript(
  steps: readonly ScriptStep[],
  socket: Socket,
  inbox: Inbox,
  gate: (name: string) => Promise<void>,
): Promise<void> {
  for (const step of steps) {
    if (socket.destroyed) return;
    await performStep(step, socket, inbox, gate);
  }
}

async function performStep(
  step: ScriptStep,
  socket: Socket,
  inbox: Inbox,
  gate: (name: string) => Promise<void>,
): Promise<void> {
  switch (step.kind) {
    case "expect":
      return expectBytes(Buffer.from(step.bytes).toString("latin1"), inbox);
    case "expect-match":
      return expectMatch(step.pattern, inbox);
    case "answer":
      return sendSliced(socket, Buffer.from(step.bytes), step.sliceBytes);
    case "answer-all":
      return answerAll(step.answer, socket, inbox);
    case "wait":
      return delay(step.durationMs);
    case "wait-for":
      return gate(step.gate);
    case "reset":
      return void socket.resetAndDestroy();
    case "half-close":
      return void socket.end();
    case "close":
      return void socket.destroy();
    case "stop-reading":
      return void socket.pause();
  }
}

async function expectBytes(expected: string, inbox: Inbox): Promise<void> {
  for (;;) {
    const text = inbox.text();
    const common = Math.min(text.length, expected.length);
    if (text.slice(0, common) !== expected.slice(0, common)) {
      throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(text.slice(0, expected.length))}`);
    }
    if (common === expected.length) return inbox.take(common);
    if (!(await inbox.more())) throw new Error(`the client left before it sent ${JSON.stringify(expected)}`);
  }
}

async function expectMatch(pattern: RegExp, inbox: Inbox): Promise<void> {
  for (;;) {
    const match = pattern.exec(inbox.text());
    if (match !== null) return inbox.take(match.index + match[0].length);
    if (!(await inbox.more())) throw new Error(`the client left before it sent ${pattern}`);
  }
}

async function answerAll(
  answer: (received: string) => string | Uint8Array | undefined,
  socket: Socket,
  inbox: Inbox,
): Promise<void> {
  for (;;) {
    const text = inbox.text();
    const bytes = text === "" ? undefined : answer(text);
    if (bytes !== undefined) {
      inbox.take(text.length);
      socket.write(bytes);
    }
    if (!(await inbox.more())) return;
  }
}

async function sendSliced(socket: Socket, bytes: Buffer, sliceBytes = bytes.length): Promise<void> {
  for (let offset = 0; offset < bytes.length && !socket.destroyed; offset += sliceBytes) {
    socket.write(bytes.subarray(offset, offset + sliceBytes));
    if (offset + sliceBytes < bytes.length) await nextTurn();
  }
}
