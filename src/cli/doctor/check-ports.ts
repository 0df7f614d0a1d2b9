import { NodeError } from "../../foundation/errors.ts";
import { NodeClient } from "../../server/node-client.ts";
import { type Finding, ok, warn } from "./finding.ts";

const DIAL_TIMEOUT_MS = 2_000;

/** Whether a node could listen, or who does. */
export async function checkNodePort(port: number): Promise<Finding> {
  const subject = `port ${port}`;
  const code = await listenOnce("127.0.0.1", port);
  if (code === undefined) return ok(subject, "free for gocachex serve");
  if (code !== "EADDRINUSE")
    return warn(subject, `gocachex serve may not listen there (${code}). Choose another with --port.`);
  const client = new NodeClient({ host: "127.0.0.1", port, timeoutMs: DIAL_TIMEOUT_MS });
  try {
    await client.stats();
    return ok(subject, "a gocachex node listens there");
  } catch (error) {
    if (error instanceof NodeError && error.code === "GCX_NODE_ACCESS")
      return ok(subject, "a gocachex node listens there, which asks for a token");
    return warn(
      subject,
      "another program listens there, or a node that speaks TLS. Start the node with --port, or --any-port.",
    );
  } finally {
    client.close();
  }
}

/** @returns the error's code; `undefined` when it can be listened on */
export async function listenOnce(host: string, port: number): Promise<string | undefined> {
  const { createServer } = await import("node:net");
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
