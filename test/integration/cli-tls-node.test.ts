import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Certificates, makeCertificates } from "../../scripts/servers/make-certificates.ts";
import { type CliRun, cli } from "./cli-harness.ts";
import { type RunningNode, startTestNode } from "./node-harness.ts";

let certificates: Certificates;
/** Wants certificates of its clients. */
let mutual: RunningNode;
/** Shows its own alone. */
let plainTls: RunningNode;
/** Its certificate was valid until yesterday. */
let expired: RunningNode;
beforeAll(async () => {
  certificates = makeCertificates();
  const { serverCertFile: certFile, serverKeyFile: keyFile, caFile, folder } = certificates;
  const required = { requireClientCert: true, clientRole: "write" } as const;
  mutual = await startTestNode({ host: "0.0.0.0", tls: { certFile, keyFile, caFile, ...required } });
  plainTls = await startTestNode({ tls: { certFile, keyFile } });
  for (const name of ["server", "client"]) signExpired(folder, name);
  expired = await startTestNode({ tls: { certFile: join(folder, "expired-server.crt"), keyFile } });
  await mutual.cache.set("k", "v");
  await plainTls.cache.set("k", "v");
});
afterAll(async () => {
  for (const node of [mutual, plainTls, expired]) await node?.[Symbol.asyncDispose]();
  certificates?.remove();
});

/** A certificate as the one there is, but over since yesterday. */
function signExpired(folder: string, name: string): void {
  const authority = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names.cnf"];
  const period = ["-days", "-1"];
  execFileSync(
    "openssl",
    ["x509", "-req", "-in", `${name}.csr`, ...authority, ...period, "-out", `expired-${name}.crt`],
    { cwd: folder, stdio: "pipe" },
  );
}

function run({ node }: RunningNode, line: readonly string[], env: Record<string, string> = {}): Promise<CliRun> {
  return cli(line, { directory: certificates.folder, env: { GOCACHEX_NODE: `127.0.0.1:${node.port}`, ...env } });
}

const CA = ["--ca", "ca.crt"];
const CLIENT = [...CA, "--cert", "client.crt", "--key", "client.key"];

