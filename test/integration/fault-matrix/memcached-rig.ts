import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { askServer } from "../../../scripts/servers/ask-server.ts";
import { type MemcachedServerOptions, startMemcached } from "../../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../../scripts/servers/test-server.ts";
import { waitUntil } from "../../../scripts/servers/wait-until.ts";
import type { CacheConfig } from "../../../src/config/cache-config.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import type { RigKind } from "./matrix-fault.ts";
import { OTHER_PASSWORD, PASSWORD } from "./redis-rig.ts";
import { type BreakableRig, cacheDeadlines, type MatrixLimits } from "./store-rig.ts";
import { makeTrustFile, type TrustFile } from "./trust-file.ts";

const USER = "cache";
const PASSWORD_TIMEOUT_MS = 5_000;
/** Memory is given to classes of chunks in pages of this size. */
const PAGE_BYTES = 1_048_576;
/** The least that it can be started with, with items of a page. */
const MEMORY_PAGES = 2;
/** Larger than any item of the matrix. */
const LARGEST_FILLING_BYTES = 1_500;

/** A single Memcached behind a proxy. */
export async function startMemcachedRig(kind: RigKind): Promise<BreakableRig> {
  const trust = kind === "tls" ? makeTrustFile() : undefined;
  const options = serverOptions(kind, trust);
  let server = await startMemcached(options);
  const proxy = await startFaultProxy({ target: server });
  const config = (limits: MatrixLimits, port: number, caFile: string | undefined): CacheConfig => ({
    backend: "memcached",
    deadlines: cacheDeadlines(limits),
    memcached: {
      servers: [`127.0.0.1:${port}`],
      timeout: limits.storeMs,
      ...(kind === "password" ? { username: USER, password: PASSWORD } : {}),
      ...(caFile === undefined ? {} : { tls: true, caFile }),
    },
  });
  const faults: Partial<Record<RigKind, Pick<BreakableRig, "breakServer" | "mendServer">>> = {
    crash: {
      breakServer: () => server.stop(),
      mendServer: async () => {
        server = await startMemcached({ ...options, port: server.port });
      },
    },
    password: {
      breakServer: () => changePassword(server, OTHER_PASSWORD),
      mendServer: () => changePassword(server, PASSWORD),
    },
    memory: { breakServer: () => fill(server), mendServer: () => empty(server) },
    tls: { breakServer: async () => trust?.trustStranger(), mendServer: async () => trust?.trustOwn() },
  };
  const none = { breakServer: async () => undefined, mendServer: async () => undefined };
  return {
    config: (limits) => config(limits, proxy.port, trust?.trustedCaFile),
    seederConfig: (limits) => config(limits, server.port, trust?.caFile),
    proxies: [proxy],
    allProxies: [proxy],
    concernsAllKeys: true,
    // It drops what a write that does not fit would have replaced.
    losesData: kind === "memory",
    countKeys: async () => 1,
    ...(faults[kind] ?? none),
    stop: async () => {
      await Promise.all([proxy.stop(), server.stop()]);
    },
  };
}

function serverOptions(kind: RigKind, trust: TrustFile | undefined): MemcachedServerOptions {
  switch (kind) {
    case "password":
      return { passwords: { [USER]: PASSWORD } };
    case "tls":
      return trust === undefined ? {} : { tls: { certificates: trust } };
    case "memory":
      // Errors instead of evictions.
      return { memoryMebibytes: MEMORY_PAGES, args: ["-M"] };
    default:
      return {};
  }
}

/** It reads its file again when it is told to, at the next of its clock's ticks: waits until it goes by it. */
async function changePassword(server: TestServer, password: string): Promise<void> {
  const { process: own } = server;
  if (own === undefined) throw new Error("A shared server's password cannot be changed.");
  writeFileSync(join(own.folder, "passwords"), `${USER}:${password}\n`);
  own.signal("SIGHUP");
  const account = `${USER} ${password}`;
  await waitUntil("Memcached to know the password", PASSWORD_TIMEOUT_MS, async () =>
    (await askServer(server, `set user 0 0 ${account.length}\r\n${account}\r\n`)).startsWith("STORED"),
  );
}

/**
 * Fills every class of chunks that the cells' items may need. A class gets its first page even when the memory is used up, so each has to be
 * filled on its own.
 */
async function fill(server: TestServer): Promise<void> {
  for (let size = 40; size < LARGEST_FILLING_BYTES; size = Math.ceil(size * 1.2)) {
    const value = "x".repeat(size);
    const count = Math.ceil((MEMORY_PAGES * PAGE_BYTES) / size);
    const writes = Array.from({ length: count }, (_, index) => `ms fill-${size}-${index} ${size} q\r\n${value}\r\n`);
    // Quiet: only what does not fit is answered.
    const answer = await askServer(server, `${writes.join("")}mn\r\n`);
    if (!answer.startsWith("SERVER_ERROR")) throw new Error(`Memcached is not full: ${answer.trim()}`);
  }
}

async function empty(server: TestServer): Promise<void> {
  await askServer(server, "flush_all\r\n");
}
