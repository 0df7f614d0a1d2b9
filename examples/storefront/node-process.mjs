import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROJECT_DIRECTORY = fileURLToPath(new URL("../../", import.meta.url));
const CLI_FILE = fileURLToPath(new URL("../../dist/cli.mjs", import.meta.url));
const APP_FILE = fileURLToPath(new URL("./app.mjs", import.meta.url));
const STOP_WITH_PARENT_URL = new URL("./stop-with-parent.mjs", import.meta.url).href;

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 5_000;
const KEPT_LOG_LINE_COUNT = 20;

/** The node could not be started, or ended by itself. The message includes its last words. */
export class NodeProcessError extends Error {}

/**
 * Starts a cache node with the shop in it, as a child process, and waits until it listens.
 *
 * The child is a process group of its own: Ctrl-C in a terminal reaches the run alone, which stops the traffic first
 * and the node after it. Should the run be killed without a chance to do so, the node sees the broken connection and
 * stops by itself (`stop-with-parent.mjs`).
 *
 * @param {{ port: number, signal: AbortSignal }} options the wanted port; the signal gives up waiting
 * @returns {Promise<NodeProcess>}
 * @throws {NodeProcessError}
 */
export async function startNode({ port, signal }) {
  if (!existsSync(CLI_FILE)) throw new NodeProcessError("dist/cli.mjs is missing. Build the project first: make build");
  const nodeArguments = ["--import", STOP_WITH_PARENT_URL, CLI_FILE, "serve", "--json", "--any-port"];
  nodeArguments.push("--port", String(port), "--app", APP_FILE);
  const child = spawn(process.execPath, nodeArguments, {
    cwd: PROJECT_DIRECTORY,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached: true,
  });
  const node = new NodeProcess(child);
  try {
    await node.listening(signal);
  } catch (error) {
    await node.stop();
    throw error;
  }
  return node;
}

/** A running node. Created by {@link startNode}. */
class NodeProcess {
  /** @type {import("node:child_process").ChildProcess} */
  #child;
  #logLines = [];
  #isStopping = false;
  #wasKilled = false;
  #url;
  #ended;
  #onListening;

  constructor(child) {
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(`it could not be started: ${error.message}`));
      child.once("close", (code, signal) =>
        resolve(signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`),
      );
    });
    this.#onListening = new Promise((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const url = listeningUrl(line);
        if (url !== undefined) resolve(url);
      });
    });
    createInterface({ input: child.stderr }).on("line", (line) => {
      this.#logLines.push(line);
      if (this.#logLines.length > KEPT_LOG_LINE_COUNT) this.#logLines.shift();
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** Where the node listens, without a slash at the end. */
  get origin() {
    return this.#url.origin;
  }

  /** The port it chose. */
  get port() {
    return Number(this.#url.port);
  }

  /** The last lines of its log, at most 20. */
  get logLines() {
    return [...this.#logLines];
  }

  /** Whether it had to be killed because it did not stop in time. */
  get wasKilled() {
    return this.#wasKilled;
  }

  /** Resolves with an error when the node ends without having been told to; never rejects, and never settles after `stop`. */
  unexpectedEnd() {
    return new Promise((resolve) => {
      void this.#ended.then((how) => {
        if (!this.#isStopping) resolve(this.#failure(`The node ended unexpectedly: ${how}.`));
      });
    });
  }

  /** Waits for the line that says where it listens. Called once by `startNode`. */
  async listening(signal) {
    let timer;
    let onAbort;
    const givenUp = new Promise((_, reject) => {
      timer = setTimeout(
        () => reject(this.#failure(`The node did not listen within ${START_LIMIT_MS / 1_000} s.`)),
        START_LIMIT_MS,
      );
      onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      void this.#ended.then((how) => reject(this.#failure(`The node did not start: ${how}.`)));
    });
    try {
      this.#url = new URL(await Promise.race([this.#onListening, givenUp]));
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Asks the node to stop, waits, and kills it when it takes longer than 5 s. Resolves when it has ended. Repeatable. */
  async stop() {
    this.#isStopping = true;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.kill(), STOP_LIMIT_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Ends the node at once. */
  kill() {
    this.#isStopping = true;
    this.#wasKilled = this.#child.kill("SIGKILL") || this.#wasKilled;
  }

  #failure(message) {
    const lastWords = this.#logLines.map((line) => `\n  ${line}`).join("");
    return new NodeProcessError(lastWords === "" ? message : `${message} Its last words:${lastWords}`);
  }
}

/** The URL of a line such as `{"event":"listening","url":"http://127.0.0.1:7411"}`; undefined for any other line. */
function listeningUrl(line) {
  try {
    const message = JSON.parse(line);
    return message?.event === "listening" ? message.url : undefined;
  } catch {
    return undefined;
  }
}
