import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ensureServers } from "./ensure-servers.ts";
import { type CertificateFiles, clientTls } from "./make-certificates.ts";
import { type ServerProbe, startServerProcess } from "./server-process.ts";
import { ownServer, sharedServer, type TestServer, type TestServerOptions } from "./test-server.ts";

/** How to start a Memcached. */
export interface MemcachedServerOptions extends TestServerOptions {
  /** Speak TLS (`-Z`). Default: plain text. */
  readonly tls?: MemcachedServerTls | undefined;
  /** ASCII authentication (`-Y`): passwords by user name. Default: nobody is asked. */
  readonly passwords?: Readonly<Record<string, string>> | undefined;
  /**
   * Demand SASL (`-S`), which only the binary protocol has: text is never answered, and the connection closed once there are as many
   * bytes as a binary header has. It has no accounts.
   */
  readonly demandsSasl?: boolean | undefined;
  /** Largest item in bytes (`-I`), even, from 2,048 on. Default: the server's, 1 MiB. */
  readonly maxItemBytes?: number | undefined;
  /** Memory for items in MiB (`-m`). Default: the server's, 64. */
  readonly memoryMebibytes?: number | undefined;
  /** Listen at a Unix socket and at no port; its path is in the handle. */
  readonly hasUnixSocket?: boolean | undefined;
}

/** How a Memcached encrypts. */
export interface MemcachedServerTls {
  readonly certificates: CertificateFiles;
  /** Let in only clients with a certificate of the authority. Default: false. */
  readonly requiresClientCertificate?: boolean | undefined;
}

const UNIX_SOCKET = "memcached.sock";
const PASSWORD_FILE = "passwords";
/** Without a file of this name SASL does not start. */
const SASL_FILE = "memcached.conf";
/** Above, slabs' chunks may stay as large as they are by default. */
const SMALL_ITEM_BYTES = 1_048_576;
/** `ssl_verify_mode`: what it asks of clients. */
const VERIFY = { nobody: "0", everybody: "2" } as const;
/** The binary protocol's `version`: magic 0x80, opcode 0x0b, then a header of zeros. */
const BINARY_VERSION: Uint8Array = Uint8Array.of(0x80, 0x0b, ...new Uint8Array(22));

/** Starts an empty memcached on a free loopback port, without UDP, and waits until it answers. */
export async function startMemcached(options: MemcachedServerOptions = {}): Promise<TestServer> {
  const source = ensureServers().memcached;
  if (source.kind === "running") return sharedServer(source.address, options, "memcached");
  const server = await startServerProcess({
    program: source.path,
    port: options.port,
    arguments: (port, folder) => memcachedArguments(port, folder, options),
    environment: (folder) => (options.demandsSasl === true ? { SASL_CONF_PATH: folder } : {}) as Record<string, string>,
    probe: memcachedProbe(options),
  });
  return ownServer(server, options.hasUnixSocket === true ? join(server.folder, UNIX_SOCKET) : undefined);
}

function memcachedArguments(port: number, folder: string, options: MemcachedServerOptions): readonly string[] {
  const isRoot = process.getuid?.() === 0;
  const { tls, passwords, demandsSasl = false, maxItemBytes, memoryMebibytes, hasUnixSocket = false } = options;
  // It becomes somebody else before it makes its socket and reads its files.
  if (isRoot) chmodSync(folder, 0o777);
  if (passwords !== undefined) writeFileSync(join(folder, PASSWORD_FILE), passwordLines(passwords));
  if (demandsSasl) writeFileSync(join(folder, SASL_FILE), "mech_list: plain\n");
  return [
    ...(hasUnixSocket
      ? ["-s", join(folder, UNIX_SOCKET), "-a", "0777"]
      : ["-l", "127.0.0.1", "-p", String(port), "-U", "0"]),
    // It refuses to run as root without being told whom to become.
    ...(isRoot ? ["-u", "nobody"] : []),
    ...(tls === undefined ? [] : tlsArguments(tls)),
    ...(passwords === undefined ? [] : ["-Y", join(folder, PASSWORD_FILE)]),
    ...(demandsSasl ? ["-S"] : []),
    ...(maxItemBytes === undefined ? [] : itemArguments(maxItemBytes)),
    ...(memoryMebibytes === undefined ? [] : ["-m", String(memoryMebibytes)]),
    ...(options.args ?? []),
  ];
}

function memcachedProbe({ tls, demandsSasl = false, hasUnixSocket = false }: MemcachedServerOptions): ServerProbe {
  return {
    question: demandsSasl ? BINARY_VERSION : "version\r\n",
    // An error is an answer too: a server that asks for a password is ready. The binary protocol answers with 0x81, no UTF-8.
    answer: demandsSasl ? /^\ufffd/ : /^(VERSION |ERROR|CLIENT_ERROR)/,
    tls: tls === undefined ? undefined : clientTls(tls.certificates),
    unixSocket: hasUnixSocket ? UNIX_SOCKET : undefined,
  };
}

function itemArguments(maxItemBytes: number): readonly string[] {
  const largestChunk = maxItemBytes < SMALL_ITEM_BYTES ? ["-o", `slab_chunk_max=${maxItemBytes / 2}`] : [];
  return ["-I", String(maxItemBytes), ...largestChunk];
}

function passwordLines(passwords: Readonly<Record<string, string>>): string {
  return Object.entries(passwords)
    .map(([name, password]) => `${name}:${password}\n`)
    .join("");
}

function tlsArguments({ certificates, requiresClientCertificate = false }: MemcachedServerTls): readonly string[] {
  const settings = [
    `ssl_chain_cert=${certificates.serverCertFile}`,
    `ssl_key=${certificates.serverKeyFile}`,
    `ssl_ca_cert=${certificates.caFile}`,
    `ssl_verify_mode=${requiresClientCertificate ? VERIFY.everybody : VERIFY.nobody}`,
  ];
  return ["-Z", ...settings.flatMap((setting) => ["-o", setting])];
}
