import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const PROJECT_DIRECTORY: string = fileURLToPath(new URL("../../", import.meta.url));

/** How a process ended, with all it said. */
export interface ExampleEnd {
  /** The exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An example that runs as a process of its own, as a reader would start it. */
export interface ExampleProcess {
  readonly child: ChildProcess;
  /** Resolves when it has ended and closed its output. */
  readonly ended: Promise<ExampleEnd>;
  /** Waits until its stdout matches, and returns the match; rejects when it ends before. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts an example with exactly these settings; what the test's own environment says about runs and colours is left out. */
export function startExample(file: string, env: Readonly<Record<string, string>> = {}): ExampleProcess {
  const { RUN_PORT: _port, RUN_SECONDS: _seconds, NO_COLOR: _noColor, ...inherited } = process.env;
  const child = spawn(process.execPath, [`examples/${file}`], {
    cwd: PROJECT_DIRECTORY,
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let onOutput = (): void => undefined;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    onOutput();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<ExampleEnd>((resolve) => {
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
  return {
    child,
    ended,
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        onOutput = () => {
          const match = pattern.exec(stdout);
          if (match !== null) resolve(match);
        };
        onOutput();
        void ended.then(() => reject(new Error(`It ended before printing ${pattern}.\n${stdout}\n${stderr}`)));
      }),
  };
}

/** Whether a process with this id exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves with whether the process is gone, at the latest after the time limit. */
export async function isGoneWithin(pid: number, limitMs: number): Promise<boolean> {
  const until = performance.now() + limitMs;
  while (isRunning(pid) && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
  return !isRunning(pid);
}
