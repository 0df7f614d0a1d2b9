import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";

/** How long a connection may take to end in order, in ms. */
const GOODBYE_MS = 1_000;

/** A socket, as far as it is ended here. */
interface EndableSocket {
  destroy(): unknown;
  once(event: "close", listener: () => void): unknown;
}

/** What the library makes of credentials for each connection. */
interface SecureConnector {
  waitForReady(): Promise<void>;
  connect(socket: EndableSocket): Promise<unknown>;
}

/** Credentials of the library, as far as they are wrapped; other packages that extend the library override the same method. */
interface ConnectorFactory {
  _createSecureConnector?: ((...args: never[]) => SecureConnector) | undefined;
}

/**
 * The sockets of one dial.
 *
 * The library ends a connection that is up when its client is closed, and waits for as long as it takes: on a half-open one that is until the platform gives up, a quarter of an
 * hour. It does not end one that is being made at all: where the other end's process stands still, which accepts connections and answers none, each dial would leave a
 * socket behind. So its sockets are known here, and ended.
 */
export class DialedSockets {
  /** To be given to the library in place of the ones that were wrapped. */
  readonly credentials: object;
  readonly #scheduler: Pick<Scheduler, "after">;
  readonly #sockets = new Set<EndableSocket>();
  readonly #onEnded: () => void;
  #isDestroyed = false;
  #timer: ScheduledTask | undefined;

  /**
   * @param credentials of the library. A version of it without the method that is overridden here works as it is
   * @param onEnded called when there will be no socket of it any more
   */
  constructor(credentials: object, scheduler: Pick<Scheduler, "after">, onEnded: () => void) {
    this.#scheduler = scheduler;
    this.#onEnded = onEnded;
    const held: ConnectorFactory = Object.create(credentials);
    const { _createSecureConnector: create } = credentials as ConnectorFactory;
    if (create !== undefined) {
      held._createSecureConnector = (...args) => this.#wrap(create.apply(credentials, args));
    }
    this.credentials = held;
  }

  /** Whether there is one over which a connection was made. */
  get areThere(): boolean {
    return this.#sockets.size > 0;
  }

  /** Ends every socket at once, those that come up later too. */
  destroy(): void {
    this.#isDestroyed = true;
    this.#timer?.cancel();
    for (const socket of this.#sockets) socket.destroy();
    this.#onEnded();
  }

  /** Ends those that are still there in a second: the library was told to end them in order. */
  destroyLater(): void {
    if (this.#isDestroyed) return;
    if (this.#sockets.size === 0) this.destroy();
    else this.#timer ??= this.#scheduler.after(GOODBYE_MS, () => this.destroy());
  }

  #hold(socket: EndableSocket): void {
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      if (this.#timer !== undefined && this.#sockets.size === 0) this.destroy();
    });
  }

  #wrap(connector: SecureConnector): SecureConnector {
    const wrapped: SecureConnector = Object.create(connector);
    wrapped.waitForReady = async () => {
      this.#assertWanted();
      await connector.waitForReady();
    };
    wrapped.connect = async (socket) => {
      this.#hold(socket);
      // The library ends a socket for which this fails.
      this.#assertWanted();
      return connector.connect(socket);
    };
    return wrapped;
  }

  #assertWanted(): void {
    if (this.#isDestroyed) throw new Error("the dial was given up");
  }
}
