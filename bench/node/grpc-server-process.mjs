// A server of run-grpc.mjs, in a process of its own: the gRPC API of a node, or a bare server of the same library that answers with as many bytes.

import process from "node:process";
import { pathToFileURL } from "node:url";

const [kind, bundle, libraryFile, answer] = process.argv.slice(2);

async function startApi() {
  const { createCache, startGrpcApi } = await import(bundle ?? "");
  const cache = createCache();
  await cache.set("key:0001", Buffer.alloc(100, "x"));
  const { port } = await startGrpcApi({ cache, port: 0, onMissing: () => undefined });
  return port;
}

async function startEcho() {
  const grpc = await import(pathToFileURL(libraryFile ?? "").href);
  const { Server, ServerCredentials } = grpc.default ?? grpc;
  const server = new Server();
  const bytes = Buffer.from(answer ?? "", "hex");
  const asIs = (/** @type {Buffer} */ message) => message;
  const method = { path: "/bench.Echo/Get", requestStream: false, responseStream: false };
  server.addService(
    {
      Get: {
        ...method,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    },
    { Get: (/** @type {unknown} */ _call, /** @type {Function} */ respond) => respond(null, bytes) },
  );
  return new Promise((resolve, reject) => {
    server.bindAsync(
      "127.0.0.1:0",
      ServerCredentials.createInsecure(),
      (/** @type {Error | null} */ error, /** @type {number} */ port) =>
        error === null ? resolve(port) : reject(error),
    );
  });
}

process.send?.(await (kind === "api" ? startApi() : startEcho()));
process.on("message", () => process.send?.(process.cpuUsage()));
process.on("disconnect", () => process.exit(0));
