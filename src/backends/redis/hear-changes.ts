import type { ChangeListener } from "../../backend/change-feed.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";
import { decodeChanges } from "./change-message.ts";
import type { ChangeSubscription } from "./change-subscription.ts";

/** Tells a listener of all changes that are published. @returns a function that stops it */
export function hearChanges(changes: ChangeSubscription, listener: ChangeListener, scheduler: Scheduler): () => void {
  let isStopped = false;
  const stop = changes.hear({
    onMessage: (message) => {
      for (const change of decodeChanges(message)) {
        if (isStopped) return;
        listener.onChange(change);
      }
    },
    onGap: (isHearing) => listener.onGap(isHearing),
  });
  // Who comes when the subscription is there already is told so too; not in the step of its call.
  if (changes.isHearing)
    scheduler.soon(() => {
      if (!isStopped && changes.isHearing) listener.onGap(true);
    });
  return () => {
    isStopped = true;
    stop();
  };
}
