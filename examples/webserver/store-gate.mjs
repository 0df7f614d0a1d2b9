import { createConnection, createServer } from "node:net";

/**
 * A door between the service and its Redis, on a port of its own: `up` lets everything through, `down` closes the connections and takes no new ones,
 * `hung` keeps them open and lets nothing through, as a machine does that lost its power behind a switch that has not.
 *
 * @param {{ host: string, port: number }} server
 * @returns {Promise<{ address: string, state: () => string, change: (state: "up" | "down" | "hung") => void, close: () => void }>}
 */
export async function openStoreGate({ host, port }) {
  const pairs = new Set();
  let state = "up";

  const gate = createServer((client) => {
    if (state === "down") {
      client.destroy();
      return;
    }
    const pair = [client, createConnection(port, host)];
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.on("error", end).on("close", end);
    if (state === "up") join(pair);
  });
  await new Promise((resolve) => gate.listen(0, "127.0.0.1", resolve));

  return {
    address: `127.0.0.1:${gate.address().port}`,
    state: () => state,
    change: (wanted) => {
      state = wanted;
      for (const pair of pairs) {
        if (wanted === "hung") for (const socket of pair) socket.unpipe().pause();
        // What was swallowed while it hung leaves the two sides at odds: they begin anew.
        else for (const socket of pair) socket.destroy();
      }
    },
    close: () => {
      gate.close();
      for (const pair of pairs) for (const socket of pair) socket.destroy();
    },
  };
}

function join([client, server]) {
  client.pipe(server).pipe(client);
}
