import { readFileSync } from "node:fs";
import * as grpc from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Certificates, makeCertificates } from "../../scripts/servers/make-certificates.ts";
import { closeApis, dialApi, jsonValue, startTestApi } from "./support/grpc-api.ts";

afterEach(closeApis);

const READ = "reader-token-0123456789";
const WRITE = "writer-token-0123456789";
const ADMIN = "admin-token-01234567890";
const access = {
  tokens: [
    { token: READ, role: "read" },
    { token: WRITE, role: "write" },
    { token: ADMIN, role: "admin" },
  ],
} as const;

describe("an API with tokens", () => {
  it("lets each role do what it may, and refuses what it may not", async () => {
    const running = await startTestApi({ access });
    const { client } = running;
    const set = { key: "k", value: jsonValue(1) };
    await client.call("Set", set, { token: WRITE });
    expect(await client.call("Get", { key: "k" }, { token: READ })).toEqual({ value: jsonValue(1) });
    await client.call("Clear", {}, { token: ADMIN });
    for (const [method, request, token] of [
      ["Set", set, READ],
      ["Increment", { key: "n" }, READ],
      ["AcquireLock", { name: "n", ttl_ms: 1_000 }, READ],
      ["Clear", {}, WRITE],
      ["DeleteByPrefix", { prefix: "a" }, WRITE],
    ] as const) {
      const refused = client.call(method, request, { token });
      await expect(refused).rejects.toMatchObject({ status: 7, code: "GCX_NODE_REQUEST" });
    }
  });

  it("refuses who has no token or a wrong one, in calls and in streams, without saying a token", async () => {
    const running = await startTestApi({ access });
    const { client, cache } = running;
    await cache.set("secret-key", 1);
    await expect(client.call("Get", { key: "k" })).rejects.toMatchObject({ status: 16 });
    const failed = await client.call("Get", { key: "k" }, { token: `${READ}x` }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ status: 16, details: "The token is not valid." });
    await expect(client.list("Keys")).rejects.toMatchObject({ status: 16 });
    await expect(client.call("Health")).rejects.toMatchObject({ status: 16 });
  });

  it("stops looking at tokens of an address that has sent too many wrong ones", async () => {
    const running = await startTestApi({ access });
    const { client } = running;
    const tries = Array.from({ length: 20 }, () =>
      client.call("Get", { key: "k" }, { token: "wrong-token-0123456789" }).catch((error: unknown) => error),
    );
    expect(await Promise.all(tries)).toEqual(Array.from({ length: 20 }, () => expect.objectContaining({ status: 16 })));
    await expect(client.call("Get", { key: "k" }, { token: ADMIN })).rejects.toMatchObject({ status: 8 });
  });
});

describe("an address that other machines can reach", () => {
  it("is not listened on without tokens or client certificates", async () => {
    await expect(startTestApi({ host: "0.0.0.0" })).rejects.toMatchObject({ code: "GCX_NODE_LISTEN" });
  });

  it("is listened on with tokens", async () => {
    const running = await startTestApi({ host: "0.0.0.0", access });
    expect(await running.client.call("Exists", { key: "k" }, { token: READ })).toEqual({});
  });
});

describe("an API with client certificates", () => {
  let files: Certificates;
  beforeAll(() => {
    files = makeCertificates();
  });
  afterAll(() => files.remove());

  it("knows callers by them, with the role that it gives them, and no others", async () => {
    const tls = { certFile: files.serverCertFile, keyFile: files.serverKeyFile, caFile: files.caFile };
    const running = await startTestApi({ tls: { ...tls, requireClientCert: true, clientRole: "write" } });
    const { address } = running.api;
    const ca = readFileSync(files.caFile);
    const credentials = (cert: string, key: string): grpc.ChannelCredentials =>
      grpc.credentials.createSsl(ca, readFileSync(key), readFileSync(cert));
    const known = dialApi(address, credentials(files.clientCertFile, files.clientKeyFile));
    const strangers = [
      dialApi(address, credentials(files.strangerCertFile, files.strangerKeyFile)),
      dialApi(address, grpc.credentials.createSsl(ca)),
      dialApi(address),
    ];
    try {
      await known.call("Set", { key: "k", value: jsonValue(1) });
      await expect(known.call("Clear")).rejects.toMatchObject({ status: 7 });
      for (const stranger of strangers) {
        await expect(stranger.call("Get", { key: "k" }, { deadlineMs: 20_000 })).rejects.toMatchObject({ status: 14 });
      }
      expect(await known.call("Get", { key: "k" })).toEqual({ value: jsonValue(1) });
    } finally {
      for (const client of [known, ...strangers]) client.close();
    }
  });

  it("does not start with files that are not there, or that do not belong together", async () => {
    const missing = { certFile: files.serverCertFile, keyFile: `${files.folder}/none.key` };
    await expect(startTestApi({ tls: missing })).rejects.toMatchObject({ code: "GCX_NODE_LISTEN" });
    const foreign = { certFile: files.serverCertFile, keyFile: files.clientKeyFile };
    await expect(startTestApi({ tls: foreign })).rejects.toMatchObject({ code: "GCX_NODE_LISTEN" });
  });
});
