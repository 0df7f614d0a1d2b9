import type { PinoModule, SonicBoom } from "./pino-module.ts";

/** Bytes of lines that wait for a sink that does not take them; what comes on top is dropped and counted. */
const MAX_WAITING_BYTES = 1_048_576;
/** How long the last lines may take at the end, in ms. A sink that nobody reads must not keep a process from ending. */
const FLUSH_MS = 1_000;

/** Where lines go. */
export interface LineSink {
  /** Takes one line with its line feed. Never waits. */
  write(line: string): void;
  /** Lines that were dropped. */
  readonly droppedCount: number;
  /** Waits for what was written, a second at most, and lets the sink go. */
  end(): Promise<void>;
}

/**
 * Writes lines to a file descriptor without ever blocking: a pipe that nobody reads would stop the process with it. A closed one (`EPIPE`) ends the log and nothing else.
 *
 * @param transform what becomes of each line, for example to be read by people. Default: nothing
 */
export function openLineSink(pino: PinoModule, fd: number, transform?: (line: string) => string): LineSink {
  const stream: SonicBoom = pino.destination({ dest: fd, sync: false, minLength: 0, maxLength: MAX_WAITING_BYTES });
  let droppedCount = 0;
  let isOver = false;
  stream.on("drop", () => {
    droppedCount += 1;
  });
  stream.on("error", () => {
    isOver = true;
  });
  return {
    get droppedCount() {
      return droppedCount;
    },
    write(line) {
      if (isOver) droppedCount += 1;
      else stream.write(transform === undefined ? line : transform(line));
    },
    async end() {
      if (isOver) return;
      isOver = true;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        timer = setTimeout(resolve, FLUSH_MS);
        stream.on("close", () => resolve());
        stream.end();
      });
      clearTimeout(timer);
      stream.destroy();
    },
  };
}
