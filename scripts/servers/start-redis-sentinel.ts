import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { QuestionTls } from "./ask-server.ts";
import { requireRedisProgram } from "./ensure-servers.ts";
import { findFreePort } from "./free-port.ts";
import type { HostAndPort } from "./host-and-port.ts";
import { clientTls } from "./make-certificates.ts";
import type { RedisServerOptions, RedisServerTls } from "./redis-arguments.ts";
import { runRedisCommand } from "./redis-control.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";
import { redisProbe, startRedis } from "./start-redis.ts";
import { waitUntil } from "./wait-until.ts";

/** How to start a primary that sentinels watch. */
export interface RedisSentinelOptions extends Pick<RedisServerOptions, "args" | "password" | "users" | "tls"> {
  /** Default 1. */
  readonly replicaCount?: number | undefined;
  /** Default 3; a failover needs most of them. */
  readonly sentinelCount?: number | undefined;
  /** After how long without an answer the primary is taken for dead. Default 500 ms. */
  readonly downAfterMs?: number | undefined;
  /** Password that the sentinels ask of clients. Default: none. */
  readonly sentinelPassword?: string | undefined;
  /** The port that sentinels and clients are told instead of a server's own, for a proxy in between. Default: its own. */
  readonly announcedPort?: ((port: number) => number | Promise<number>) | undefined;
}

/** A data server and where clients find it. */
export interface SentinelDataServer extends ServerProcess {
  /** The port that clients are told. */
  readonly announcedPort: number;
}

/** A primary, its replicas and their sentinels, on loopback ports. */
export interface RedisSentinelSetup {
  /** Name of the primary, as clients ask for it. */
  readonly name: string;
  /** The data servers. The first one began as the primary. */
  readonly servers: readonly SentinelDataServer[];
  readonly sentinels: readonly ServerProcess[];
  /** `host:port` of every sentinel, as configurations take it. */
  readonly sentinelAddresses: readonly string[];
  /** The primary that most of the sentinels name now, when it says so itself. */
  primary(): Promise<SentinelDataServer>;
  /** Waits until there is a primary that is another than `old`, and takes writes. */
  waitForNewPrimary(old: HostAndPort): Promise<SentinelDataServer>;
  /** Starts a data server that was killed anew at its port, as a replica of the primary. */
  restart(server: SentinelDataServer): Promise<void>;
  /** Runs one command on a data server. */
  call(server: HostAndPort, ...words: readonly (string | number)[]): ReturnType<typeof runRedisCommand>;
  /** Ends all. */
  stop(): Promise<void>;
}

const PRIMARY_NAME = "gocachex-primary";
const READY_TIMEOUT_MS = 20_000;
const FAILOVER_TIMEOUT_MS = 30_000;
const FAILOVER_RETRY_MS = 1_000;

/**
 * Starts a primary, a replica and three sentinels, ready in under a second. A failover (kill or stop the primary) takes about 2 s.
 *
 * @throws Error when the machine has no program to start
 */
