import { execFile } from "node:child_process";
import { chownSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { ensurePostgres } from "./ensure-postgres.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";
import { asUnprivileged, isRoot, UNPRIVILEGED_ID } from "./unprivileged-command.ts";

/** A PostgreSQL that a test may use. */
export interface TestPostgres {
  /** Where it is, as drivers take it. */
  readonly url: string;
  /** Ends it and removes its data; does nothing to one that the environment named. */
  stop(): Promise<void>;
}

/** How long the server may take to end in its own way, which frees what it holds of the system. */
const STOP_TIMEOUT_MS = 5_000;

/**
 * Asks for a session as `postgres`: length, version 3.0, pairs of name and value. A server that still starts answers with an error; one that is
 * ready with messages of which the last is `Z`, 5 bytes, `I` (idle).
 */
const PARAMETERS = "user\0postgres\0database\0postgres\0\0";
const STARTUP: Uint8Array = Buffer.concat([
  Buffer.from([0, 0, 0, 8 + PARAMETERS.length, 0, 3, 0, 0]),
  Buffer.from(PARAMETERS),
]);
const READY = /Z[^A-Za-z]{4}I$/;

/**
 * Starts an empty PostgreSQL on a free loopback port, in a folder of its own, and waits until it answers: some three seconds. It does not wait for its disk,
 * so it is for tests of what dies beside it, not of its own crashes. `GOCACHEX_TEST_POSTGRES_URL` names a running one in its place.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const named = process.env["GOCACHEX_TEST_POSTGRES_URL"];
  if (named !== undefined) return { url: named, stop: async () => undefined };
  const programs = ensurePostgres();
  const call = asUnprivileged({ program: programs.postgres, arguments: [] });
  const server = await startServerProcess({
    program: call.program,
    arguments: async (port, folder) => {
      await createData(programs.initdb, folder);
      return [...call.arguments, ...serverArguments(port, folder)];
    },
    probe: { question: STARTUP, answer: READY },
  });
  return { url: `postgres://postgres@${server.host}:${server.port}/postgres`, stop: () => stopInItsWay(server) };
}

async function createData(initdb: string, folder: string): Promise<void> {
  if (isRoot()) chownSync(folder, UNPRIVILEGED_ID, UNPRIVILEGED_ID);
  const who = isRoot() ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {};
  const options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
  await promisify(execFile)(initdb, [`--pgdata=${join(folder, "data")}`, ...options], { cwd: folder, ...who });
}

function serverArguments(port: number, folder: string): readonly string[] {
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: folder,
    shared_buffers: "16MB",
    max_connections: "40",
    fsync: "off",
    full_page_writes: "off",
    synchronous_commit: "off",
    autovacuum: "off",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return ["-D", join(folder, "data"), "-p", String(port), ...flags];
}

/** A server that is killed outright leaves its shared memory and its children behind: it is asked to end at once first. */
async function stopInItsWay(server: ServerProcess): Promise<void> {
  server.signal("SIGQUIT");
  const giveUpAt = performance.now() + STOP_TIMEOUT_MS;
  while (isRunning(server.pid) && performance.now() < giveUpAt) await delay(10);
  await server.stop();
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
