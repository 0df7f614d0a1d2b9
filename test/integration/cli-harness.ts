import { BrokenPipe, type CliIo, type CliOutput, type CliTerminal, type TerminalSize } from "../../src/cli/cli-io.ts";
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
  /** Whether stdin is a terminal. Default: false. */
  readonly isStdinTTY?: boolean;
  readonly directory?: string;
  /** Writes to stdout that succeed before the reader goes. */
  readonly brokenAfter?: number;
  /** Size of the terminal. Default: 80 × 24. */
  readonly size?: TerminalSize;
}

/** A command line that is still running. */
export interface StartedCli {
  readonly done: Promise<CliRun>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Sends it SIGINT. */
  interrupt(): void;
  /** Sends it SIGHUP. */
  reload(): void;
  /** Presses a key on its terminal. */
  press(key: string): void;
  /** Closes its keyboard. */
  closeKeyboard(): void;
  resize(size: TerminalSize): void;
  /** Whether it is reading keys, listening for resizes, or would write something when the process ended abruptly. */
  isHoldingTerminal(): boolean;
}

/** Starts a command line without waiting. */
export function startCli(argv: readonly string[], setting: CliSetting = {}): StartedCli {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const listeners = new Set<() => void>();
  const reloads = new Set<() => void>();
  const output = (chunks: Buffer[], limit: number): CliOutput => ({
    isTTY: setting.isTTY ?? false,
    write: async (chunk) => {
      if (chunks.length >= limit) throw BrokenPipe;
      chunks.push(Buffer.from(chunk as string));
    },
  });
  const terminal = createTestTerminal(setting.size ?? { columns: 80, rows: 24 });
  const io: CliIo = {
    terminal: setting.isTTY === true ? terminal.terminal : undefined,
    stdout: output(out, setting.brokenAfter ?? Number.POSITIVE_INFINITY),
    stderr: output(err, Number.POSITIVE_INFINITY),
    stdin: {
      isTTY: setting.isStdinTTY ?? false,
      async *[Symbol.asyncIterator]() {
        yield setting.stdin ?? new Uint8Array();
      },
    },
    env: setting.env ?? {},
    directory: setting.directory ?? process.cwd(),
    onReload: (listener) => {
      reloads.add(listener);
      return () => reloads.delete(listener);
    },
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
    reload: () => {
      for (const listener of [...reloads]) listener();
    },
    interrupt: () => {
      for (const listener of [...listeners]) listener();
    },
    ...terminal.hands,
  };
}

function createTestTerminal(firstSize: TerminalSize): {
  readonly terminal: CliTerminal;
  readonly hands: Pick<StartedCli, "press" | "closeKeyboard" | "resize" | "isHoldingTerminal">;
} {
  let size = firstSize;
  const redraws = new Set<() => void>();
  const keyboards = new Set<{ onKey: (key: string) => void; onEnd: () => void }>();
  const lastWords = new Set<object>();
  return {
    terminal: {
      size: () => size,
      onRedraw: (listener) => {
        redraws.add(listener);
        return () => redraws.delete(listener);
      },
      readKeys: (onKey, onEnd) => {
        const keyboard = { onKey, onEnd };
        keyboards.add(keyboard);
        return () => keyboards.delete(keyboard);
      },
      onAbruptExit: (text) => {
        const words = { text };
        lastWords.add(words);
        return () => lastWords.delete(words);
      },
    },
    hands: {
      press: (key) => {
        for (const { onKey } of [...keyboards]) onKey(key);
      },
      closeKeyboard: () => {
        for (const { onEnd } of [...keyboards]) onEnd();
      },
      resize: (to) => {
        size = to;
        for (const listener of [...redraws]) listener();
      },
      isHoldingTerminal: () => keyboards.size + redraws.size + lastWords.size > 0,
    },
  };
}

/** Runs a command line to its end. */
export function cli(argv: readonly string[], setting?: CliSetting): Promise<CliRun> {
  return startCli(argv, setting).done;
}
