// One server of the comparison, in a process of its own: `bare` is node:http and nothing else, `node` is the cache node.
import { createServer } from "node:http";
import process from "node:process";

const [kind, bundle = "", sizeText = "100"] = process.argv.slice(2);
const value = Buffer.alloc(Number(sizeText), "v");

/**
 * Answers every GET with the same bytes, and with no header but those that it cannot do without. As text, which the platform sends in one
 * piece with the head; as a Buffer it would be a second one, and this server slower than it has to be.
 */
async function startBare() {
  const text = value.toString("latin1");
  const server = createServer((_request, response) => {
    response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": value.length });
    response.end(text, "latin1");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
}

async function startCacheNode() {
  const { createCache, startNode } = await import(bundle);
  const cache = createCache();
  for (let index = 0; index < 1_000; index += 1) await cache.set(`key:${index}`, Buffer.from(value));
  const token = process.env["BENCH_TOKEN"];
  const access = token === undefined ? undefined : { tokens: [{ token, role: "read" }] };
  return (await startNode({ cache, port: 0, access })).port;
}

const port = await (kind === "bare" ? startBare() : startCacheNode());
process.send?.({ port });
process.on("message", () => process.send?.(process.cpuUsage()));
process.on("disconnect", () => process.exit(0));
