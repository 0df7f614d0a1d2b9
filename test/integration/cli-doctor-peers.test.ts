import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Certificates, makeCertificates } from "../../scripts/servers/make-certificates.ts";
import { createCache } from "../../src/create-cache.ts";
import { startGrpcApi } from "../../src/server/grpc/grpc-api.ts";
import { cli } from "./cli-harness.ts";
import { closeMeshes, meshNode } from "./support/grpc-mesh.ts";

let directory: string;
let certificates: Certificates;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gocachex-doctor-peers-"));
  certificates = makeCertificates();
});
afterAll(async () => {
  certificates.remove();
  await rm(directory, { recursive: true });
});
afterEach(closeMeshes);

/** What doctor says of the peers of a distributed cache in memory, and how it ends. */
async function examine(grpc: object): Promise<{ readonly exitCode: number; readonly words: string }> {
  const file = join(directory, "cache.json");
  const config = { backend: "memory", distributed: true, grpc: { port: 0, ...grpc } };
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  const node = createServer().listen(0, "127.0.0.1");
  await once(node, "listening");
  const { port } = node.address() as AddressInfo;
  node.close();
  await once(node, "close");
  const { exitCode, stdout } = await cli(["doctor", "-c", file, "--port", String(port)]);
  return { exitCode, words: stdout };
}

describe("doctor on the peers of a cache", () => {
  it("is let in by those that would let the cache in, and is no peer itself", async () => {
    const node = await meshNode({ token: "the secret" });
    const { exitCode, words } = await examine({ token: "the secret", peers: [node.address] });
    expect(words).toMatch(/ok {4}peer 127\.0\.0\.1:\d+: a node of this cache, which lets this one in; answers in/);
    expect(exitCode).toBe(0);
    expect(node.transport.peers()).toEqual([]);
    expect(node.notices).toEqual([]);
  });

  it("says that a peer refuses, which is no matter of the network: exit code 3", async () => {
    const node = await meshNode({ token: "the secret" });
    const { exitCode, words } = await examine({ token: "another secret", peers: [node.address] });
    expect(words).toMatch(/fail {2}peer .*refuses this node: it does not know this node's token.*the same grpc\.token/);
    expect(words).not.toContain("another secret");
    expect(exitCode).toBe(3);
  });

  it("checks certificates as the cache would", async () => {
    const { caFile, serverCertFile, serverKeyFile, clientCertFile, clientKeyFile, strangerCaFile } = certificates;
    const node = await meshNode({ tls: { caFile, certFile: serverCertFile, keyFile: serverKeyFile } });
    const tls = { tls: true, certFile: clientCertFile, keyFile: clientKeyFile };
    const good = await examine({ ...tls, caFile, peers: [node.address] });
    expect(good.words).toMatch(/ok {4}peer .*which lets this one in/);
    const bad = await examine({ ...tls, caFile: strangerCaFile, peers: [node.address] });
    expect(bad.words).toMatch(/warn {2}peer .*cannot be reached \(.*certificate.*grpc\.serverName/);
    expect(bad.exitCode).toBe(1);
  });

  it("is not content with a port that takes connections: not of a program that says nothing, nor of another gRPC service", async () => {
    const silent = createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const cache = createCache();
    const api = await startGrpcApi({ cache, port: 0 });
    const peers = [`127.0.0.1:${(silent.address() as AddressInfo).port}`, api.address];
    const startedAt = performance.now();
    const { exitCode, words } = await examine({ peers });
    expect(words).toMatch(/warn {2}peer .*cannot be reached \(no answer within 2000 ms\)/);
    expect(words).toMatch(/warn {2}peer .*another gRPC service listens there/);
    expect(exitCode).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    silent.close();
    await api.close();
    await cache.close();
  });

  it("asks every address behind the name of a discovery, and says when there is no such name", async () => {
    const node = await meshNode();
    const found = await examine({ discovery: `dns:localhost:${node.port}` });
    expect(found.words).toMatch(/ok {4}peer 127\.0\.0\.1:\d+: a node of this cache/);
    const none = await examine({ discovery: "dns:nowhere.invalid:7000" });
    expect(none.words).toMatch(/fail {2}dns:nowhere\.invalid: the name cannot be looked up \(ENOTFOUND|EAI_AGAIN\)/);
    expect(none.exitCode).toBe(4);
  });
});
