import type { LiveEvent } from "../../../src/observability/live/live-document.ts";
import { formatCount, formatTime } from "../number-format.ts";
import { Badge, EmptyState, Panel, type Tone } from "../panel.tsx";

const TONES: Readonly<Record<LiveEvent["level"], Tone>> = { info: "plain", warning: "fair", error: "bad" };

/** What happened that is worth telling. */
export function EventsPanel({ events }: { readonly events: readonly LiveEvent[] }) {
  return (
    <Panel id="events" title="Events and warnings" note="latest first" size="full">
      {events.length === 0 ? (
        <EmptyState>Nothing worth telling has happened since the node started.</EmptyState>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section class="event-scroll" tabIndex={0} aria-label="Events">
          <ol class="events">
            {events.map(({ id, at, name, level, text, count }) => (
              <li key={id}>
                <time dateTime={new Date(at).toISOString()}>{formatTime(at)}</time>
                <Badge tone={TONES[level]}>{name}</Badge>
                <span class="break">
                  {text}
                  {count === 1 ? null : <b> ×{formatCount(count)}</b>}
                </span>
              </li>
            ))}
          </ol>
        </section>
      )}
    </Panel>
  );
}
