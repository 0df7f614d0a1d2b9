/** A stream that the command line writes to. */
export interface CliOutput {
  /** Whether a person is looking at it. */
  readonly isTTY: boolean;
  /** Writes and waits until the receiver takes more. Rejects with {@link BrokenPipe} when it has gone. */
  write(chunk: string | Uint8Array): Promise<void>;
}

/** What is piped into the command line. */
export interface CliInput extends AsyncIterable<Uint8Array> {
  /** Whether it is a terminal, where a person would have to type. */
  readonly isTTY?: boolean;
}

/** The size of a terminal in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The terminal that the command line runs in, where stdout is one. */
export interface CliTerminal {
  /** Its size now; 80 × 24 where it does not tell. */
  size(): TerminalSize;
  /** Tells when it was resized, or when the process goes on after it was stopped and the screen has to be drawn anew. @returns a function that stops listening */
  onRedraw(listener: () => void): () => void;
  /**
   * Reads what is typed, key by key, without showing it. Ctrl+C comes as a key then, not as an interruption. `onEnd` tells that stdin was closed, or that the
   * terminal has gone. Where stdin is no terminal nothing is read and nothing told.
   *
   * @returns a function that gives the keyboard back; safe to call twice
   */
  readKeys(onKey: (key: string) => void, onEnd: () => void): () => void;
  /**
   * Writes a text when the process ends without having been able to do so in time, for what must not stay as it is: the alternate screen.
   *
   * @returns a function that takes it back
   */
  onAbruptExit(text: string): () => void;
}

/** Everything that the command line touches outside itself, so that commands can be tested. */
export interface CliIo {
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  readonly stdin: CliInput;
  /** `undefined` when stdout is no terminal. */
  readonly terminal: CliTerminal | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Directory that relative file names start from. */
  readonly directory: string;
  /** Tells that the configuration is to be read again (SIGHUP). @returns a function that stops listening */
  onReload(listener: () => void): () => void;
  /** Tells of SIGINT and SIGTERM. @returns a function that stops listening */
  onInterrupt(listener: () => void): () => void;
}

/** Thrown by a write whose receiver has gone, as after `gocachex keys | head -1`. Not an error: the command ends quietly. */
export const BrokenPipe: unique symbol = Symbol("broken pipe");
