import { BrokenPipe, type CliInput, type CliIo, type CliOutput } from "./cli-io.ts";
import { createProcessTerminal } from "./process-terminal.ts";

/** The real process: its streams, environment and signals. */
export function createProcessIo(): CliIo {
  return {
    stdout: toOutput(process.stdout),
    stderr: toOutput(process.stderr),
    // Opened only when a command reads it: an open stdin would keep the process alive.
    get stdin() {
      return process.stdin as CliInput;
    },
    terminal: process.stdout.isTTY === true ? createProcessTerminal() : undefined,
    env: process.env,
    directory: process.cwd(),
    onReload(listener) {
      process.on("SIGHUP", listener);
      return () => void process.off("SIGHUP", listener);
    },
    onInterrupt(listener) {
      process.on("SIGINT", listener);
      process.on("SIGTERM", listener);
      return () => {
        process.off("SIGINT", listener);
        process.off("SIGTERM", listener);
      };
    },
  };
}

function toOutput(stream: NodeJS.WriteStream): CliOutput {
  // The write's own callback tells of the failure; without a listener the event would end the process with a trace.
  stream.on("error", () => undefined);
  return {
    isTTY: stream.isTTY === true,
    write: (chunk) =>
      new Promise((resolve, reject) => {
        stream.write(chunk, (error) => {
          if (error === null || error === undefined) resolve();
          else reject(isBrokenPipe(error) ? BrokenPipe : error);
        });
      }),
  };
}

function isBrokenPipe(error: NodeJS.ErrnoException): boolean {
  return error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED";
}