export async function startRedisSentinel(options: RedisSentinelOptions = {}): Promise<RedisSentinelSetup> {
  const { replicaCount = 1, sentinelCount = 3, password } = options;
  const program = requireRedisProgram("sentinels");
  const started: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(started.map((server) => server.stop())));
  const startData = async (primary: HostAndPort | undefined, port?: number): Promise<SentinelDataServer> => {
    const server = await startDataServer(options, primary, port);
    started.push(server);
    return server;
  };
  try {
    const first = await startData(undefined);
    const servers = [first, ...(await Promise.all(Array.from({ length: replicaCount }, () => startData(first))))];
    const call: RedisSentinelSetup["call"] = (server, ...words) =>
      runRedisCommand(server, words, { password, tls: tlsOf(options) });
    await Promise.all(servers.slice(1).map((replica) => waitForSync(call, replica)));
    const sentinels = await startSentinels(program, servers, sentinelCount, options, started);
    const findPrimary = (): Promise<SentinelDataServer | undefined> => agreedPrimary(sentinels, servers, options, call);
    await waitUntil("the sentinels to agree", READY_TIMEOUT_MS, findPrimary);
    return {
      name: PRIMARY_NAME,
      servers,
      sentinels,
      sentinelAddresses: sentinels.map(({ host, port }) => `${host}:${port}`),
      primary: () => waitUntil("a primary", FAILOVER_TIMEOUT_MS, findPrimary),
      waitForNewPrimary: (old) =>
        waitUntil("a new primary", FAILOVER_TIMEOUT_MS, async () => {
          const primary = await findPrimary();
          return primary !== undefined && primary.port !== old.port && primary;
        }),
      restart: async (server) => {
        const index = servers.findIndex(({ port }) => port === server.port);
        await server.stop();
        const primary = await waitUntil("a primary to follow", FAILOVER_TIMEOUT_MS, findPrimary);
        servers[index] = await startData(primary, server.port);
        await waitForSync(call, servers[index]);
      },
      call,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startDataServer(
  options: RedisSentinelOptions,
  primary: HostAndPort | undefined,
  fixedPort: number | undefined,
): Promise<SentinelDataServer> {
  const { args = [], password, users, tls } = options;
  const port = fixedPort ?? (await findFreePort());
  const announcedPort = (await options.announcedPort?.(port)) ?? port;
  const { process } = await startRedis({
    password,
    users,
    tls,
    port,
    args: [
      ...(primary === undefined ? [] : ["--replicaof", primary.host, String(primary.port)]),
      ...(announcedPort === port ? [] : ["--replica-announce-port", String(announcedPort)]),
      ...args,
    ],
  });
  if (process === undefined) throw new Error("A running Redis cannot be watched by sentinels of ours.");
  return { ...process, announcedPort };
}

/**
 * Sentinels learn of each other from messages every two seconds; these are told of each other by the file that a sentinel keeps of what
 * it learned, and so are ready at once.
 */
async function startSentinels(
  program: string,
  servers: readonly SentinelDataServer[],
  count: number,
  options: RedisSentinelOptions,
  started: { stop(): Promise<void> }[],
): Promise<readonly ServerProcess[]> {
  const planned = await Promise.all(
    Array.from({ length: count }, async () => ({ id: randomBytes(20).toString("hex"), port: await findFreePort() })),
  );
  return Promise.all(
    planned.map(async (self) => {
      const sentinel = await startServerProcess({
        program,
        port: self.port,
        arguments: (_port, folder) => {
          const file = join(folder, "sentinel.conf");
          const others = planned.filter((other) => other !== self);
          writeFileSync(file, sentinelFile(self, others, servers, options).join("\n"));
          return [file, "--sentinel"];
        },
        probe: redisProbe({ tls: options.tls }),
      });
      started.push(sentinel);
      return sentinel;
    }),
  );
}

interface PlannedSentinel {
  readonly id: string;
  readonly port: number;
}

function sentinelFile(
  self: PlannedSentinel,
  others: readonly PlannedSentinel[],
  servers: readonly SentinelDataServer[],
  options: RedisSentinelOptions,
): readonly string[] {
  const { password, sentinelPassword, tls, downAfterMs = 500 } = options;
  const [primary, ...replicas] = servers as readonly [SentinelDataServer, ...SentinelDataServer[]];
  const quorum = Math.floor((others.length + 1) / 2) + 1;
  return [
    ...(tls === undefined ? [`port ${self.port}`] : ["port 0", `tls-port ${self.port}`, ...tlsLines(tls)]),
    "bind 127.0.0.1",
    `sentinel myid ${self.id}`,
    `sentinel monitor ${PRIMARY_NAME} ${primary.host} ${primary.announcedPort} ${quorum}`,
    `sentinel down-after-milliseconds ${PRIMARY_NAME} ${downAfterMs}`,
    `sentinel failover-timeout ${PRIMARY_NAME} ${FAILOVER_RETRY_MS}`,
    ...(password === undefined ? [] : [`sentinel auth-pass ${PRIMARY_NAME} ${password}`]),
    ...(sentinelPassword === undefined
      ? []
      : [`requirepass ${sentinelPassword}`, `sentinel sentinel-pass ${sentinelPassword}`]),
    ...replicas.map(({ host, announcedPort: port }) => `sentinel known-replica ${PRIMARY_NAME} ${host} ${port}`),
    ...others.map(({ id, port }) => `sentinel known-sentinel ${PRIMARY_NAME} 127.0.0.1 ${port} ${id}`),
    "",
  ];
}

/** Sentinels take no TLS from the command line alone: what they write back must be in their file. */
function tlsLines({ certificates, requiresClientCertificate = false }: RedisServerTls): readonly string[] {
  return [
    `tls-cert-file ${certificates.serverCertFile}`,
    `tls-key-file ${certificates.serverKeyFile}`,
    `tls-ca-cert-file ${certificates.caFile}`,
    `tls-auth-clients ${requiresClientCertificate ? "yes" : "no"}`,
    "tls-replication yes",
  ];
}

function tlsOf({ tls }: RedisSentinelOptions): QuestionTls | undefined {
  return tls === undefined ? undefined : clientTls(tls.certificates);
}

async function agreedPrimary(
  sentinels: readonly ServerProcess[],
  servers: readonly SentinelDataServer[],
  options: RedisSentinelOptions,
  call: RedisSentinelSetup["call"],
): Promise<SentinelDataServer | undefined> {
  const words = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", PRIMARY_NAME];
  const answers = await Promise.allSettled(
    sentinels.map((sentinel) =>
      runRedisCommand(sentinel, words, { password: options.sentinelPassword, tls: tlsOf(options) }),
    ),
  );
  const ports = answers.flatMap((answer) =>
    answer.status === "fulfilled" ? [Number((answer.value as readonly string[])[1])] : [],
  );
  const agreed = ports.find((port) => ports.filter((other) => other === port).length * 2 > sentinels.length);
  const primary = servers.find(({ announcedPort }) => announcedPort === agreed);
  if (primary === undefined) return undefined;
  const role = (await call(primary, "ROLE")) as readonly unknown[];
  return role[0] === "master" ? primary : undefined;
}

function waitForSync(call: RedisSentinelSetup["call"], replica: HostAndPort): Promise<unknown> {
  return waitUntil("a replica to have its primary's data", READY_TIMEOUT_MS, async () =>
    String(await call(replica, "INFO", "replication")).includes("master_link_status:up"),
  );
}
