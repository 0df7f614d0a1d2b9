import type { Socket } from "node:net";
import type { ServerAddress } from "../server-address.ts";
import { readTlsMaterial, type TlsSettings } from "../tls-settings.ts";

/** Silence after which the system asks whether the other end is still there, in ms. */
const KEEP_ALIVE_MS = 30_000;

/** A socket that is being connected. */
export interface OpeningSocket {
  /** Settles when it is connected and, with TLS, the other end was verified. Rejects with the system's error. */
  readonly ready: Promise<Socket>;
  /** Destroys the socket, in whatever state it is; `ready` rejects. */
  abandon(error: Error): void;
}

/** Connects over TCP, a Unix socket or TLS. */
export function openSocket(address: ServerAddress, tls: TlsSettings | undefined): OpeningSocket {
  let socket: Socket | undefined;
  let abandoned: Error | undefined;
  const create = async (): Promise<Socket> => {
    const created = tls === undefined ? await createPlain(address) : await createSecure(address, tls);
    socket = created;
    // Whoever has the socket listens too; this one is for the moments in which nobody has it.
    created.on("error", () => undefined);
    // The deadline may have passed while modules and certificates were read.
    if (abandoned !== undefined) created.destroy(abandoned);
    created.setNoDelay(true);
    created.setKeepAlive(true, KEEP_ALIVE_MS);
    await connected(created, tls === undefined ? "connect" : "secureConnect");
    return created;
  };
  return {
    ready: create(),
    abandon: (error) => {
      abandoned ??= error;
      socket?.destroy(error);
    },
  };
}

async function createPlain(address: ServerAddress): Promise<Socket> {
  const { connect } = await import("node:net");
  return address.kind === "unix"
    ? connect({ path: address.path })
    : connect({ host: address.host, port: address.port });
}

async function createSecure(address: ServerAddress, tls: TlsSettings): Promise<Socket> {
  const [{ connect }, { isIP }, material] = await Promise.all([
    import("node:tls"),
    import("node:net"),
    readTlsMaterial(tls),
  ]);
  if (address.kind === "unix") return connect({ path: address.path, ...material });
  // An address is no server name to TLS; the certificate is checked against it all the same.
  const name = isIP(address.host) === 0 ? { servername: address.host } : {};
  return connect({ host: address.host, port: address.port, ...name, ...material });
}

function connected(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error?: unknown): void => {
      reject(error instanceof Error ? error : new Error("The connection was closed while it was opened."));
    };
    socket.once("error", fail);
    socket.once("close", fail);
    socket.once(event, () => {
      socket.off("error", fail);
      socket.off("close", fail);
      resolve();
    });
  });
}
