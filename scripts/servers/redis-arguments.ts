import { join } from "node:path";
import type { CertificateFiles } from "./make-certificates.ts";
import type { TestServerOptions } from "./test-server.ts";

/** An account of a Redis. */
export interface RedisUser {
  readonly name: string;
  readonly password: string;
  /** Its rules, in the words of `ACL SETUSER`. Default: everything. */
  readonly rules?: readonly string[] | undefined;
}

/** How to start a Redis. */
export interface RedisServerOptions extends TestServerOptions {
  /** Password of the `default` user. Default: none is asked. */
  readonly password?: string | undefined;
  /** Accounts beside `default`. */
  readonly users?: readonly RedisUser[] | undefined;
  /** Its only port speaks TLS. Default: it speaks plain text. */
  readonly tls?: RedisServerTls | undefined;
  /** Listen at a Unix socket too; its path is in the handle. */
  readonly hasUnixSocket?: boolean | undefined;
}

/** How a Redis encrypts. */
export interface RedisServerTls {
  readonly certificates: CertificateFiles;
  /** Let in only clients with a certificate of the authority. Default: false. */
  readonly requiresClientCertificate?: boolean | undefined;
}

/** The socket's name in the working folder. */
export const REDIS_UNIX_SOCKET = "redis.sock";

/** What `redis-server` is started with. It keeps nothing on disk, and replicas fetch their data at once. */
export function redisArguments(port: number, folder: string, options: RedisServerOptions): readonly string[] {
  const { tls, password, users = [], hasUnixSocket = false, args = [] } = options;
  return [
    ...(tls === undefined ? ["--port", String(port)] : ["--port", "0", "--tls-port", String(port)]),
    ...["--bind", "127.0.0.1", "--dir", folder, "--daemonize", "no"],
    ...["--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"],
    ...(hasUnixSocket ? ["--unixsocket", join(folder, REDIS_UNIX_SOCKET), "--unixsocketperm", "777"] : []),
    ...(tls === undefined ? [] : tlsArguments(tls)),
    ...(password === undefined ? [] : ["--requirepass", password, "--masterauth", password]),
    ...users.flatMap(({ name, password, rules }) => [
      ...["--user", name, "on", `>${password}`],
      ...(rules ?? ["~*", "&*", "+@all"]),
    ]),
    ...args,
  ];
}

function tlsArguments({ certificates, requiresClientCertificate = false }: RedisServerTls): readonly string[] {
  return [
    ...["--tls-cert-file", certificates.serverCertFile, "--tls-key-file", certificates.serverKeyFile],
    ...["--tls-ca-cert-file", certificates.caFile, "--tls-auth-clients", requiresClientCertificate ? "yes" : "no"],
    ...["--tls-replication", "yes", "--tls-cluster", "yes"],
  ];
}
