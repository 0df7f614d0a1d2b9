import type { CliIo } from "./cli-io.ts";

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
