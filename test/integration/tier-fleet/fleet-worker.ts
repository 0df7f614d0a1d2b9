import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { TierParentMessage, TierTask, TierWorkerMessage } from "./tier-task.ts";

/** One process of a fleet. */
export interface FleetWorker {
  readonly child: ChildProcess;
  /** It is ready, or has ended. */
  readonly ready: Promise<void>;
  /** How it ended; `undefined`: as it should. */
  readonly ended: Promise<string | undefined>;
}

/**
 * Starts one.
 *
 * @param file the bundled worker
 * @param onMessage of what it sends, except that it is ready
 */
export function startFleetWorker(
  file: string,
  task: TierTask,
  onMessage: (message: Exclude<TierWorkerMessage, { readonly kind: "ready" }>) => void,
): FleetWorker {
  const child = fork(file, [JSON.stringify(task)], { execArgv: [] });
  const ended = once(child, "exit").then(([code, signal]) =>
    code === 0 ? undefined : `process ${task.process}.${task.life}: ${code ?? signal}`,
  );
  const ready = new Promise<void>((resolve) => {
    child.on("message", (message: TierWorkerMessage) => {
      if (message.kind === "ready") resolve();
      else onMessage(message);
    });
    void ended.then(() => resolve());
  });
  return { child, ready, ended };
}

/** Sends a message. A process that is being killed hears nothing any more. */
export function tell(child: ChildProcess, message: TierParentMessage): void {
  if (child.connected) child.send(message, () => undefined);
}
