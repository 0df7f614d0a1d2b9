import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { askServer } from "../../scripts/servers/ask-server.ts";
import { type Certificates, makeCertificates } from "../../scripts/servers/make-certificates.ts";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { TlsSettings } from "../../src/clients/tls-settings.ts";
import { BackendUnavailableError } from "../../src/foundation/errors.ts";
import { closeClients, failureOf, openClient, READ, readText, set, WRITE } from "./support/memcached-clients.ts";

const running: TestServer[] = [];
let certificates: Certificates;

beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => certificates.remove());
afterEach(async () => {
  await closeClients();
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function keep(starting: Promise<TestServer>): Promise<string> {
  const server = await starting;
  running.push(server);
  return `${server.host}:${server.port}`;
}

function tls(changes: Partial<TlsSettings> = {}): TlsSettings {
  return {
    isVerified: true,
    caFile: certificates.caFile,
    certFile: undefined,
    keyFile: undefined,
    serverName: undefined,
    ...changes,
  };
}

/** Connecting fails, and so does a call, with the same reason and nothing else. */
async function expectRefusal(
  address: string,
  settings: Parameters<typeof openClient>[1],
  reason: RegExp,
): Promise<void> {
  const { client } = openClient(address, settings);
  const { error } = await failureOf(client.connect());
  expect(error).toBeInstanceOf(BackendUnavailableError);
  expect(error.message).toMatch(reason);
  expect(error.message).not.toContain("s3cret");
  const call = await failureOf(client.send(set("a", "1"), WRITE));
  expect(call.error).toBeInstanceOf(BackendUnavailableError);
  expect(client.connections()).toEqual({ open: 0, inFlight: 0, waiting: 0 });
}

describe("TLS", () => {
  it("carries everything, with the server's certificate checked against its authority and name", async () => {
    const address = await keep(startMemcached({ tls: { certificates } }));
    for (const [where, settings] of [
      [address, tls()],
      [address.replace("127.0.0.1", "localhost"), tls()],
      [address, tls({ serverName: "localhost" })],
      [address, tls({ isVerified: false, caFile: undefined })],
    ] as const) {
      const { client } = openClient(where, { tls: settings });
      const value = Buffer.alloc(300_000, where);
      await client.send(set("t", value), WRITE);
      expect(await readText(client, "t")).toBe(value.toString());
    }
  });

  it("is refused where the certificate is not what it must be", async () => {
    const address = await keep(startMemcached({ tls: { certificates } }));
    await expectRefusal(
      address,
      { tls: tls({ caFile: certificates.strangerCaFile }) },
      /certificate|self.signed|verify/i,
    );
    await expectRefusal(address, { tls: tls({ caFile: undefined }) }, /certificate|self.signed|verify/i);
    await expectRefusal(address, { tls: tls({ serverName: "other.example" }) }, /altnames|other\.example/i);
    await expectRefusal(address, { tls: tls({ caFile: "/nowhere/ca.pem" }) }, /ENOENT/);
  });

  it("shows a client's certificate where the server wants one", async () => {
    const address = await keep(startMemcached({ tls: { certificates, requiresClientCertificate: true } }));
    const own = tls({ certFile: certificates.clientCertFile, keyFile: certificates.clientKeyFile });
    const { client } = openClient(address, { tls: own });
    await client.send(set("m", "1"), WRITE);
    expect(await readText(client, "m")).toBe("1");
    await expectRefusal(address, { tls: tls() }, /./);
    const stranger = tls({ certFile: certificates.strangerCertFile, keyFile: certificates.strangerKeyFile });
    await expectRefusal(address, { tls: stranger }, /./);
  });

  it("says what to do where one side speaks it and the other does not", async () => {
    const secure = await keep(startMemcached({ tls: { certificates } }));
    await expectRefusal(secure, { timeoutMs: 1_000 }, /speaks? TLS.*memcached\.tls/);
    const plain = await keep(startMemcached());
    await expectRefusal(plain, { tls: tls(), timeoutMs: 1_000 }, /./);
  });
});

describe("authentication", () => {
  const credentials = { username: "alice", password: "s3cret" };

  it("gives user and password to a server that demands them", async () => {
    const address = await keep(startMemcached({ passwords: { alice: "s3cret", bob: "x" } }));
    const { client, notices } = openClient(address, { credentials });
    await client.send(set("a", "1"), WRITE);
    expect(await readText(client, "a")).toBe("1");
    expect(client.features["opaque"]).toBe(true);
    expect(client.incarnation).toBe(1);
    expect(notices).toEqual([{ kind: "connection", state: "connected" }]);
  });

  it("says what to do when the password is wrong or missing", async () => {
    const address = await keep(startMemcached({ passwords: { alice: "s3cret" } }));
    await expectRefusal(address, { credentials: { username: "alice", password: "no" } }, /memcached\.password/);
    await expectRefusal(address, {}, /demands a user.*memcached\.username/);
  });

  it("never sends a password to a server that would store it", async () => {
    const address = await keep(startMemcached());
    const { client, notices } = openClient(address, { credentials });
    await client.send(set("a", "1"), WRITE);
    expect(notices).toContainEqual({ kind: "warning", message: expect.stringContaining("demands no user") });
    const [host, port] = address.split(":") as [string, string];
    const dump = await askServer({ host, port: Number(port) }, "mg user v\r\n");
    expect(dump).toBe("EN\r\n");
    expect(JSON.stringify(notices)).not.toContain("s3cret");
  });

  it("refuses credentials that the protocol cannot carry before anything is opened", () => {
    for (const wrong of ["a b", "", "a\r\n", "\0"]) {
      expect(() => openClient("127.0.0.1:1", { credentials: { username: wrong, password: "p" } })).toThrow(TypeError);
      expect(() => openClient("127.0.0.1:1", { credentials: { username: "u", password: wrong } })).toThrow(TypeError);
    }
    expect(() => openClient("nowhere", {})).toThrow(TypeError);
  });

  it("authenticates over TLS too", async () => {
    const address = await keep(startMemcached({ tls: { certificates }, passwords: { alice: "s3cret" } }));
    const { client } = openClient(address, { credentials, tls: tls() });
    await client.send(set("a", "1"), WRITE);
    expect(await readText(client, "a")).toBe("1");
  });

  it("says what to do when the server demands SASL, with and without credentials", async () => {
    const address = await keep(startMemcached({ demandsSasl: true }));
    await expectRefusal(address, {}, /SASL.*-Y/);
    await expectRefusal(address, { credentials }, /SASL.*-Y/);
    const binary = await keep(startMemcached({ demandsSasl: true, args: ["-B", "binary"] }));
    await expectRefusal(binary, {}, /SASL.*-Y/);
  });

  it("can be asked how it is after a refusal", async () => {
    const address = await keep(startMemcached({ passwords: { alice: "s3cret" } }));
    const { client } = openClient(address, {});
    const { error } = await failureOf(client.stats(undefined, READ));
    expect(error.message).toMatch(/demands a user/);
  });
});
