import type { LiveSecond } from "../../../src/observability/live/live-document.ts";
import type { NodeLiveDocument } from "../../../src/server/dashboard/live-streams.ts";
import { hitRatioOf, perSecond } from "../history.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  formatRatio,
  formatShort,
  UNKNOWN,
} from "../number-format.ts";

/** Latest of a number that jumps: the mean of so many seconds. */
const SMOOTHED_SECONDS = 5;
const MINUTE_SECONDS = 60;

/** The few numbers that say most. */
export function Totals(props: { readonly document: NodeLiveDocument; readonly history: readonly LiveSecond[] }) {
  const { document, history } = props;
  const { stats } = document;
  const recent = history.slice(-SMOOTHED_SECONDS);
  const minute = history.slice(-MINUTE_SECONDS);
  const rate = (count: (second: LiveSecond) => number): number =>
    recent.length === 0 ? 0 : recent.reduce((sum, second) => sum + perSecond(count(second), second), 0) / recent.length;
  const latest = [...minute].reverse().find(({ latency }) => latency !== null)?.latency;
  return (
    <section class="totals" aria-label="Totals">
      <dl>
        <Tile name="Reads" value={formatRate(rate(({ hits, misses }) => hits + misses))}>
          {formatShort(stats.hits + stats.misses)} since the start
        </Tile>
        <Tile name="Hit ratio" value={formatRatio(hitRatioOf(minute))}>
          {stats.hits + stats.misses === 0 ? "no reads yet" : `${formatRatio(stats.hitRatio)} since the start`}
        </Tile>
        <Tile name="Writes" value={formatRate(rate(({ sets, deletes }) => sets + deletes))}>
          {formatShort(stats.sets)} sets, {formatShort(stats.deletes)} deletes
        </Tile>
        <Tile
          name="Store calls, p99"
          value={latest === undefined || latest === null ? UNKNOWN : formatDuration(latest.p99Ms)}
        >
          {latest === undefined || latest === null ? "none in the last minute" : `p50 ${formatDuration(latest.p50Ms)}`}
        </Tile>
        <Tile name="Keys" value={formatCount(stats.keyCount)}>
          in {document.nearTier ?? document.backend}
        </Tile>
        <Tile name="Memory" value={formatBytes(stats.memoryUsage)}>
          {formatRate(rate(({ evictions }) => evictions))} evicted
        </Tile>
        <Tile name="Loads" value={formatRate(rate(({ loads }) => loads))}>
          {formatCount(document.loads.runningCount)} running, {formatShort(stats.loadFailures)} failed
        </Tile>
      </dl>
    </section>
  );
}

function Tile(props: { readonly name: string; readonly value: string; readonly children: preact.ComponentChildren }) {
  return (
    <div class="tile">
      <dt>{props.name}</dt>
      <dd>
        <span class="tile-value">{props.value}</span>
        <span class="tile-note">{props.children}</span>
      </dd>
    </div>
  );
}
