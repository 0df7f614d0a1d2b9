import { createConnection, createServer } from "node:net";

/** A way to a server that can fall silent without closing, as a router does that lost its state; and that can speak again. */
export async function openSilentWay({ hostname, port }) {
  const sockets = new Set();
  const server = createServer((client) => {
    const upstream = createConnection(Number(port || 6379), hostname);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => [client, upstream].map((each) => each.destroy()));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${server.address().port}`,
    fallSilent: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
