import type { CliIo } from "./cli-io.ts";
import { EXIT_CODES, type ExitCode } from "./exit-code.ts";

/** The first and the second interruption, as promises that never reject. */
export interface Interrupts {
  readonly first: Promise<void>;
  readonly second: Promise<void>;
  /** Stops listening. */
  stop(): void;
}

/** Listens to SIGINT and SIGTERM. */
export function watchInterrupts(io: CliIo): Interrupts {
  const waiting: (() => void)[] = [];
  const nextPromise = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const first = nextPromise();
  const second = nextPromise();
  const stop = io.onInterrupt(() => waiting.shift()?.());
  return { first, second, stop };
}

/**
 * Runs what lasts until it is interrupted, or done by itself.
 *
 * The first SIGINT or SIGTERM aborts the signal, and the work cleans up; a second one is not waited for any longer.
 *
 * @returns what the work returns; 130 after the second interruption
 */
export async function runUntilInterrupted(
  io: CliIo,
  work: (ended: AbortSignal) => Promise<ExitCode>,
): Promise<ExitCode> {
  const interrupts = watchInterrupts(io);
  const ending = new AbortController();
  void interrupts.first.then(() => ending.abort());
  try {
    return await Promise.race([work(ending.signal), interrupts.second.then(() => EXIT_CODES.interrupted)]);
  } finally {
    interrupts.stop();
  }
}
