import { createConnection, createServer } from "node:net";

/** A way to an address that can fall silent without closing anything, as a network does that loses its packets; and that can speak again. */
export async function openWay({ host, port }) {
  const pairs = new Set();
  let isSilent = false;

  function join([near, far]) {
    near.pipe(far).pipe(near);
  }

  const server = createServer((near) => {
    const far = createConnection(port, host);
    const pair = [near, far];
    pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay();
      socket
        .on("error", () => undefined)
        .on("close", () => {
          pairs.delete(pair);
          for (const each of pair) each.destroy();
        });
    }
    if (!isSilent) join(pair);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    address: `127.0.0.1:${server.address().port}`,
    fallSilent() {
      isSilent = true;
      for (const socket of [...pairs].flat()) socket.unpipe().pause();
    },
    speakAgain() {
      isSilent = false;
      for (const pair of pairs) join(pair);
    },
    close() {
      for (const socket of [...pairs].flat()) socket.destroy();
      server.close();
    },
  };
}
