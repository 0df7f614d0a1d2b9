import { fork } from "node:child_process";
import { totalmem } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("child.mjs", import.meta.url));
/** No job takes a tenth of this on a machine that is fit for it. */
const JOB_TIMEOUT_MS = 15 * 60_000;
const MAX_HEAP_MB = 16_000;
/** Share of the machine's memory that the heap may take. */
const HEAP_RATIO = 0.7;

/**
 * Runs one job in a process of its own.
 *
 * @param {string} node the binary
 * @param {Record<string, unknown>} job
 * @returns {Promise<{ job: any, nodeVersion: string, v8: string, ranAt: string, elapsedMs: number, result?: any, error?: string }>}
 */
export function runJob(node, job) {
  const heapMb = Math.min(MAX_HEAP_MB, Math.floor((totalmem() / 2 ** 20) * HEAP_RATIO));
  const ranAt = new Date().toISOString();
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const child = fork(CHILD, [JSON.stringify(job)], {
      execPath: node,
      execArgv: ["--expose-gc", `--max-old-space-size=${heapMb}`],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    /** @type {any} */
    let message;
    const timer = setTimeout(() => child.kill("SIGKILL"), JOB_TIMEOUT_MS);
    const finish = (/** @type {string} */ reason) => {
      clearTimeout(timer);
      resolve({
        job,
        nodeVersion: message?.nodeVersion ?? `v? (${node})`,
        v8: message?.v8 ?? "unknown",
        ranAt,
        elapsedMs: Math.round(performance.now() - startedAt),
        ...(message === undefined ? { error: reason } : { result: message.result }),
      });
    };
    child.on("message", (received) => {
      message = received;
    });
    child.on("error", (error) => finish(error.message));
    child.on("exit", (code, signal) => finish(`ended with ${signal ?? `code ${code}`} and no result`));
  });
}
