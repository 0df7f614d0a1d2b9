import type { HotKey, HotKeys } from "../../../src/observability/live/live-document.ts";
import { formatCount, formatRatio } from "../number-format.ts";
import { type Column, DataTable, EmptyState, Panel } from "../panel.tsx";

/** @param hottestRatio what a full bar stands for */
const columnsOf = (hottestRatio: number): readonly Column<HotKey>[] => [
  {
    title: "Key",
    cell: ({ key, namespace }) => (
      <>
        {namespace === "" ? null : <span class="note">{namespace} </span>}
        <code class="break">{key}</code>
      </>
    ),
  },
  {
    title: "Reads",
    isNumeric: true,
    cell: ({ ratio, errorRatio }) => (
      <span class="share" title={errorRatio === 0 ? "" : `at most ${formatRatio(errorRatio)} too high`}>
        <span class="share-bar" aria-hidden="true">
          <span style={{ width: `${(ratio / hottestRatio) * 100}%` }} />
        </span>
        {formatRatio(ratio)}
      </span>
    ),
  },
  { title: "Hit ratio", isNumeric: true, cell: ({ hitRatio }) => formatRatio(hitRatio) },
];

/** The keys that are read most. */
export function HotKeysPanel({ hotKeys }: { readonly hotKeys: HotKeys }) {
  const sample = hotKeys.sampledOneIn === 1 ? "every read" : `one read in ${formatCount(hotKeys.sampledOneIn)}`;
  return (
    <Panel id="hot-keys" title="Hot keys" note={`about the last minute, ${sample} counted`}>
      {hotKeys.keys.length === 0 ? (
        <EmptyState>No key stands out yet.</EmptyState>
      ) : (
        <DataTable
          label="Hot keys"
          columns={columnsOf(hotKeys.keys[0]?.ratio ?? 1)}
          rows={hotKeys.keys}
          rowKey={({ namespace, key }) => `${namespace} ${key}`}
        />
      )}
      <p class="note">Counted only while a dashboard is open, because listening makes every hit a little dearer.</p>
    </Panel>
  );
}
