import { existsSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { startComposeServers } from "./compose-servers.ts";
import { type DebianPrograms, installDebianPackages } from "./debian-packages.ts";
import { findExecutable } from "./find-executable.ts";
import { type HostAndPort, parseHostAndPort } from "./host-and-port.ts";

/** A store that tests may use: a program to start as often as wanted, or one server that runs already and is shared. */
export type ServerSource =
  | { readonly kind: "program"; readonly path: string }
  | { readonly kind: "running"; readonly address: HostAndPort };

/** Where each kind of server comes from on this machine. */
export interface ServerSources {
  readonly redis: ServerSource;
  readonly memcached: ServerSource;
  /** A Valkey, where the machine has one: no package that every system offers, so it is never installed. */
  readonly valkey: ServerSource | undefined;
}

type RequiredSources = Omit<ServerSources, "valkey">;

const PROGRAMS = ["redis-server", "redis-cli", "redis-sentinel", "memcached"] as const;
const PACKAGES = ["redis-server", "redis-sentinel", "redis-tools", "memcached"] as const;

const REMEDY =
  `Integration tests need real servers. Do one of these: install ${PACKAGES.join(", ")} (Debian's names); ` +
  "run as root where apt-get exists; have docker compose with a running daemon; or name running servers in " +
  "GOCACHEX_TEST_REDIS_URL (redis://host:port) and GOCACHEX_TEST_MEMCACHED (host:port).";

/** What {@link ensureServers} installs, before it asks docker. */
export const SERVERS: DebianPrograms = {
  packages: PACKAGES,
  areThere: () =>
    Object.values(namedServers()).every((server) => server !== undefined) || installedPrograms() !== undefined,
};

let sources: ServerSources | undefined;

/**
 * Finds or installs the servers, once per process: running ones that the environment names, else installed programs,
 * else Debian's packages (as root), else docker compose.
 *
 * @throws Error that says what to install; servers are never silently missing
 */
export function ensureServers(): ServerSources {
  sources ??= { ...findServers(), valkey: findValkey() };
  return sources;
}

/**
 * The path of a program of Redis, for what no single running server can stand in for: a cluster, sentinels.
 *
 * @param purpose what it is for, for the message, for example `"a cluster"`
 * @throws Error when only a running server was named, or docker's is all there is
 */
export function requireRedisProgram(purpose: string): string {
  const { redis } = ensureServers();
  if (redis.kind === "program") return redis.path;
  const installed = installedPrograms()?.redis;
  if (installed?.kind === "program") return installed.path;
  throw new Error(`This test starts ${purpose}, but only a running Redis was named. Install redis-server.`);
}

/** `GOCACHEX_TEST_VALKEY` names a running one (`host:port` or a URL) or a program's path; else `valkey-server` is looked for. */
function findValkey(): ServerSource | undefined {
  const named = process.env["GOCACHEX_TEST_VALKEY"];
  if (named !== undefined && !named.startsWith("/")) return running(named, 6379);
  const path = named ?? findExecutable("valkey-server");
  return path === undefined ? undefined : { kind: "program", path };
}

function namedServers(): { readonly [Name in keyof RequiredSources]: ServerSource | undefined } {
  const redisUrl = process.env["GOCACHEX_TEST_REDIS_URL"];
  const memcachedAddress = process.env["GOCACHEX_TEST_MEMCACHED"];
  return {
    redis: redisUrl === undefined ? undefined : running(redisUrl, 6379),
    memcached: memcachedAddress === undefined ? undefined : running(memcachedAddress, 11_211),
  };
}

function findServers(): RequiredSources {
  const named = namedServers();
  if (named.redis !== undefined && named.memcached !== undefined)
    return { redis: named.redis, memcached: named.memcached };
  const own = installedPrograms() ?? programsFromPackages() ?? composed();
  if (own === undefined) throw new Error(REMEDY);
  return { redis: named.redis ?? own.redis, memcached: named.memcached ?? own.memcached };
}

function running(address: string, defaultPort: number): ServerSource {
  return { kind: "running", address: parseHostAndPort(address, defaultPort) };
}

function installedPrograms(): RequiredSources | undefined {
  if (PROGRAMS.some((name) => findExecutable(name) === undefined)) return undefined;
  return {
    redis: { kind: "program", path: findExecutable("redis-server") as string },
    memcached: { kind: "program", path: findExecutable("memcached") as string },
  };
}

/** Installs the packages where that is possible, without letting them start system services. */
function programsFromPackages(): RequiredSources | undefined {
  if (process.getuid?.() !== 0) return undefined;
  withoutServiceStarts(() => void installDebianPackages(PACKAGES));
  return installedPrograms();
}

/** Debian's packages start their services unless this file says that they may not (101: forbidden by policy). Who is not root can neither write it nor install. */
export function withoutServiceStarts(install: () => void): void {
  const policy = "/usr/sbin/policy-rc.d";
  const isOurs = process.getuid?.() === 0 && !existsSync(policy);
  if (isOurs) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    install();
  } finally {
    if (isOurs) rmSync(policy, { force: true });
  }
}

function composed(): RequiredSources | undefined {
  const addresses = startComposeServers();
  if (addresses === undefined) return undefined;
  return {
    redis: { kind: "running", address: addresses.redis },
    memcached: { kind: "running", address: addresses.memcached },
  };
}
