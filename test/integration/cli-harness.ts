import { BrokenPipe, type CliIo, type CliOutput } from "../../src/cli/cli-io.ts";
import { run } from "../../src/cli/run.ts";

/** A command line that runs in this process. */
export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
}

/** What a test may set. */
export interface CliSetting {
  readonly env?: Record<string, string>;
  readonly stdin?: Uint8Array;
  readonly isTTY?: boolean;
  readonly directory?: string;
  /** Writes to stdout that succeed before the reader goes. */
  readonly brokenAfter?: number;
}

/** A command line that is still running. */
export interface StartedCli {
  readonly done: Promise<CliRun>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Sends it SIGINT. */
  interrupt(): void;
}

/** Starts a command line without waiting. */
export function startCli(argv: readonly string[], setting: CliSetting = {}): StartedCli {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const listeners = new Set<() => void>();
  const output = (chunks: Buffer[], limit: number): CliOutput => ({
    isTTY: setting.isTTY ?? false,
    write: async (chunk) => {
      if (chunks.length >= limit) throw BrokenPipe;
      chunks.push(Buffer.from(chunk as string));
    },
  });
  const io: CliIo = {
    stdout: output(out, setting.brokenAfter ?? Number.POSITIVE_INFINITY),
    stderr: output(err, Number.POSITIVE_INFINITY),
    stdin: (async function* () {
      yield setting.stdin ?? new Uint8Array();
    })(),
    env: setting.env ?? {},
    directory: setting.directory ?? process.cwd(),
    onInterrupt: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const read = (chunks: Buffer[]): string => Buffer.concat(chunks).toString("utf8");
  return {
    done: run(argv, io).then((exitCode) => ({
      exitCode,
      stdout: read(out),
      stdoutBytes: Buffer.concat(out),
      stderr: read(err),
    })),
    stdout: () => read(out),
    stderr: () => read(err),
    interrupt: () => {
      for (const listener of [...listeners]) listener();
    },
  };
}

/** Runs a command line to its end. */
export function cli(argv: readonly string[], setting?: CliSetting): Promise<CliRun> {
  return startCli(argv, setting).done;
}
