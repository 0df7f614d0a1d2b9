import { createConnection, createServer } from "node:net";

/** A way to a server that takes its time in each direction, as one to another data centre does, and that can fall silent without closing. */
export async function openSlowWay({ hostname, port }, eachWayMs) {
  const sockets = new Set();
  let isSilent = false;
  const carry = (from, to) => {
    from.on("data", (chunk) => {
      if (isSilent) return;
      if (eachWayMs === 0) to.write(chunk);
      else setTimeout(() => isSilent || to.write(chunk), eachWayMs);
    });
  };
  const server = createServer((client) => {
    const upstream = createConnection(Number(port), hostname);
    carry(client, upstream);
    carry(upstream, client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay();
      socket.on("error", () => undefined).on("close", () => [client, upstream].map((each) => each.destroy()));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${server.address().port}`,
    fallSilent: () => {
      isSilent = true;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
