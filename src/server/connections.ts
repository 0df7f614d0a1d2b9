import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Of how many connections one is closed at a time when there is no room: to look for the oldest costs a look at all. */
const EVICTED_SHARE = 128;

/** What is known of an open connection. */
interface ConnectionState {
  /** The socket that requests come from; of an encrypted connection not the one that was accepted. */
  socket: Socket;
  /** Requests that are being answered: several, where a client does not wait for answers. */
  runningCount: number;
  /** The response to the last of them. */
  last: ServerResponse | undefined;
  /** Their responses in the order of their answers, from when there was a second one until there is none; else absent. */
  waiting: ServerResponse[] | undefined;
  /** Grows with each request of the node: the connection with the smallest one has been idle longest. */
  usedAt: number;
}

const STATE: unique symbol = Symbol("connection state");

interface TrackedSocket extends Socket {
  [STATE]?: ConnectionState;
}

/**
 * The connections of a node. When there is no room for another, those that have been idle longest are closed for it, so that idle
 * connections, however many, keep nobody out. What a request costs here are two counts; a set in the order of use would cost more.
 */
export class Connections {
  readonly #maxCount: number;
  readonly #open = new Set<ConnectionState>();
  #useCount = 0;

  /** @param maxCount most connections at a time */
  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  /** Connections that are open. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Takes a new connection in; where all others are busy, it is dropped. */
  open(socket: TrackedSocket): void {
    if (this.#open.size >= this.#maxCount && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const state: ConnectionState = {
      socket,
      runningCount: 0,
      last: undefined,
      waiting: undefined,
      usedAt: ++this.#useCount,
    };
    socket[STATE] = state;
    this.#open.add(state);
    socket.once("close", () => this.#open.delete(state));
  }

  /** Says that a connection that was taken in is encrypted, and which socket its requests come from. */
  wrap(plain: TrackedSocket, encrypted: TrackedSocket): void {
    const state = plain[STATE];
    if (state === undefined) return;
    state.socket = encrypted;
    encrypted[STATE] = state;
  }

  /** Says that a request of a connection is being answered. */
  use(socket: TrackedSocket, response: ServerResponse): void {
    const state = socket[STATE];
    if (state === undefined) return;
    if (state.runningCount > 0) queue(socket, state, response);
    state.runningCount += 1;
    state.last = response;
    state.usedAt = ++this.#useCount;
  }

  /** Says that an answer has left, or its client has gone. */
  rest(socket: TrackedSocket): void {
    const state = socket[STATE];
    if (state === undefined) return;
    state.runningCount -= 1;
    state.waiting?.shift();
    if (state.runningCount > 0) return;
    state.last = undefined;
    state.waiting = undefined;
  }

  /** Whether no request of a connection is being answered. One whose headers trickle in is idle. */
  isIdle(socket: TrackedSocket): boolean {
    return (socket[STATE]?.runningCount ?? 0) === 0;
  }

  /** Closes the connections that no request is being answered on. */
  closeIdle(): void {
    for (const { socket, runningCount } of this.#open) if (runningCount === 0) socket.destroy();
  }

  /** Lets each connection end with the answer that it is waiting for. */
  endAfterAnswer(): void {
    for (const { last } of this.#open) {
      if (last !== undefined && !last.headersSent) last.shouldKeepAlive = false;
    }
  }

  /** Closes the connections that have been idle longest. @returns whether there was one */
  #makeRoom(): boolean {
    const idle = [...this.#open].filter(({ runningCount }) => runningCount === 0);
    const evicted = idle.sort((a, b) => a.usedAt - b.usedAt).slice(0, Math.ceil(this.#maxCount / EVICTED_SHARE));
    for (const state of evicted) {
      this.#open.delete(state);
      state.socket.destroy();
    }
    return evicted.length > 0;
  }
}

/** A client did not wait for an answer before it sent the next request. Rare, and the only case in which a connection has more than one response to keep. */
function queue(socket: Socket, state: ConnectionState, response: ServerResponse): void {
  if (state.waiting === undefined) {
    state.waiting = [state.last as ServerResponse];
    socket.once("close", () => setImmediate(closeWaiting, state));
  }
  state.waiting.push(response);
}

/**
 * Closes the responses whose turn never came. The platform closes the one that was being sent when its client left, and forgets those behind it: they would count as running for
 * ever, and what was done for them would never be told that nobody waits. Called when the platform has closed what it closes.
 */
function closeWaiting({ waiting = [] }: ConnectionState): void {
  for (const response of [...waiting]) {
    response.destroy();
    response.emit("close");
  }
}
