/** A stream that the command line writes to. */
export interface CliOutput {
  /** Whether a person is looking at it. */
  readonly isTTY: boolean;
  /** Writes and waits until the receiver takes more. Rejects with {@link BrokenPipe} when it has gone. */
  write(chunk: string | Uint8Array): Promise<void>;
}

/** Everything that the command line touches outside itself, so that commands can be tested. */
export interface CliIo {
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Directory that relative file names start from. */
  readonly directory: string;
  /** Tells of SIGINT and SIGTERM. @returns a function that stops listening */
  onInterrupt(listener: () => void): () => void;
}

/** Thrown by a write whose receiver has gone, as after `gocachex keys | head -1`. Not an error: the command ends quietly. */
export const BrokenPipe: unique symbol = Symbol("broken pipe");
