import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Below the ports that systems give to outgoing connections (from 32,768 or 49,152 on). Where the port of a server that is down is one of
 * those, another connection may be given it meanwhile, even one that looks for that server: then it talks to itself, and the server cannot
 * come back.
 */
const FIRST_PORT = 12_000;
const LAST_PORT = 31_999;
const MAX_ATTEMPTS = 100;

/** No port is given twice: who was given it may not listen at the moment. */
const given = new Set<number>();

/**
 * A loopback port that was free a moment ago, chosen by chance. Another process may take it before it is used, so callers try again.
 *
 * @throws Error when none is found
 */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`None of ${MAX_ATTEMPTS} ports from ${FIRST_PORT} to ${LAST_PORT} is free.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
