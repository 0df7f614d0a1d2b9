import type { Worker } from "node:worker_threads";

/** What a shared memory must know of threads. Pure code takes it, as it takes a clock. */
export interface ThreadExits {
  /** The id of the thread that runs this code. Never used again by another in the same process. */
  readonly currentThreadId: number;
  /**
   * Asks to be told the ids of threads that have ended and will never run again, whatever ended them.
   *
   * @returns a function that takes the request back
   */
  watch(onExit: (threadId: number) => void): () => void;
}

/** For a process with one thread, and for tests that report exits themselves. */
export const NO_THREAD_EXITS: ThreadExits = { currentThreadId: 0, watch: () => () => undefined };

/**
 * The exits of the workers that this thread starts from the first call of `watch` on. Each thread that uses a shared memory watches its own
 * workers, so all are seen but those that outlive the thread which started them, which do not exist: a worker ends with its parent.
 * Of such grandchildren nobody hears; what they held stays theirs until it is reported by hand.
 */
export const systemThreadExits: ThreadExits = {
  get currentThreadId() {
    // Asked for when it is needed: most programs have one thread, and need not load what starts others.
    return process.getBuiltinModule("node:worker_threads").threadId;
  },
  watch(onExit) {
    const onWorker = (worker: Worker): void => {
      // After the exit the worker's own field says -1.
      const id = worker.threadId;
      worker.once("exit", () => onExit(id));
    };
    process.on("worker", onWorker);
    return () => void process.off("worker", onWorker);
  },
};
