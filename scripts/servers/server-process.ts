import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { askServer, type QuestionTls } from "./ask-server.ts";
import { findFreePort } from "./free-port.ts";
import { guardAgainstLeftover } from "./leftover-guard.ts";

/** A server of ours, running on a loopback port in a folder of its own. */
export interface ServerProcess {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly pid: number;
  /** Its working folder, removed when it stops. */
  readonly folder: string;
  /** Everything it printed so far. */
  output(): string;
  /** Sends a signal, for tests of crashes (`SIGKILL`) and hangs (`SIGSTOP`, `SIGCONT`). */
  signal(name: NodeJS.Signals): void;
  /** Ends it and removes its folder. Resolves when the process is gone; calling it again does nothing. */
  stop(): Promise<void>;
}

/** What to start and how to know that it is ready. */
export interface ServerCommand {
  readonly program: string;
  /** The arguments for a port and a working folder. Asked anew at each attempt; may write files to the folder. */
  arguments(port: number, folder: string): readonly string[] | Promise<readonly string[]>;
  /** Environment variables beside this process's own, for a working folder. */
  environment?(folder: string): Readonly<Record<string, string>>;
  /** How to know that it is ready. */
  readonly probe: ServerProbe;
  /** A fixed port. Default: a free one. */
  readonly port?: number | undefined;
}

/** A question that a server answers once it is ready. */
export interface ServerProbe {
  readonly question: string | Uint8Array;
  /** What the answer must match. */
  readonly answer: RegExp;
  /** How the connection is encrypted. Default: not at all. */
  readonly tls?: QuestionTls | undefined;
  /** Name of a Unix socket in the working folder to ask at. Default: the port. */
  readonly unixSocket?: string | undefined;
}

/** Some 50 ms on a machine at rest. */
const READY_TIMEOUT_MS = 30_000;
const PROBE_PAUSE_MS = 15;
/** The port may be taken between being found free and being used. */
const MAX_START_ATTEMPTS = 3;

/**
 * Starts a server and waits until it answers.
 *
 * When this process dies before {@link ServerProcess.stop}, even of `SIGKILL`, the server is killed and its folder removed.
 *
 * @throws Error with the server's own words when it does not become ready
 */
export async function startServerProcess(command: ServerCommand): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(command, command.port ?? (await findFreePort()));
    } catch (error) {
      if (command.port !== undefined || attempt === MAX_START_ATTEMPTS) throw error;
    }
  }
}

async function startOnce(command: ServerCommand, port: number): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), "gocachex-server-"));
  const child = spawn(command.program, await command.arguments(port, folder), {
    cwd: folder,
    env: { ...process.env, ...command.environment?.(folder) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      output += String(error);
      resolve();
    });
  });
  if (child.pid === undefined) {
    await exited;
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`${command.program} cannot be started: ${output}`);
  }
  const release = guardAgainstLeftover(child.pid, folder);
  let stopped: Promise<void> | undefined;
  const server: ServerProcess = {
    host: "127.0.0.1",
    port,
    pid: child.pid,
    folder,
    output: () => output,
    signal: (name) => void child.kill(name),
    stop: () => {
      stopped ??= endProcess(child, exited).then(() => {
        release();
        rmSync(folder, { recursive: true, force: true });
      });
      return stopped;
    },
  };
  if (await isReady(server, child, command)) return server;
  await server.stop();
  throw new Error(`${command.program} did not become ready on port ${port}:\n${output}`);
}

async function isReady(server: ServerProcess, child: ChildProcess, { probe }: ServerCommand): Promise<boolean> {
  const giveUpAt = performance.now() + READY_TIMEOUT_MS;
  const target = probe.unixSocket === undefined ? server : { path: join(server.folder, probe.unixSocket) };
  while (performance.now() < giveUpAt && child.exitCode === null && child.signalCode === null) {
    const answer = await askServer(target, probe.question, probe.tls).catch(() => "");
    // Something else may answer on a port that was taken from under us: ours must be alive as well.
    if (probe.answer.test(answer)) return child.exitCode === null && child.signalCode === null;
    await delay(PROBE_PAUSE_MS);
  }
  return false;
}

/** At once and without asking: these servers hold nothing that is worth saving, and memcached takes a second to say goodbye. */
async function endProcess(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await exited;
}