describe("a command on a node that speaks TLS", () => {
  it("checks it by the authority that is named, by option, variable or Node.js itself", async () => {
    expect(await run(plainTls, ["get", "k", ...CA])).toMatchObject({ exitCode: 0, stdout: "v\n", stderr: "" });
    expect((await run(plainTls, ["get", "k"], { GOCACHEX_NODE_CA_FILE: "ca.crt" })).stdout).toBe("v\n");
    const { port } = plainTls.node;
    expect((await run(plainTls, ["get", "k", "--node", `https://localhost:${port}`, ...CA])).stdout).toBe("v\n");
    // A variable for another node does not turn an address around that says http.
    const plain = await run(plainTls, ["get", "k", "--node", `http://127.0.0.1:${port}`], {
      GOCACHEX_NODE_CA_FILE: "ca.crt",
    });
    expect(plain).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("name it as https://") });
  });

  it("shows its certificate to a node that wants one", async () => {
    expect((await run(mutual, ["get", "k", ...CLIENT])).stdout).toBe("v\n");
    const env = {
      GOCACHEX_NODE_CA_FILE: "ca.crt",
      GOCACHEX_NODE_CERT_FILE: "client.crt",
      GOCACHEX_NODE_KEY_FILE: "client.key",
    };
    expect(await run(mutual, ["set", "w", "x"], env)).toMatchObject({ exitCode: 0, stdout: "ok\n", stderr: "" });
    expect((await run(mutual, ["keys"], env)).stdout.split("\n").sort()).toEqual(["", "k", "w"]);
    expect((await run(mutual, ["top", "-i", "50ms"], env)).stdout).toContain("gocachex top");
    expect((await run(mutual, ["doctor", ...CLIENT])).stdout).toMatch(
      /warn .*ca\.crt: valid until [\s\S]*warn .*client\.crt: valid until [\s\S]*warn .*others may read this private key[\s\S]*ok {4}node/,
    );
    const over = await run(mutual, ["doctor", ...CA, "--cert", "expired-client.crt", "--key", "client.key"]);
    expect(over.stdout).toMatch(/fail {2}.*expired-client\.crt: the certificate expired/);
    const refused = await run(mutual, ["bench", "--requests", "5", "--keys", "2"], env);
    expect(refused.stderr).toContain("not all keys could be removed");
  });

  it.each([
    ["an authority that is not known", () => plainTls, [], /authority that is not known here.*--ca/],
    ["another authority", () => plainTls, ["--ca", "stranger-ca.crt"], /authority that is not known here/],
    ["a certificate that has expired", () => expired, CA, /certificate that has expired/],
    ["a certificate for other names", () => mutual, CLIENT, /certificate that is for other names/],
    ["no certificate of the client", () => mutual, CA, /want a certificate of its clients\. Give --cert and --key/],
    [
      "a client's certificate of another authority",
      () => mutual,
      [...CA, "--cert", "stranger.crt", "--key", "stranger.key"],
      /not to take this client's certificate/,
    ],
    [
      "a client's certificate that has expired",
      () => mutual,
      [...CA, "--cert", "expired-client.crt", "--key", "client.key"],
      /not to take this client's certificate|which has expired/,
    ],
  ])("says that there is %s, for reads, listings and writes alike", async (what, which, options, message) => {
    const { port } = which().node;
    // In 127.0.0.0/8, but not in the certificate.
    const host = what.includes("other names") ? "127.0.0.2" : "127.0.0.1";
    for (const line of [["get", "k"], ["keys"], ["set", "k", "other"], ["delete", "k"], ["exists", "k"]]) {
      const refused = await run(which(), [...line, "--node", `https://${host}:${port}`, ...options]);
      expect(refused).toMatchObject({ exitCode: 4, stdout: "", stderr: expect.stringMatching(message) });
      expect(refused.stderr).toContain("GCX_NODE_UNREACHABLE");
    }
    if (which() !== expired) expect(await which().cache.get("k")).toBe("v");
  });

  it("is told when the node does not speak TLS", async () => {
    await using plain = await startTestNode();
    for (const line of [
      ["get", "k"],
      ["set", "k", "v"],
    ]) {
      const refused = await run(plain, [...line, ...CA]);
      expect(refused).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("does not speak TLS") });
    }
    const busy = createServer((request) => request.socket.destroy()).listen(0, "127.0.0.1");
    await new Promise((resolve) => busy.once("listening", resolve));
    const { port } = busy.address() as AddressInfo;
    const cut = await run(plain, ["get", "k", "--node", `127.0.0.1:${port}`]);
    expect(cut).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("If it speaks TLS") });
    busy.close();
  });

  it.each([
    [["--cert", "client.crt"], /--cert needs --key too/],
    [["--key", "client.key"], /--key needs --cert too/],
    [["--ca", "names.cnf"], /--ca: "names\.cnf" is no certificate/],
    [["--ca", "none.crt"], /--ca: "none\.crt": there is no such file/],
    [["--cert", "client.crt", "--key", "server.key"], /--key: "server\.key" is not the private key of "client\.crt"/],
    [["--cert", "client.crt", "--key", "names.cnf"], /none in PEM form/],
    [["--node", "http://127.0.0.1:1", "--ca", "ca.crt"], /--ca needs TLS, and the node is named as http/],
  ])("refuses %j", async (options, message) => {
    const refused = await run(plainTls, ["get", "k", ...options]);
    expect(refused).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringMatching(message) });
  });

  it("is told by doctor that a port is no plain node's", async () => {
    writeFileSync(join(certificates.folder, "cache.json"), "{}");
    const line = ["doctor", "-c", "cache.json", "--port", String(plainTls.node.port)];
    expect((await run(plainTls, line)).stdout).toContain("or a node that speaks TLS");
  });
});
