import { ensureServers } from "./ensure-servers.ts";
import { startServerProcess } from "./server-process.ts";
import { ownServer, sharedServer, type TestServer, type TestServerOptions } from "./test-server.ts";

/** Starts an empty memcached on a free loopback port, without UDP, and waits until it answers. */
export async function startMemcached(options: TestServerOptions = {}): Promise<TestServer> {
  const source = ensureServers().memcached;
  if (source.kind === "running") return sharedServer(source.address, options, "memcached");
  const isRoot = process.getuid?.() === 0;
  const server = await startServerProcess({
    program: source.path,
    port: options.port,
    arguments: (port) => [
      ...["-l", "127.0.0.1", "-p", String(port), "-U", "0"],
      // It refuses to run as root without being told whom to become.
      ...(isRoot ? ["-u", "nobody"] : []),
      ...(options.args ?? []),
    ],
    probe: { question: "version\r\n", answer: /^(VERSION |ERROR|CLIENT_ERROR)/ },
  });
  return ownServer(server);
}
