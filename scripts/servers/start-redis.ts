import { ensureServers } from "./ensure-servers.ts";
import { startServerProcess } from "./server-process.ts";
import { ownServer, sharedServer, type TestServer, type TestServerOptions } from "./test-server.ts";

/**
 * Starts an empty Redis that keeps nothing on disk, on a free loopback port, and waits until it answers.
 *
 * @example
 * ```ts
 * const redis = await startRedis({ args: ["--maxmemory", "10mb"] });
 * try { … } finally { await redis.stop(); }
 * ```
 */
export async function startRedis(options: TestServerOptions = {}): Promise<TestServer> {
  const source = ensureServers().redis;
  if (source.kind === "running") return sharedServer(source.address, options, "redis-server");
  const process = await startServerProcess({
    program: source.path,
    port: options.port,
    arguments: (port, folder) => [
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--daemonize", "no"],
      ...["--save", "", "--appendonly", "no"],
      ...(options.args ?? []),
    ],
    // An error is an answer too: a server that asks for a password is ready.
    probe: { question: "PING\r\n", answer: /^(\+PONG|-NOAUTH|-DENIED|-NOPERM)/ },
  });
  return ownServer(process);
}
