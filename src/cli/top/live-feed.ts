import type { LiveDocument } from "../../observability/live/live-document.ts";
import type { CacheTarget } from "../cache-target.ts";
import { pauseUnless } from "../pause.ts";

/** A stream that broke is asked for again after this; the documents before are not shown any longer than that. */
const RETRY_MS = 2_000;

/** The newest of the documents that a node streams to who watches. */
export interface LiveFeed {
  /** `undefined` where there is no stream: of a configuration, of an older node, or while it is broken. */
  latest(): LiveDocument | undefined;
  /** Settles with the first document, or when it is known that none comes now. */
  readonly begun: Promise<void>;
  /** Ends the stream: the node counts hot keys no more. */
  close(): void;
}

/**
 * Follows a target's stream until it is closed. What it fails with is not told: the questions beside it fail with the same.
 *
 * @param ended once it is aborted, the stream is over too
 */
export function openLiveFeed(target: CacheTarget, ended: AbortSignal): LiveFeed {
  const closing = new AbortController();
  const over = AbortSignal.any([ended, closing.signal]);
  let latest: LiveDocument | undefined;
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const follow = async (watch: NonNullable<CacheTarget["watchLive"]>): Promise<void> => {
    do {
      try {
        for await (const document of watch.call(target, over)) {
          latest = document;
          begin();
        }
      } catch {
        // As above.
      }
      latest = undefined;
      begin();
    } while (await pauseUnless(over, RETRY_MS));
  };
  if (target.watchLive === undefined) begin();
  else void follow(target.watchLive);
  return { latest: () => latest, begun, close: () => closing.abort() };
}
