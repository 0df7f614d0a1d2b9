import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP proxy that keeps back what a server says and hands all of it over at once: replies that came one after the other arrive in one chunk. */
export interface ReplyGate {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Keeps back all replies from that to the next request on that matches; without a pattern, from the next but one chunk of replies on. */
  hold(pattern?: RegExp): void;
  /** Resolves when so many chunks of replies are kept back. */
  kept(count: number): Promise<void>;
  /** Hands over what was kept back, each connection's in one write, and keeps back nothing more. */
  release(): void;
  stop(): Promise<void>;
}

interface GatedConnection {
  readonly client: Socket;
  readonly kept: Buffer[];
}

/** When replies begin to be kept back. */
type HoldState = "open" | "after-a-reply" | "held" | RegExp;

/** Starts a gate on a loopback port in front of one server. */
export async function startReplyGate(target: { readonly host: string; readonly port: number }): Promise<ReplyGate> {
  const connections = new Set<GatedConnection>();
  const watchers = new Set<() => void>();
  let state: HoldState = "open";
  let keptCount = 0;
  const onReply = ({ client, kept }: GatedConnection, chunk: Buffer): void => {
    if (state === "held") {
      kept.push(chunk);
      keptCount += 1;
      for (const tell of watchers) tell();
      return;
    }
    if (state === "after-a-reply") state = "held";
    client.write(chunk);
  };
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ ...target, noDelay: true });
    const connection: GatedConnection = { client, kept: [] };
    connections.add(connection);
    client.on("data", (chunk) => {
      if (state instanceof RegExp && state.test(chunk.toString("latin1"))) state = "held";
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => onReply(connection, chunk));
    for (const [socket, peer] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on("error", () => peer.destroy());
      socket.on("close", () => peer.destroy());
    }
    client.on("close", () => connections.delete(connection));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    hold: (pattern) => {
      keptCount = 0;
      state = pattern ?? "after-a-reply";
    },
    kept: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (keptCount < count) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    release: () => {
      state = "open";
      for (const { client, kept } of connections) if (kept.length > 0) client.write(Buffer.concat(kept.splice(0)));
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const { client } of connections) client.destroy();
      }),
  };
}
